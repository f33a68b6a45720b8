"""What a person, mailbox or address is, why, and what happens next: the service desk's answer on one screen.

The values come from whoever knows the ledger; here they are only put into words. Facts answer "why the 2?" and "why is
my sender my college?", upcoming events "when does my old address stop?", periods "who had this address before?".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime

from nexusops.codec import day, instant, to_text
from nexusops.model.findings import Evidence
from nexusops.model.frozen import frozen
from nexusops.model.journal import JsonObject, JsonValue
from nexusops.report.blocks import PLAIN, Block, Line, Look, Table, Tone, written
from nexusops.report.sentences import state_words
from nexusops.report.view import by_whom

RECENT = 5
"""So many events of the history stand in the short form."""


@frozen
class Fact:
    """Something that is so now: ``label`` (``sender``, ``state``) is ``value``, by a rule, since a day."""

    label: str
    value: str
    rule: str = ""
    because: str = ""
    since: date | None = None
    evidence: tuple[Evidence, ...] = ()


@frozen
class Period:
    """Who had an address, from when until when. ``owner``: a person_id or unit, masked where it must not be seen."""

    owner: str
    state: str
    since: date
    until: date | None = None


@frozen
class Event:
    """A row of the journal in words. ``at`` is an aware instant. ``detail``: one step of what another row tells."""

    at: datetime
    what: str
    rule: str = ""
    actor: str = ""
    reason: str | None = None
    detail: bool = False


@frozen
class Upcoming:
    """What happens on a day if the registration data stay as they are, and what would prevent it."""

    on: date
    what: str
    rule: str = ""
    unless: str = ""


@frozen
class Explanation:
    """``kind`` says what the subject is (``personal address``, …), ``summary`` is the answer in one sentence, ``name``
    what a person is called.

    ``history`` is in the order of the journal, oldest first; ``upcoming`` and ``periods`` by date.
    """

    subject: str
    kind: str
    summary: str
    name: str = ""
    facts: Sequence[Fact] = ()
    periods: Sequence[Period] = ()
    history: Sequence[Event] = ()
    upcoming: Sequence[Upcoming] = ()


def explain_text(explanation: Explanation, *, whole: bool = False, look: Look = PLAIN) -> str:
    """The short form fits on a screen: without evidence, with the latest events only. ``whole`` leaves nothing out."""
    return written(_blocks(explanation, whole), look)


def explain_json(explanation: Explanation) -> str:
    """Everything: ``{"subject", "kind", "name", "summary", "facts", "periods", "history", "upcoming"}``."""
    document: JsonObject = {
        "subject": explanation.subject,
        "kind": explanation.kind,
        "name": explanation.name or None,
        "summary": explanation.summary,
        "facts": [_fact(fact) for fact in explanation.facts],
        "periods": [
            {"owner": one.owner, "state": one.state, "since": day(one.since), "until": day(one.until)}
            for one in explanation.periods
        ],
        "history": [
            {"at": instant(one.at), "what": one.what, "rule": one.rule, "actor": one.actor, "reason": one.reason}
            for one in explanation.history
        ],
        "upcoming": [
            {"on": day(one.on), "what": one.what, "rule": one.rule, "unless": one.unless}
            for one in explanation.upcoming
        ],
    }
    return to_text(document)


def _blocks(explanation: Explanation, whole: bool) -> Iterator[Block]:
    name = f"{explanation.name}, " if explanation.name else ""
    yield Line(text=f"{explanation.subject} ({name}{explanation.kind})", tone=Tone.TITLE)
    yield Line(text=explanation.summary)
    if explanation.facts:
        yield from _titled("Now")
        for fact in explanation.facts:
            yield from _fact_blocks(fact, whole)
    yield from _titled("Next")
    if not explanation.upcoming:
        yield Line(text="nothing, as long as the registration data stay as they are", indent=2)
    yield from upcoming_blocks(explanation.upcoming)
    if explanation.periods:
        yield from _titled("Owners")
        rows = [
            (f"{one.since}", f"{one.until or 'now'}", one.owner, state_words(one.state)) for one in explanation.periods
        ]
        yield Table(rows=rows)
    yield from _history(explanation.history, whole)


def upcoming_blocks(upcoming: Iterable[Upcoming]) -> Iterator[Block]:
    for coming in upcoming:
        yield Line(text=f"{coming.on}  {coming.what}{_by(coming.rule)}", indent=2, hang=12, tone=Tone.WARNING)
        if coming.unless:
            yield Line(text=f"unless {coming.unless}", indent=14)


def _fact_blocks(fact: Fact, whole: bool) -> Iterator[Block]:
    since = f", since {fact.since}" if fact.since else ""
    by = "" if fact.because else _by(fact.rule)
    yield Line(text=f"{fact.label + ':':<12} {fact.value}{since}{by}", indent=2, hang=13)
    if fact.because:
        word = "" if fact.label == "finding" else "because "
        yield Line(text=f"{word}{fact.because}{_by(fact.rule)}", indent=15)
    if whole:
        for row in fact.evidence:
            source = f"snapshot {row.snapshot[:12]}" if row.snapshot else "our own state"
            yield Line(text=f"seen in {row.table} {row.key}, {source}", indent=15, tone=Tone.QUIET)


def _history(history: Sequence[Event], whole: bool) -> Iterator[Block]:
    if not history:
        return
    shown = history if whole else [one for one in history if not one.detail][-RECENT:]
    left = len(history) - len(shown)
    yield from _titled("History" + (f" (the latest {len(shown)} of {len(history)})" if left else ""))
    rows = [(instant(one.at), f"{one.what}{_by(one.rule)}", by_whom(one)) for one in shown]
    yield Table(rows=rows)
    if left:
        yield Line(text="The whole history: --full, or `nexusops audit SUBJECT`.", indent=2, tone=Tone.QUIET)


def _titled(title: str) -> Iterator[Block]:
    yield Line()
    yield Line(text=title, tone=Tone.TITLE)


def _by(rule: str) -> str:
    return f" ({rule})" if rule else ""


def _fact(fact: Fact) -> JsonValue:
    return {
        "label": fact.label,
        "value": fact.value,
        "rule": fact.rule,
        "because": fact.because,
        "since": day(fact.since),
        "evidence": [{"table": row.table, "key": row.key, "snapshot": row.snapshot} for row in fact.evidence],
    }
