"""Audits, histories and lists of what is due, as text and JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date

from nexusops.codec import day, instant, to_text
from nexusops.model.audits import Audit, Proof
from nexusops.model.journal import Approval, JournalRow, JsonObject, JsonValue, Phase, RunRecord
from nexusops.report.blocks import Block, Line, Look, Table, Tone, written
from nexusops.report.view import by_whom, counted, number_of, some

NO_REASON = "no reason was given"
SHOWN = 200
"""So many rows that kept a promise are listed in text; JSON has all of them."""


def audit_text(audit: Audit, look: Look) -> str:
    """Whether the promise was kept; the rows that broke it first."""
    return written(_audit_blocks(audit), look)


def audit_json(audit: Audit) -> str:
    """``{"promise", "kept", "checked", "broken": [rows], "rows": [rows]}``; ``rows`` has the broken ones, too."""
    document: JsonObject = {
        "promise": audit.promise,
        "kept": not audit.broken,
        "sentence": audit.sentence,
        "checked": audit.checked,
        "broken": [_proof(proof) for proof in audit.broken],
        "rows": [_proof(proof) for proof in audit.proofs],
    }
    return to_text(document)


_TOUCHED = (
    "Somebody edited, added, removed or reordered rows there. Keep a copy of the state, compare it with its backup, "
    "and restore that."
)
_LOST = (
    "if that was the last one once, somebody took rows away, or wrote the journal anew. Keep a copy of the state, and "
    "compare it with a backup of that time."
)


def verified_text(broken: Sequence[int], lost: str | None) -> str:
    """Whether the journal is as it was written. ``broken``: numbers of rows that do not continue the chain; ``lost``:
    a hash that was its last one once, and is not in it.
    """
    if broken:
        rows = "1 journal row does" if len(broken) == 1 else f"{len(broken)} journal rows do"
        told = [f"{rows} not continue the chain: {some([*map(str, broken)], 20)}", _TOUCHED]
    elif lost is not None:
        told = [f"Every row continues the chain, and none has the hash {lost}: {_LOST}"]
    else:
        told = ["The journal is as it was written."]
    return written(Line(text=text) for text in told)


def verified_json(broken: Sequence[int], *, rows: int, last: str, known: bool | None) -> str:
    """``known``: whether the hash that was noted is in the chain; None: none was named."""
    return to_text(
        {
            "promise": "verify",
            "kept": not broken and known is not False,
            "sentence": "nobody has touched the journal since it was written",
            "broken": list(broken),
            "rows": rows,
            "head": last,
            "head_known": known,
        }
    )


def runs_text(runs: Sequence[RunRecord], on: date | None, look: Look) -> str:
    """One line a run, newest first; ``on``: all of one day."""
    rows = [
        (instant(run.at), run.result, run.command, run.run_id[:12], f"by {run.actor}", counted(run.counts))
        for run in runs
    ]
    none = "There has been no run." if on is None else f"There was no run on {on}."
    blocks: list[Block] = [Table(rows=rows, indent=0)] if rows else [Line(text=none)]
    if rows:
        blocks.append(
            Line(text="One of them: `nexusops history RUN`, with the first letters of its id.", tone=Tone.QUIET)
        )
    return written(blocks, look)


def runs_json(runs: Sequence[RunRecord]) -> str:
    return to_text({"runs": [_run(run) for run in runs]})


def run_text(
    run: RunRecord,
    rows: Sequence[JournalRow],
    told: Sequence[str],
    approvals: Sequence[Approval],
    look: Look,
) -> str:
    """A run, and what it did: its rows of the journal in words (``told``, one each; '': of nobody's interest)."""
    return written(_run_blocks(run, rows, told, approvals), look)


def run_json(run: RunRecord, rows: Sequence[JournalRow], approvals: Sequence[Approval]) -> str:
    """The run, who had approved its plan, the texts that were in force, and every row of its journal."""
    texts: JsonObject = {"policy": run.policy_text, "services": run.services_text, "config": run.config_text}
    approved: list[JsonValue] = [
        {"actor": one.actor, "at": instant(one.at), "reason": one.reason or None} for one in approvals
    ]
    document: JsonObject = {"run": {**_run(run), "approvals": approved, "texts": texts}}
    return to_text({**document, "rows": [_row(row) for row in rows]})


def rows_text(subject: str, rows: Sequence[JournalRow], told: Sequence[str], look: Look) -> str:
    """Journal rows in words (``told``, one each), with who and why; ``--format json`` has what each was and became."""
    cells = [
        (f"{row.seq}", f"{row.entry.at:%Y-%m-%d %H:%M}", row.entry.rule, f"{what}  {by_whom(row.entry)}")
        for row, what in zip(rows, told, strict=True)
    ]
    blocks: list[Block] = [Table(rows=cells)] if cells else []
    blocks.append(Line(text=f"{number_of(len(rows), 'row')} about {subject}."))
    if cells:
        blocks.append(
            Line(
                text="What each was and became: --format json. Whether it was touched: `nexusops audit verify`.",
                tone=Tone.QUIET,
            )
        )
    return written(blocks, look)


def rows_json(subject: str, rows: Sequence[JournalRow]) -> str:
    """``{"subject", "rows"}`` (interface.md 8)."""
    return to_text({"subject": subject, "rows": [_row(row) for row in rows]})


def _row(row: JournalRow) -> JsonObject:
    entry = row.entry
    return {
        "seq": row.seq,
        "at": instant(entry.at),
        "run_id": entry.run_id,
        "actor": entry.actor,
        "rule": entry.rule,
        "object": entry.object,
        "phase": entry.phase.value,
        "step": entry.step,
        "before": entry.before,
        "after": entry.after,
        "reason": entry.reason,
        "hash": row.hash,
    }


def _audit_blocks(audit: Audit) -> Iterator[Block]:
    broken = audit.broken
    answer = f"Not kept: {number_of(len(broken), 'row')} broke it." if broken else "Kept."
    yield Line(text=f"{audit.promise}: {audit.sentence}. {answer}", tone=Tone.DANGER if broken else Tone.GOOD)
    yield Line(text=f"{audit.checked:,} looked at.", tone=Tone.QUIET)
    if broken:
        yield Table(rows=[_cells(proof) for proof in broken], tone=Tone.DANGER)
        yield Line(text="What was done to one of them, and by whom: `nexusops audit SUBJECT`.", tone=Tone.QUIET)
    kept = [proof for proof in audit.proofs if proof.kept]
    if kept:
        yield Line()
        kinds = Counter(proof.kind for proof in kept)
        yield Line(text=f"Worth knowing: {counted(kinds)}", tone=Tone.TITLE)
        yield Table(rows=[_cells(proof) for proof in kept[:SHOWN]])
        if len(kept) > SHOWN:
            yield Line(text=f"… and {len(kept) - SHOWN} more: --format json has all.", indent=2, tone=Tone.QUIET)


def _cells(proof: Proof) -> tuple[str, ...]:
    at = proof.dates.get("at")
    return (proof.kind, *([f"{at}"] if at is not None else []), proof.subject, f"{proof.message} ({proof.rule})")


def _proof(proof: Proof) -> JsonValue:
    return {
        "subject": proof.subject,
        "rule": proof.rule,
        "kept": proof.kept,
        "kind": proof.kind,
        "message": proof.message,
        **{name: day(value) for name, value in proof.dates.items()},
    }


def _run_blocks(
    run: RunRecord, rows: Sequence[JournalRow], told: Sequence[str], approvals: Sequence[Approval]
) -> Iterator[Block]:
    yield Line(text=f"Run {run.run_id}: {run.result}", tone=Tone.TITLE)
    yield Table(
        rows=[
            ("at", instant(run.at)),
            ("by", f"{run.actor}, `{run.command}`, version {run.program_version}"),
            ("snapshot", run.snapshot_sha256 or "none"),
            ("digest", run.digest or "none"),
            ("planned", counted(run.counts) or "nothing"),
            *(("approved", f"by {one.actor} at {instant(one.at)}: {one.reason or NO_REASON}") for one in approvals),
        ],
        tone=Tone.QUIET,
    )
    shown = [(row, what) for row, what in zip(rows, told, strict=True) if what and row.entry.phase is not Phase.INTENT]
    decided = sum(row.entry.phase is Phase.PROMISE for row, _ in shown)
    yield Line(text=f"{number_of(decided, 'decision')}, {number_of(len(shown) - decided, 'step')} in the tenant:")
    if shown:
        yield Table(rows=[_did(row, what) for row, what in shown])
    yield Line(text="All that it wrote into the journal, and what each row was before: --format json.", tone=Tone.QUIET)


def _did(row: JournalRow, what: str) -> tuple[str, ...]:
    return f"{row.seq}", row.entry.rule, what + (f": {row.entry.reason}" if row.entry.reason else "")


def _run(run: RunRecord) -> JsonObject:
    return {
        "run_id": run.run_id,
        "at": instant(run.at),
        "command": run.command,
        "actor": run.actor,
        "program_version": run.program_version,
        "result": run.result,
        "snapshot_sha256": run.snapshot_sha256,
        "digest": run.digest,
        "changes": run.changes,
        "counts": dict(run.counts.items()),
    }
