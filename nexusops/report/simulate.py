"""What will happen until a day, as text, JSON and CSV; report/simulate_page.py has it as a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from nexusops.codec import encode_planned, instant, to_text
from nexusops.model.changes import Kind, kind_of, target_of
from nexusops.model.forecast import Forecast, Happening
from nexusops.model.journal import JsonObject, JsonValue
from nexusops.report.blocks import Block, Line, Look, Table, Tone, written
from nexusops.report.csvtable import csv_text
from nexusops.report.sentences import describe
from nexusops.report.view import cost, counted, duration, number_of

PURGED = "purged"
"""Beside the kinds of change: mailboxes whose content the tenant discards by itself."""
ENDED = "ended"
"""And addresses on no mailbox, which only the routing table has."""
CSV_COLUMNS = ("date", "at", "kind", "target", "subject", "what", "rule", "because", "licences")
ASSUMED = "As long as the registration data stay as they are, and every run does all that it plans."
_TOLD = ("kind", "target", "subject", "job", "was", "becomes", "because", "rule")


def totals(forecast: Forecast) -> dict[str, int]:
    """How many changes of each kind there will be, in the order of the closed set; and mailboxes purged."""
    found: Counter[str] = Counter()
    for happening in forecast.happenings:
        found.update(happening.counts)
        found[PURGED] += len(happening.purged)
        found[ENDED] += len(happening.ended)
    order = [*(kind.value for kind in Kind), PURGED, ENDED]
    return {name: found[name] for name in order if found[name]}


def counts_told(happening: Happening) -> dict[str, int]:
    """What one run does, and what happens beside it."""
    beside = {PURGED: len(happening.purged), ENDED: len(happening.ended)}
    return {**happening.counts, **{name: number for name, number in beside.items() if number}}


def ending(address: str) -> str:
    return f"{address} ends, and the hubs refuse mail for it from then on"


def simulate_text(forecast: Forecast, *, changes: bool, look: Look) -> str:
    """One line a run that does something, after what a person must know first. ``changes``: and each change."""
    return written(_blocks(forecast, changes), look)


def simulate_json(forecast: Forecast) -> str:
    """Everything: the totals, and under ``days`` each run with its changes, guard, estimate and licences."""
    document: JsonObject = {
        "format": 1,
        "site": forecast.site,
        "at": instant(forecast.at),
        "start": forecast.start.isoformat(),
        "until": forecast.until.isoformat(),
        "every": forecast.every,
        "snapshot": {"as_of": instant(forecast.snapshot_as_of), "sha256": forecast.snapshot_sha256},
        "licences": forecast.licences,
        "runs": forecast.runs,
        "totals": _plain(totals(forecast)),
        "days": [_day(happening) for happening in forecast.happenings],
    }
    return to_text(document)


def simulate_csv(forecast: Forecast) -> str:
    """One row a change (RFC 4180), and one for each mailbox purged; ``licences`` are those in use after the run."""
    rows = (
        (happening.on, instant(happening.at), *cells, happening.licences)
        for happening in forecast.happenings
        for cells in _cells(happening)
    )
    return csv_text(CSV_COLUMNS, rows)


def _cells(happening: Happening) -> Iterator[tuple[str, ...]]:
    for planned in happening.changes:
        change, why = planned.change, planned.change.why
        yield kind_of(change).value, target_of(change), why.subject, describe(change), why.rule, why.because
    for address in happening.ended:
        yield ENDED, address, address, f"{ending(address)}.", "R27", "it ends with its mail domain, or its row"
    for name in happening.purged:
        what = f"The tenant discards the content of {name}."
        yield PURGED, name, name, what, "D08", "the tenant keeps what was deleted no longer"


def _day(happening: Happening) -> JsonValue:
    guard, estimate = happening.guard, happening.estimate
    return {
        "date": happening.on.isoformat(),
        "at": instant(happening.at),
        "counts": _plain(happening.counts),
        "changes": [_change(encode_planned(planned)) for planned in happening.changes],
        "purged": list(happening.purged),
        "ended": list(happening.ended),
        "licences": happening.licences,
        "live_mailboxes": happening.live_mailboxes,
        "guard": {
            "tripped": list(guard.tripped),
            "counts": _plain(guard.counts),
            "limits": _plain(guard.limits),
        },
        "estimate": {
            "graph_writes": estimate.graph_writes,
            "exchange_writes": estimate.exchange_writes,
            "seconds": estimate.seconds,
        },
    }


def _change(document: JsonObject) -> JsonValue:
    return {name: document[name] for name in _TOLD}


def _plain(counts: Mapping[str, int]) -> JsonObject:
    return dict(counts.items())


def _blocks(forecast: Forecast, changes: bool) -> Iterator[Block]:
    days = number_of(len(forecast.happenings), "run")
    title = f"From {forecast.start} to {forecast.until} for {forecast.site}: {days} with changes"
    yield Line(text=title, tone=Tone.TITLE)
    yield Line(text=ASSUMED, tone=Tone.QUIET)
    if not forecast.happenings:
        yield Line(text="Nothing will happen.", tone=Tone.GOOD)
        return
    last = forecast.happenings[-1]
    yield Table(
        rows=[
            ("snapshot", f"{instant(forecast.snapshot_as_of)}  {forecast.snapshot_sha256[:12]}"),
            ("counts", counted(totals(forecast))),
            ("licences", f"{forecast.licences:,} now, {peak(forecast):,} at most, {last.licences:,} at the end"),
            ("busiest", _busiest(forecast)),
        ],
        tone=Tone.QUIET,
    )
    yield from _stops(forecast)
    yield Line()
    for happening in forecast.happenings:
        yield from _told(happening, forecast.every, changes)


def peak(forecast: Forecast) -> int:
    """The most licences in use after any run, or now."""
    return max(forecast.licences, *(happening.licences for happening in forecast.happenings), 0)


def _busiest(forecast: Forecast) -> str:
    worst = max(forecast.happenings, key=lambda happening: happening.estimate.seconds)
    return f"{worst.on}: {cost(worst.estimate)}"


def _stops(forecast: Forecast) -> Iterator[Block]:
    """The days on which a guard will stop the run until somebody lifts it (D28)."""
    stopped = [happening for happening in forecast.happenings if happening.guard.tripped]
    if not stopped:
        return
    yield Line()
    yield Line(text=f"A guard will stop {number_of(len(stopped), 'run')}; have somebody there:", tone=Tone.DANGER)
    yield Table(
        rows=[
            (f"{happening.on}", name, f"{happening.guard.counts[name]:,} planned", f"{happening.guard.limits[name]:,}")
            for happening in stopped
            for name in happening.guard.tripped
        ],
        tone=Tone.DANGER,
    )


def _told(happening: Happening, every: str, changes: bool) -> Iterator[Block]:
    when = instant(happening.at) if every == "hour" else f"{happening.on}"
    what = counts_told(happening)
    mark = "!" if happening.guard.tripped else " "
    load = f"{number_of(happening.licences, 'licence')}, {duration(happening.estimate.seconds)}"
    yield Line(text=f"{mark} {when}  {counted(what)}; {load}", tone=Tone.DANGER if mark == "!" else Tone.PLAIN, hang=14)
    if changes:
        for planned in happening.changes:
            why = planned.change.why
            yield Line(text=f"{describe(planned.change)} {why.subject}: {why.because} ({why.rule})", indent=14)
        for address in happening.ended:
            yield Line(text=f"{ending(address)}. (R27)", indent=14)
        for name in happening.purged:
            yield Line(text=f"The tenant discards the content of {name}. (D08)", indent=14)
