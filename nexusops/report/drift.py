"""Differences between tenant and ledger, for people and for scripts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from nexusops.codec import instant, to_text
from nexusops.model.journal import JsonValue
from nexusops.plan.drift import Difference, Drift
from nexusops.report.blocks import PLAIN, Block, Line, Look, Table, Tone, written
from nexusops.report.view import number_of


def drift_json(drift: Drift) -> str:
    """``counts`` by code; one entry of ``differences`` each, with the value expected and the value found."""
    listed: list[JsonValue] = [
        {
            "code": one.code,
            "mailbox": one.mailbox,
            "subject": one.subject,
            "message": one.message,
            "severity": one.severity.value,
            "expected": one.expected,
            "found": one.found,
            "mended_by_plan": one.mended,
            "unfinished": one.unfinished,
        }
        for one in drift.differences
    ]
    return to_text(
        {
            "at": instant(drift.at),
            "site": drift.site,
            "ledger_serial": drift.serial,
            "mailboxes": drift.mailboxes,
            "ok": not drift.differences,
            "counts": dict(sorted(Counter(one.code for one in drift.differences).items())),
            "differences": listed,
        }
    )


def drift_text(drift: Drift, look: Look = PLAIN) -> str:
    """A line for each difference; `*` marks those that the next full plan mends, `~` those of work that goes on."""
    return written(_blocks(drift), look)


def _blocks(drift: Drift) -> Iterator[Block]:
    found = drift.differences
    said = number_of(len(found), "difference") if found else "no difference"
    tone = Tone.WARNING if found else Tone.GOOD
    compared = f"mailboxes compared: {drift.mailboxes:,}"
    yield Line(text=f"Drift of {drift.site} at {instant(drift.at)}: {said}, {compared}", tone=tone)
    if not found:
        return
    yield Table(rows=[(_mark(one), one.code, one.mailbox, one.message) for one in found])
    mended = sum(one.mended for one in found)
    under_way = sum(_mark(one) == "~" for one in found)
    yield Line()
    if mended:
        verb = "is" if mended == 1 else "are"
        yield Line(text=f"{mended:,} marked * {verb} mended by a full plan: `nexusops plan --refresh full` shows how.")
    if under_way:
        verb = "is" if under_way == 1 else "are"
        yield Line(
            text=f"{under_way:,} marked ~ {verb} of mailboxes on which work goes on: the next run goes on with it."
        )
    if mended + under_way < len(found):
        left = "What is not marked is left alone" if mended or under_way else "Nothing of it is mended from here"
        adopt = any(one.code == "TENANT_UNKNOWN_PERSON" for one in found)
        yield Line(text=f"{left}: put it right in the tenant{', or adopt what should be ours' if adopt else ''}.")


def _mark(one: Difference) -> str:
    return "*" if one.mended else "~" if one.unfinished else " "
