"""What is written: one transaction each for an acceptance, the intents of a wave, and outcomes that came together."""

from __future__ import annotations

import os
import signal
from collections.abc import Collection, Iterable, Sequence
from functools import cache, partial
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, and_, bindparam, delete, func, insert, select, true, update
from sqlalchemy.exc import IntegrityError

from nexusops.codec import instant, promise_of
from nexusops.errors import StalePlan
from nexusops.model.findings import Finding
from nexusops.model.journal import Acceptance, Approval, Entry, RowChange, RunRecord
from nexusops.model.rows import key_of
from nexusops.store import guarding, staging
from nexusops.store.chain import added, linked
from nexusops.store.conflicts import insert_into, there_already
from nexusops.store.mapping import encoded
from nexusops.store.reading import chunks
from nexusops.store.ready import executed
from nexusops.store.schema import (
    LEDGER,
    approvals,
    findings,
    journal,
    meta,
    runs,
    unfinished,
)

_WRITTEN = 0
"""How many transactions with journal rows this process has committed."""


def accept(connection: Connection, acceptance: Acceptance) -> int:
    """Everything that accepting a plan commits; returns the serial after it."""
    row = connection.execute(select(meta).with_for_update()).mappings().one()
    if row["serial"] != acceptance.expected_serial:
        raise StalePlan(
            f"The ledger has moved on (serial {acceptance.expected_serial}, now {row['serial']}).",
            next_step="Plan again: `nexusops plan --out FILE`.",
        )
    serial = row["serial"] + (1 if acceptance.rows else 0)
    write_rows(connection, acceptance.rows)
    lifted = [guarding.lifted(acceptance, name) for name in acceptance.lifted]
    append(connection, [*lifted, *map(partial(_promise, acceptance), acceptance.rows)])
    replace_findings(connection, acceptance.judged, acceptance.findings)
    _replace_unfinished(connection, acceptance)
    if acceptance.snapshot_sha256 is not None:
        staging.accepted(connection, acceptance.snapshot_sha256)
        if acceptance.snapshot_again is not None:
            staging.refreshed(connection, acceptance, acceptance.snapshot_again)
    write_run(connection, acceptance.run)
    if acceptance.run.digest is not None:
        mine = approvals.c.digest == acceptance.run.digest
        if connection.execute(update(approvals).where(mine, ~approvals.c.used).values(used=True)).rowcount:
            append(connection, [guarding.used(acceptance)])
    connection.execute(
        update(meta).values(serial=serial, policy_hash=acceptance.policy_hash, services_hash=acceptance.services_hash)
    )
    return int(serial)


def _promise(acceptance: Acceptance, change: RowChange) -> Entry:
    run_id, reason = acceptance.run.run_id, acceptance.reason or None
    return promise_of(change, at=acceptance.at, run_id=run_id, actor=acceptance.actor, reason=reason)


def approve(connection: Connection, approval: Approval) -> None:
    """D28: the row that the guard reads, and one in the journal, by whose chain it cannot be altered unseen."""
    values = {"digest": approval.digest, "actor": approval.actor, "reason": approval.reason, "used": approval.used}
    connection.execute(insert(approvals).values(**values, at=instant(approval.at)))
    append(connection, [guarding.approved(approval)])


def record(
    connection: Connection, entries: Sequence[Entry], rows: Sequence[Sequence[RowChange]], finished: Collection[str]
) -> None:
    """Steps, each with what it altered; the serial follows when the run is finished."""
    altered = [change for changes in rows for change in changes]
    write_rows(connection, altered)
    written: list[Entry] = []
    for entry, changes in zip(entries, rows or [()] * len(entries), strict=True):
        written += [entry, *map(partial(_altered, entry), changes)]
    append(connection, written)
    if finished:
        executed(connection, _FINISHED, [{"finished": scope} for scope in finished])
    if altered:
        executed(connection, _DIRTY)


def _altered(step: Entry, change: RowChange) -> Entry:
    """What a step altered in the ledger, in the name of the step."""
    return promise_of(change, at=step.at, run_id=step.run_id, actor=step.actor, scope=step.scope)


