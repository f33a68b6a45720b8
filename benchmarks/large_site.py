"""A site of the size of rules.md 6, made without running it through a tenant: the figures of the questions rest on it.

    python -m benchmarks.large_site FOLDER 100000 500000      people, and rows of the ledger (ended addresses included)

The year ahead is that of a university: most cards end on a 30 September, some on any working day; affiliations end and
begin, and people who are known already begin.
"""

from __future__ import annotations

import gc
import random
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from nexusops import wiring
from nexusops.config.starter import write_starter
from nexusops.demo.snapshots import Member, write_snapshot
from nexusops.demo.university import domain_rows, members, unit_rows
from nexusops.model.addresses import AddressKind, AddressState, Allocation
from nexusops.model.ids import Address, PersonId, domain_of, local_of
from nexusops.model.journal import Acceptance, LedgerRow, RowChange, RunRecord
from nexusops.model.mailboxes import Mailbox, MailboxState
from nexusops.pipeline.decide import decide
from nexusops.pipeline.simulate.days import carry_out, imagined_inputs
from nexusops.pipeline.simulate.state import Imagined

AT = datetime(2025, 10, 2, 8, tzinfo=UTC)
FIRST = date(2025, 10, 2)
PART = 20_000


def people(number: int) -> Iterator[Member]:
    """One in eleven leaves at the end of the courses, one in seven on some other day of the year."""
    choose = random.Random(7)
    for member in members(number):
        kind, day = choose.random(), FIRST + timedelta(days=choose.randrange(365))
        end = date(2026, 9, 30) if kind < 0.09 else day if kind < 0.23 else date(2027 + choose.randrange(3), 9, 30)
        if end <= member.start_date:
            end = date(2029, 9, 30)
        places = tuple(
            (unit, start, day if place == 1 and 0.3 < kind < 0.55 else None)
            for place, (unit, start, _) in enumerate(member.affiliations)
        )
        begins = day if 0.6 < kind < 0.72 else member.start_date
        yield replace(member, end_date=max(end, begins), start_date=begins, affiliations=places)


def made(folder: Path, number: int, rows: int) -> None:
    write_starter(folder / "config")
    snapshot = folder / "snapshot"
    tables = {"units": unit_rows(number), "domains": domain_rows(number)}
    as_of = AT - timedelta(minutes=10)
    write_snapshot(snapshot, tenant="oxford-test", as_of=as_of, members=people(number), tables=tables)
    with wiring.opened(folder / "config", snapshot=snapshot) as site:
        ports = site.ports
        found = ports.registration.read()
        ports.store.stage(found.record, found.pack())
        memory = Imagined(ports.store, FIRST)
        inputs = imagined_inputs(ports, memory)
        decision = decide(inputs, found, at=AT, jobs=(), full=True, accept={})
        carry_out(memory, inputs, decision, decision.rows(), AT)
        ledger = memory.ledger(None, None)
        written: list[RowChange] = [
            RowChange(before=None, after=_identified(row), rule="R2")
            for table in ("people", "mailboxes", "allocations", "notices", "domains")
            for row in getattr(ledger, table).values()
        ]
        written += _history(list(ledger.allocations.values()), rows - len(ledger.allocations))
        first = _acceptance(site, found.record.sha256)
        for place in range(0, len(written), PART):
            rest = replace(first, rows=tuple(written[place : place + PART]), expected_serial=ports.store.serial())
            ports.store.accept(rest)
        ports.store.finish(first.run)


def _identified(row: LedgerRow) -> LedgerRow:
    """What a real tenant has made has its ids, by which it is known from then on."""
    if not isinstance(row, Mailbox) or row.name is None or row.state is MailboxState.PENDING:
        return row
    return replace(row, user_id=f"u-{row.name}", exchange_guid=f"g-{row.name}")


def _history(rows: list[Allocation], wanted: int) -> Iterator[RowChange]:
    """Addresses that ended long ago, of people who are here no more."""
    for number in range(max(wanted, 0)):
        model = rows[number % len(rows)]
        local = f"gone.{local_of(model.address).replace('.', '-')}{number}"
        address = Address(f"{local}@{domain_of(model.address)}")
        ended = replace(
            model,
            address=address,
            local=local,
            base=local,
            kind=AddressKind.PERSONAL,
            state=AddressState.DELETED,
            person_id=PersonId(f"8{number:06}"),
            mailbox_key=None,
            deleted_on=date(2020, 1, 1),
        )
        yield RowChange(before=None, after=ended, rule="R41")


def _acceptance(site: wiring.Wired, sha256: str) -> Acceptance:
    ports = site.ports
    run = RunRecord(
        run_id="made",
        at=AT,
        command="run",
        actor="benchmark",
        program_version=ports.program_version,
        result="applied",
        snapshot_sha256=sha256,
    )
    return Acceptance(
        run=run,
        actor="benchmark",
        at=AT,
        expected_serial=0,
        snapshot_sha256=sha256,
        snapshot_as_of=AT - timedelta(minutes=10),
        snapshot_again=None,
        rows=(),
        judged=frozenset(),
        findings=(),
        unfinished={},
        policy_hash=ports.policy_hash,
        services_hash=ports.services_hash,
    )


if __name__ == "__main__":
    gc.disable()
    made(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
