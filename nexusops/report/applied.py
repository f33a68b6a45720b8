"""What a run did: what is done, what waits, what was set aside or failed and why, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from datetime import datetime

from nexusops.codec import encode_finding, instant, to_text
from nexusops.model.changes import Kind
from nexusops.model.findings import Finding, Severity
from nexusops.model.frozen import frozen
from nexusops.model.journal import JsonObject, JsonValue
from nexusops.plan.guard import DESTRUCTIVE_KINDS
from nexusops.report.blocks import PLAIN, Block, Line, Look, Table, Tone, written
from nexusops.report.text import findings_blocks
from nexusops.report.view import counted, number_of

_RESULTS = {
    "applied": "done",
    "nothing": "nothing to do",
    "partial": "partly done",
    "stopped": "stopped by a guard",
    "refused": "refused",
    "failed": "failed",
    "running": "still running",
}


@frozen
class Undone:
    """A change that is not done, and why: what was found, or what the tenant answered. Of what is handed over: a change
    that is done, and what a person goes on with.
    """

    id: str
    kind: Kind
    target: str
    subject: str
    message: str


@frozen
class Applied:
    """The end of a run. ``result`` is a word of RunRecord; ``done`` counts the changes carried out, by kind. ``run_id``
    None: there was no run, since none had been interrupted.

    ``resumed``: the run that was interrupted before and finished first.
    """

    run_id: str | None
    at: datetime
    result: str
    digest: str | None = None
    done: Mapping[str, int] = field(default_factory=dict)
    waiting: Sequence[Undone] = ()
    set_aside: Sequence[Undone] = ()
    failed: Sequence[Undone] = ()
    handed_over: Sequence[Undone] = ()
    findings: Sequence[Finding] = ()
    resumed: str | None = None
    unreachable: bool = False

    @property
    def next(self) -> str:
        """What to do next."""
        if self.unreachable:
            return (
                "The tenant, or the server for notices, does not answer, or refuses everything: the reasons stand "
                "above, and `nexusops doctor` looks at both. The next run goes on with what is left."
            )
        if self.run_id is None:
            return "Nothing to resume: no run was interrupted."
        if self.failed:
            return "Mend what the reasons above name; the next run tries the failed changes again."
        if self.set_aside:
            return "Read why they were set aside; the next run plans them anew."
        if self.waiting:
            return "The next run goes on with what waits."
        if self.handed_over:
            return "Go on with what was handed over."
        if self.result in ("applied", "nothing"):
            alerts = any(finding.severity is Severity.ALERT for finding in self.findings)
            return "Look at the alerts among the findings." if alerts else "Nothing has to be done."
        return "`nexusops resume` finishes an interrupted run."


def applied_text(applied: Applied, look: Look = PLAIN) -> str:
    """What the run did, a count for each outcome, a line for each change that is not done."""
    return written(_blocks(applied), look)


def applied_json(applied: Applied) -> str:
    """Run, result, ``counts`` by outcome, ``done`` by kind, a list for each other outcome, findings, ``next``."""
    undone = {"waiting": applied.waiting, "set_aside": applied.set_aside, "failed": applied.failed}
    counts: JsonObject = {"done": sum(applied.done.values()), **{name: len(found) for name, found in undone.items()}}
    document: JsonObject = {
        "run_id": applied.run_id,
        "at": instant(applied.at),
        "result": applied.result,
        "digest": applied.digest,
        "resumed": applied.resumed,
        "counts": counts,
        "done": dict(applied.done.items()),
        **{name: _listed(found) for name, found in undone.items()},
        "handed_over": _listed(applied.handed_over),
        "findings": [encode_finding(finding) for finding in applied.findings],
        "next": applied.next,
    }
    return to_text(document)


def _blocks(applied: Applied) -> Iterator[Block]:
    if applied.run_id is None:
        yield Line(text=applied.next, tone=Tone.GOOD)
        return
    good = not applied.failed and applied.result in ("applied", "nothing")
    said = _RESULTS.get(applied.result, applied.result)
    yield Line(text=f"Run {applied.run_id} at {instant(applied.at)}: {said}", tone=Tone.GOOD if good else Tone.WARNING)
    if applied.resumed is not None:
        yield Line(text=f"The interrupted run {applied.resumed} was finished first.", indent=2)
    done = sum(applied.done.values())
    yield Line(text=f"{number_of(done, 'change')} done{': ' + counted(applied.done) if done else ''}", indent=2)
    yield from _undone("failed", applied.failed, Tone.DANGER)
    yield from _undone("set aside: neither as the plan found it nor as it should be", applied.set_aside, Tone.WARNING)
    yield from _undone("waiting: the next run goes on with it", applied.waiting, Tone.QUIET)
    yield from _undone("handed over: done, and for you to go on with", applied.handed_over, Tone.PLAIN)
    yield from findings_blocks(applied.findings)
    yield Line()
    yield Line(text=f"Next: {applied.next}", tone=Tone.TITLE)


def _undone(what: str, undone: Sequence[Undone], tone: Tone) -> Iterator[Block]:
    if not undone:
        return
    yield Line()
    yield Line(text=f"{number_of(len(undone), 'change')} {what}", tone=tone)
    ordered = sorted(undone, key=lambda one: one.kind not in DESTRUCTIVE_KINDS)
    marks = {one.id: "!" if one.kind in DESTRUCTIVE_KINDS else " " for one in undone}
    yield Table(
        rows=[(f"{marks[one.id]} {one.kind}", one.target, one.subject, one.message) for one in ordered], tone=tone
    )


def _listed(undone: Sequence[Undone]) -> list[JsonValue]:
    return [
        {"id": one.id, "kind": one.kind.value, "target": one.target, "subject": one.subject, "message": one.message}
        for one in undone
    ]
