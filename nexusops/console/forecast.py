"""What will happen if the registration data stay as they are: the calendar of ``simulate`` as a page with its chart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

from nexusops.console.answers import Answer, Asked, Page
from nexusops.errors import Refused
from nexusops.model.forecast import Happening
from nexusops.model.frozen import frozen
from nexusops.model.plan import Planned
from nexusops.pipeline.simulate.days import simulate
from nexusops.report.sentences import describe
from nexusops.report.simulate import ASSUMED, counts_told, peak, totals
from nexusops.report.simulate_page import FOOT, HEIGHT, LEFT, NAMES, WIDTH, chart_of
from nexusops.report.view import cost

SPAN, LONGEST = timedelta(days=120), timedelta(days=800)
LISTED = 2000
"""So many changes are listed; a page of more would not open."""


@frozen
class Day:
    """One run that does something: how much of each kind, and, where it is listed, what."""

    on: date
    counts: Mapping[str, int]
    stopped: bool
    licences: int
    cost: str
    changes: tuple[Planned, ...] = ()
    ended: tuple[str, ...] = ()
    purged: tuple[str, ...] = ()


def forecast_page(asked: Asked) -> Answer:
    """Until a day, four months ahead unless another is asked for."""
    until, ports = _until(asked), asked.site.ports
    asked.shelf.accepted(ports)  # there is something to go by
    return asked.shelf.forecast(ports, asked.at, until, lambda: _page(asked, until))


def _page(asked: Asked, until: date) -> Page:
    forecast = simulate(asked.site.ports, at=asked.at, until=until)
    everything = totals(forecast)
    listed = sum(everything.values()) <= LISTED
    return Page(
        template="forecast",
        title="Forecast",
        here="forecast",
        values={
            "until": until,
            "longest": asked.today + LONGEST,
            "today": asked.today,
            "assumed": ASSUMED,
            "totals": everything,
            "peak": peak(forecast),
            "licences": forecast.licences,
            "stops": [(one.on, one.guard) for one in forecast.happenings if one.guard.tripped],
            "chart": chart_of(forecast),
            "names": NAMES,
            "measures": {"width": WIDTH, "height": HEIGHT, "left": LEFT, "foot": FOOT},
            "days": [_day(one, listed=listed) for one in forecast.happenings],
            "listed": listed,
            "describe": describe,
        },
    )


def _day(one: Happening, *, listed: bool) -> Day:
    day = Day(
        on=one.on,
        counts=counts_told(one),
        stopped=bool(one.guard.tripped),
        licences=one.licences,
        cost=cost(one.estimate),
    )
    return replace(day, changes=one.changes, ended=one.ended, purged=one.purged) if listed else day


def _until(asked: Asked) -> date:
    text = asked.query.get("until", "")
    try:
        until = date.fromisoformat(text) if text else asked.today + SPAN
    except ValueError as error:
        raise Refused(f"{text!r} is no day.", next_step="Give a day as year-month-day.") from error
    if not asked.today <= until <= asked.today + LONGEST:
        raise Refused(
            f"{until} is not within the next {LONGEST.days} days.",
            next_step="Name a day within them; `nexusops simulate` looks further.",
        )
    return until
