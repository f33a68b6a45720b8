"""What another policy would change, as text, JSON, CSV and a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from nexusops.codec import day, instant, to_text
from nexusops.model.journal import JsonObject, JsonValue
from nexusops.model.whatif import Comparison, Shift
from nexusops.report.blocks import Block, Line, Look, Table, Tone, written
from nexusops.report.csvtable import csv_text
from nexusops.report.page import asset, content_policy, templates
from nexusops.report.simulate import ASSUMED, totals
from nexusops.report.view import counted, number_of

CSV_COLUMNS = ("subject", "kind", "target", "now", "then", "rule", "because")
SHOWN = 3000
"""So many rows stand on the page, and in the text; CSV and JSON have all."""


def comparison_written(comparison: Comparison, form: str, look: Look) -> str:
    """In the format of ``--format``."""
    match form:
        case "json":
            return _json(comparison)
        case "csv":
            return _csv(comparison)
        case "html":
            return _page(comparison)
        case _:
            return written(_blocks(comparison), look)


def _json(comparison: Comparison) -> str:
    document: JsonObject = {
        "format": 1,
        "site": comparison.now.site,
        "at": instant(comparison.now.at),
        "until": comparison.now.until.isoformat(),
        "altered": [{"key": one.key, "now": _value(one.now), "then": _value(one.then)} for one in comparison.altered],
        "affected": list[JsonValue](sorted(comparison.affected)),
        "totals": {"now": _totals(comparison, "now"), "then": _totals(comparison, "then")},
        "changes": [
            {
                "subject": shift.subject,
                "kind": shift.kind,
                "target": shift.target,
                "now": day(shift.now),
                "then": day(shift.then),
                "rule": shift.rule,
                "because": shift.because,
            }
            for shift in comparison.shifts
        ],
    }
    return to_text(document)


def _csv(comparison: Comparison) -> str:
    rows = (
        (shift.subject, shift.kind, shift.target, shift.now, shift.then, shift.rule, shift.because)
        for shift in comparison.shifts
    )
    return csv_text(CSV_COLUMNS, rows)


def _page(comparison: Comparison) -> str:
    style = asset("page.css") + asset("simulate.css")
    return (
        templates()
        .get_template("policy.html.j2")
        .render(
            comparison=comparison,
            at=instant(comparison.now.at),
            assumed=ASSUMED,
            kinds=Counter(shift.kind for shift in comparison.shifts),
            rows=comparison.shifts[:SHOWN],
            more=max(len(comparison.shifts) - SHOWN, 0),
            style=style,
            policy=content_policy(style),
        )
    )


def _blocks(comparison: Comparison) -> Iterator[Block]:
    now = comparison.now
    affected = number_of(len(comparison.affected), "subject")
    title = f"Another policy for {now.site}, from {now.start} to {now.until}: {affected} affected"
    yield Line(text=title, tone=Tone.TITLE)
    yield Line(text=ASSUMED, tone=Tone.QUIET)
    if not comparison.altered:
        yield Line(text="The file sets nothing that is not in force already.", tone=Tone.GOOD)
    yield Table(rows=[(one.key, f"{one.now}", "becomes", f"{one.then}") for one in comparison.altered] or [("",)])
    if not comparison.shifts:
        yield Line(text="Nothing would happen otherwise, or on another day.", tone=Tone.GOOD)
        return
    yield Line()
    kinds = Counter(shift.kind for shift in comparison.shifts)
    yield Line(text=f"Otherwise, or on another day: {counted(kinds)}")
    yield Table(rows=[_cells(shift) for shift in comparison.shifts[:SHOWN]])
    if len(comparison.shifts) > SHOWN:
        yield Line(text=f"… and {len(comparison.shifts) - SHOWN} more: --format csv has all.", tone=Tone.QUIET)


def _cells(shift: Shift) -> tuple[str, ...]:
    days = f"{shift.now or 'not at all'} -> {shift.then or 'not at all'}"
    return shift.kind, shift.target, shift.subject, days, f"{shift.because} ({shift.rule})"


def _totals(comparison: Comparison, which: str) -> JsonObject:
    return dict(totals(comparison.now if which == "now" else comparison.then).items())


def _value(value: object) -> JsonValue:
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    return [str(one) for one in value] if isinstance(value, tuple) else str(value)
