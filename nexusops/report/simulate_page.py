"""The calendar as one HTML page with a chart in it (inline SVG); it needs nothing else, and no script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from nexusops.codec import instant
from nexusops.model.changes import Kind
from nexusops.model.forecast import Forecast, Happening
from nexusops.model.frozen import frozen
from nexusops.report.page import asset, content_policy, templates
from nexusops.report.sentences import describe
from nexusops.report.simulate import ASSUMED, PURGED, counts_told, ending, peak, totals
from nexusops.report.view import cost, duration, number_of

SERIES: Mapping[str, tuple[str, ...]] = {
    "made": (Kind.CREATE_MAILBOX, Kind.ENABLE_MAILBOX, Kind.RESTORE_MAILBOX, Kind.ADD_ADDRESS, Kind.REVIVE_ADDRESS),
    "told": (Kind.SEND_NOTICE,),
    "winding": (Kind.WIND_DOWN_ADDRESS, Kind.REMOVE_ADDRESS),
    "disabled": (Kind.DISABLE_MAILBOX,),
    "deleted": (Kind.DELETE_MAILBOX, PURGED),
}
"""What is drawn together, from the bottom of a bar to its top."""
NAMES = {
    "made": "made or enabled",
    "told": "notices",
    "winding": "addresses winding down or removed",
    "disabled": "mailboxes disabled",
    "deleted": "mailboxes deleted or purged",
}
WIDTH, HEIGHT, LEFT, FOOT = 1000, 260, 56, 24
MOST_BARS = 106
LISTED = 3000
"""So many changes are listed on the page; a page of more would not open."""


@frozen
class Rect:
    """One part of a bar, in the chart's own units."""

    series: str
    x: float
    y: float
    width: float
    height: float


@frozen
class Bar:
    """The runs of some days: what stands when the pointer rests on it, and its parts."""

    title: str
    label: str
    x: float
    rects: tuple[Rect, ...]


@frozen
class Chart:
    """``ticks`` are (y, text) of the scale; ``days`` is how many days a bar stands for."""

    bars: tuple[Bar, ...]
    ticks: tuple[tuple[float, str], ...]
    days: int


def simulate_page(forecast: Forecast) -> str:
    """What a person must know first, the chart, and a row for each run; its changes where they are few enough."""
    style = asset("page.css") + asset("simulate.css")
    everything = totals(forecast)
    listed = sum(everything.values()) <= LISTED
    return (
        templates()
        .get_template("simulate.html.j2")
        .render(
            forecast=forecast,
            at=instant(forecast.at),
            as_of=instant(forecast.snapshot_as_of),
            assumed=ASSUMED,
            days=number_of(len(forecast.happenings), "run"),
            totals=everything,
            peak=peak(forecast),
            stops=[happening for happening in forecast.happenings if happening.guard.tripped],
            chart=chart_of(forecast),
            names=NAMES,
            rows=[_row(happening, forecast.every, listed) for happening in forecast.happenings],
            listed=listed,
            style=style,
            policy=content_policy(style),
            width=WIDTH,
            height=HEIGHT,
            left=LEFT,
            foot=FOOT,
        )
    )


def chart_of(forecast: Forecast) -> Chart:
    """Bars of one day each, or of as many as fit; every bar is as high as its changes are many."""
    span = (forecast.until - forecast.start).days + 1
    days = next(size for size in (1, 7, 14, 28, 91, 365, span) if span / size <= MOST_BARS)
    parts: list[dict[str, int]] = [dict.fromkeys(SERIES, 0) for _ in range(-(-span // days))]
    for happening in forecast.happenings:
        part = parts[(happening.on - forecast.start).days // days]
        for name, kinds in SERIES.items():
            part[name] += _number(happening, kinds)
    most = max((sum(part.values()) for part in parts), default=0) or 1
    step = WIDTH / max(len(parts), 1)
    bars = []
    for place, part in enumerate(parts):
        first = forecast.start + timedelta(days=place * days)
        bars.append(_bar(first, days, part, LEFT + place * step, step, most, forecast.until))
    ticks = tuple((round(HEIGHT * (1 - share), 1), f"{round(most * share):,}") for share in (0, 0.5, 1))
    return Chart(bars=tuple(bars), ticks=ticks, days=days)


def _bar(first: date, days: int, part: Mapping[str, int], x: float, step: float, most: int, until: date) -> Bar:
    rects, y = [], float(HEIGHT)
    for name in SERIES:
        height = HEIGHT * part[name] / most
        y -= height
        if height:
            rects.append(
                Rect(series=name, x=round(x, 1), y=round(y, 2), width=round(step * 0.86, 2), height=round(height, 2))
            )
    last = min(first + timedelta(days=days - 1), until)
    when = f"{first}" if first == last else f"{first} to {last}"
    told = ", ".join(f"{NAMES[name]} {number:,}" for name, number in part.items() if number) or "nothing"
    return Bar(
        title=f"{when}: {told}", label=f"{first:%b %Y}" if _names_a_month(first, days) else "", x=x, rects=tuple(rects)
    )


def _names_a_month(first: date, days: int) -> bool:
    """Whether a bar is the first of its month, so that the month stands under it once."""
    return (first - timedelta(days=days)).month != first.month and days < 28


def _number(happening: Happening, kinds: Sequence[str]) -> int:
    counts = happening.counts
    return sum(counts.get(kind, 0) for kind in kinds) + (len(happening.purged) if PURGED in kinds else 0)


def _row(happening: Happening, every: str, listed: bool) -> dict[str, object]:
    counts = counts_told(happening)
    told = [(describe(p.change), p.change.why) for p in happening.changes] if listed else []
    return {
        "when": instant(happening.at) if every == "hour" else f"{happening.on}",
        "what": ", ".join(f"{name} {number:,}" for name, number in counts.items()),
        "licences": happening.licences,
        "cost": cost(happening.estimate),
        "time": duration(happening.estimate.seconds),
        "tripped": happening.guard.tripped,
        "changes": told,
        "purged": happening.purged if listed else (),
        "ended": [ending(address) for address in happening.ended] if listed else (),
    }