def write_rows(connection: Connection, changes: Iterable[RowChange]) -> None:
    """Upserts what became, deletes what fell away, a table at a time; of one row that changes twice, the end."""
    ends: dict[type, dict[object, RowChange]] = {}
    for change in changes:
        ends.setdefault(type(change.row), {})[key_of(change.row)] = change
    for kind, ended in ends.items():
        table = LEDGER[kind]
        for change in ended.values():
            if change.after is None and change.before is not None:
                values = encoded(change.before)
                same = [column == values[column.name] for column in table.primary_key.columns]
                connection.execute(delete(table).where(and_(*same)))
        becoming = [encoded(change.after) for change in ended.values() if change.after is not None]
        if becoming:
            connection.execute(upsert(connection.dialect.name, table), becoming)


@cache
def upsert(dialect_name: str, table: Table) -> Any:
    """The statement that inserts a row, or writes it over the one of its key."""
    statement = insert_into(dialect_name, table)
    keys = [column.name for column in table.primary_key.columns]
    rest = {c.name: statement.excluded[c.name] for c in table.columns if c.name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=rest)


def append(connection: Connection, entries: Sequence[Entry]) -> None:
    """New rows at the end of the chain. Raises StateUnavailable where somebody else has written there."""
    if not entries:
        return
    last = executed(connection, _LAST).one()
    rows = linked(entries, last.journal_seq, last.journal_hash)
    try:
        executed(connection, _APPEND, rows)
    except IntegrityError as error:
        if not there_already(error):
            raise
        raise added(last.journal_seq) from error
    executed(connection, _MARK, {"last_seq": rows[-1]["seq"], "last_hash": rows[-1]["hash"]})


# A run executes these once or more for each step: they are made once.
# After the row that was written last, wherever the table ends: rows taken away from its end stay missing.
# Locked until the end of the transaction, since an approval may come beside a run.
_LAST = select(meta.c.journal_seq, meta.c.journal_hash).with_for_update()
_APPEND = insert(journal)
_MARK = update(meta).values(journal_seq=bindparam("last_seq"), journal_hash=bindparam("last_hash"))
_DIRTY = update(meta).values(dirty=true())
_FINISHED = delete(unfinished).where(unfinished.c.scope == bindparam("finished"))


def replace_findings(connection: Connection, judged: Collection[str] | None, found: Sequence[Finding]) -> None:
    if judged is None:
        connection.execute(delete(findings))
    else:
        for part in chunks(judged):
            connection.execute(delete(findings).where(findings.c.scope.in_(part)))
    add_findings(connection, found)


def add_findings(connection: Connection, found: Sequence[Finding]) -> None:
    rows = [
        {
            "scope": finding.scope,
            "code": finding.code,
            "subject": finding.subject,
            "message": finding.message,
            "severity": finding.severity.value,
            "evidence": msgspec.to_builtins(finding.evidence),
        }
        for finding in found
    ]
    if rows:
        connection.execute(insert(findings), rows)


def _replace_unfinished(connection: Connection, acceptance: Acceptance) -> None:
    if acceptance.judged is None:
        connection.execute(delete(unfinished))
    else:
        for part in chunks({*acceptance.judged, *acceptance.unfinished}):
            connection.execute(delete(unfinished).where(unfinished.c.scope.in_(part)))
    rows = [{"scope": scope, "reason": reason} for scope, reason in acceptance.unfinished.items()]
    if rows:
        connection.execute(insert(unfinished), rows)


def write_run(connection: Connection, run: RunRecord) -> None:
    values = {
        "at": instant(run.at),
        "command": run.command,
        "actor": run.actor,
        "program_version": run.program_version,
        "result": run.result,
        "snapshot_sha256": run.snapshot_sha256,
        "digest": run.digest,
        "changes": run.changes,
        "counts": dict(run.counts),
        "policy_text": run.policy_text,
        "services_text": run.services_text,
        "config_text": run.config_text,
    }
    done = connection.execute(update(runs).where(runs.c.run_id == run.run_id).values(values))
    if done.rowcount == 0:
        place = connection.execute(select(func.coalesce(func.max(runs.c.place), 0))).scalar_one() + 1
        connection.execute(insert(runs).values(run_id=run.run_id, place=place, **values))


def written() -> None:
    """Called after each commit of journal rows: the failpoint of the kill tests (NEXUSOPS_KILL_AT=n)."""
    global _WRITTEN
    _WRITTEN += 1
    if os.environ.get("NEXUSOPS_KILL_AT") == str(_WRITTEN):
        os.kill(os.getpid(), signal.SIGKILL)
