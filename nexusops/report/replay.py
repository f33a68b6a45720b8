"""Whether a history that was made anew is the same, as text and JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum

from nexusops.codec import instant, to_text
from nexusops.model.frozen import frozen
from nexusops.model.journal import JsonObject, RunRecord
from nexusops.report.blocks import Block, Line, Look, Table, Tone, written
from nexusops.report.view import number_of


class Verdict(StrEnum):
    SAME = "same"
    OTHER = "other"
    TAKEN = "taken over"
    """What people decided: its rows are those of the journal."""
    MISSING = "no snapshot"
    """The run rests on a snapshot that was not given; nothing after it can be compared."""


@frozen
class Replayed:
    """One run of the history. ``now``: the digest of the plan that was made anew, None where none was.

    ``then_alone``: kind and target of what an ``other`` one set out to do in the tenant, and the plan made anew would
    not; ``now_alone``: the reverse.
    """

    run: RunRecord
    verdict: Verdict
    now: str | None = None
    then_alone: tuple[tuple[str, str], ...] = ()
    now_alone: tuple[tuple[str, str], ...] = ()


@frozen
class Replay:
    """``differences``: rows of the state, by table, that are not as they were; None: it did not come so far."""

    runs: tuple[Replayed, ...]
    differences: Mapping[str, int] | None

    @property
    def same(self) -> bool:
        kept = all(one.verdict in (Verdict.SAME, Verdict.TAKEN) for one in self.runs)
        return kept and self.differences is not None and not any(self.differences.values())


def replay_text(found: Replay, look: Look) -> str:
    return written(_blocks(found), look)


def replay_json(found: Replay) -> str:
    """``{"same", "runs": [{"run_id", "at", "command", "actor", "verdict", "digest", "digest_now", "then_alone",
    "now_alone"}], "differences"}``
    """
    rows: list[JsonObject] = [
        {
            "run_id": one.run.run_id,
            "at": instant(one.run.at),
            "command": one.run.command,
            "actor": one.run.actor,
            "verdict": one.verdict.value,
            "digest": one.run.digest,
            "digest_now": one.now,
            "then_alone": [{"kind": kind, "target": target} for kind, target in one.then_alone],
            "now_alone": [{"kind": kind, "target": target} for kind, target in one.now_alone],
        }
        for one in found.runs
    ]
    differences: JsonObject | None = dict(found.differences) if found.differences is not None else None
    return to_text({"same": found.same, "runs": [*rows], "differences": differences})


def _blocks(found: Replay) -> Iterator[Block]:
    if found.runs:
        yield Table(
            rows=[
                (instant(one.run.at), one.verdict.value, one.run.command, one.run.run_id[:12], f"by {one.run.actor}")
                for one in found.runs
            ],
            indent=0,
        )
    yield from _others([one for one in found.runs if one.verdict is Verdict.OTHER])
    told = sum(one.verdict is Verdict.SAME for one in found.runs)
    yield Line(text=f"{number_of(told, 'plan')} came out the same, of {len(found.runs)} entries of the history.")
    otherwise = sum(one.verdict is Verdict.OTHER for one in found.runs)
    if otherwise:
        yield Line(
            text=f"{number_of(otherwise, 'plan')} came out otherwise. A program of another version than the run's may "
            "decide, or say it, otherwise (`nexusops history RUN` names its version); else the snapshot is not the one "
            "of then, or somebody changed the journal (`nexusops audit verify`).",
            tone=Tone.DANGER,
        )
    if found.differences is None:
        last = found.runs[-1].run
        missing = f"the snapshot {(last.snapshot_sha256 or '')[:12]}, which was not given"
        yield Line(text=f"The run of {instant(last.at)} rests on {missing}: name it too, and repeat.", tone=Tone.DANGER)
        return
    other = {name: number for name, number in found.differences.items() if number}
    if other:
        counted = ", ".join(f"{name} {number}" for name, number in other.items())
        yield Line(text=f"The state at the end differs, in rows that are not in both: {counted}.", tone=Tone.DANGER)
    else:
        yield Line(text="The state at the end is the same.", tone=Tone.GOOD)


def _others(runs: Sequence[Replayed]) -> Iterator[Block]:
    """What is in one of the two plans alone, and what may be behind it."""
    for one in runs:
        yield Line(text=f"The plan of {instant(one.run.at)} came out as another one:", tone=Tone.DANGER)
        alone = (("then alone", one.then_alone), ("now alone", one.now_alone))
        rows = [(when, kind, target) for when, changes in alone for kind, target in changes]
        if rows:
            yield Table(rows=rows)
        else:
            yield Line(text="the same changes in the tenant, with other details or promises", indent=2)
    if any(one.then_alone for one in runs):
        yield Line(
            text="Then alone is also what came of the tenant as it was found: by a full run that mended it, by the "
            "first run after an adoption, from a forward set by hand. The journal keeps what was done, not what "
            "was found.",
            tone=Tone.QUIET,
        )
