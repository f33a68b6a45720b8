"""The document of `state export`, compared whole (interface.md 5)."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from building.state_rows import (
    ANN,
    AT,
    BO,
    DAY,
    FULL,
    acceptance,
    allocation,
    exported,
    mailbox,
    new,
    person,
    run_record,
)
from sqlalchemy import create_engine

from nexusops.codec import state_bytes
from nexusops.errors import StateUnavailable
from nexusops.model.addresses import AddressKind, AddressState
from nexusops.model.findings import Finding, Severity
from nexusops.model.ids import Address
from nexusops.model.ledger import Alternative
from nexusops.model.mailboxes import Forward, ForwardOrigin, MailboxState, SenderOrigin
from nexusops.model.notices import Notice, NoticeState
from nexusops.ports import Store
from nexusops.store import open_store
from nexusops.store.schema import domains

EXPECTED = {
    "format": 1,
    "serial": 1,
    "at": "2025-01-15T09:00:00Z",
    "people": [
        {
            "person_id": "1000001",
            "username": "chem0001",
            "state": "grace",
            "left_on": "2025-01-01",
            "frozen": "DUP_USERNAME",
            "missing_since": "2025-01-02",
        },
        {
            "person_id": "1000002",
            "username": None,
            "state": "entitled",
            "left_on": None,
            "frozen": None,
            "missing_since": None,
        },
    ],
    "mailboxes": [
        {
            "name": "chem0001",
            "kind": "personal",
            "person_id": "1000001",
            "unit_id": None,
            "owner_person_id": None,
            "state": "purged",
            "sender": None,
            "sender_origin": None,
            "forward": None,
            "forward_exempt": False,
            "disable_on": None,
            "disabled_on": "2024-01-01",
            "delete_on": "2024-03-01",
            "deleted_on": "2024-03-01",
            "purge_on": "2024-03-31",
            "orphaned_on": None,
        },
        {
            "name": "chem0001",
            "kind": "personal",
            "person_id": "1000001",
            "unit_id": None,
            "owner_person_id": None,
            "state": "active",
            "sender": "ann.lee@chem.ox.ac.uk",
            "sender_origin": "choice",
            "forward": {"to": "ann@stats.example", "origin": "auto"},
            "forward_exempt": True,
            "disable_on": None,
            "disabled_on": None,
            "delete_on": None,
            "deleted_on": None,
            "purge_on": None,
            "orphaned_on": None,
        },
        {
            "name": "office",
            "kind": "secondary",
            "person_id": None,
            "unit_id": "CHEM",
            "owner_person_id": "1000002",
            "state": "orphaned",
            "sender": "office@chem.ox.ac.uk",
            "sender_origin": "default",
            "forward": None,
            "forward_exempt": False,
            "disable_on": None,
            "disabled_on": None,
            "delete_on": "2025-03-16",
            "deleted_on": None,
            "purge_on": None,
            "orphaned_on": "2025-01-15",
        },
        {
            "name": None,
            "kind": "personal",
            "person_id": "1000002",
            "unit_id": None,
            "owner_person_id": None,
            "state": "pending",
            "sender": None,
            "sender_origin": None,
            "forward": None,
            "forward_exempt": False,
            "disable_on": None,
            "disabled_on": None,
            "delete_on": None,
            "deleted_on": None,
            "purge_on": None,
            "orphaned_on": None,
        },
    ],
    "addresses": [
        {
            "address": "ann.lee2@chem.ox.ac.uk",
            "kind": "personal",
            "state": "winddown",
            "person_id": "1000001",
            "unit_id": "CHEM",
            "mailbox": "chem0001",
            "base": "ann.lee",
            "n": 2,
            "period": 3,
            "winddown_on": "2025-01-15",
            "notice_sent_on": "2025-01-17",
            "delete_on": "2025-03-17",
            "deleted_on": "2025-03-18",
            "reason": "affiliation",
        },
        {
            "address": "ann.lee@chem.ox.ac.uk",
            "kind": "personal",
            "state": "deleted",
            "person_id": "1000002",
            "unit_id": None,
            "mailbox": None,
            "base": "ann.lee",
            "n": 1,
            "period": 1,
            "winddown_on": None,
            "notice_sent_on": None,
            "delete_on": None,
            "deleted_on": None,
            "reason": None,
        },
        {
            "address": "ann.lee@chem.ox.ac.uk",
            "kind": "personal",
            "state": "active",
            "person_id": "1000001",
            "unit_id": None,
            "mailbox": "chem0001",
            "base": "ann.lee",
            "n": 1,
            "period": 2,
            "winddown_on": None,
            "notice_sent_on": None,
            "delete_on": None,
            "deleted_on": None,
            "reason": None,
        },
        {
            "address": "office@chem.ox.ac.uk",
            "kind": "nonpersonal",
            "state": "active",
            "person_id": None,
            "unit_id": "CHEM",
            "mailbox": "office",
            "base": "office",
            "n": 1,
            "period": 1,
            "winddown_on": None,
            "notice_sent_on": None,
            "delete_on": None,
            "deleted_on": None,
            "reason": None,
        },
    ],
    "alternatives": [{"person_id": "1000002", "address": "bo@mail.example", "source": "self"}],
    "name_requests": [
        {
            "request_id": "n1",
            "person_id": "1000001",
            "wanted_local": "xiaoming.li",
            "outcome": "referred",
            "code": "NAME_REFERRED",
        }
    ],
    "domains": [{"domain": "chem.ox.ac.uk", "state": "winddown"}],
    "services": [
        {
            "request_id": "adminday",
            "unit_id": "CHEM",
            "owner_person_id": "1000001",
            "state": "review_due",
            "since": "2025-01-15",
            "path": "service_domain",
            "connection": "ms_smtp",
            "address": "hello@admin-day.chem.ox.ac.uk",
            "domain": "admin-day.chem.ox.ac.uk",
            "live_on": "2024-01-15",
            "review_on": "2025-01-15",
            "credential_ends_on": "2026-01-01",
            "verified_on": "2024-01-16",
            "signs": False,
        }
    ],
    "notices": [
        {
            "kind": "winddown",
            "person_id": "1000001",
            "unit_id": "CHEM",
            "to": "ann.lee@chem.ox.ac.uk",
            "addresses": ["ann.lee2@chem.ox.ac.uk", "ann.lee@mert.ox.ac.uk"],
            "delete_on": "2025-03-17",
            "sent_on": "2025-01-17",
            "short_notice": True,
        }
    ],
    "findings": [{"code": "MISSING_CARD", "subject": "1000002", "message": "no card", "severity": "alert"}],
    "runs": [
        {"run_id": "r1", "at": "2025-01-15T08:00:00Z", "result": "running", "changes": 0},
        {"run_id": "r0", "at": "2025-01-15T09:00:00Z", "result": "stopped", "changes": 2},
    ],
}


def test_the_document_holds_the_whole_state_and_nothing_else(tmp_path: Path) -> None:
    purged = mailbox(
        "person:1000001:1",
        "chem0001",
        state=MailboxState.PURGED,
        disabled_on=date(2024, 1, 1),
        delete_on=date(2024, 3, 1),
        deleted_on=date(2024, 3, 1),
        purge_on=date(2024, 3, 31),
    )
    present = mailbox(
        "person:1000001:2",
        "chem0001",
        sender="ann.lee@chem.ox.ac.uk",
        sender_origin=SenderOrigin.CHOICE,
        forward=Forward(to="ann@stats.example", origin=ForwardOrigin.AUTO),
        forward_exempt=True,
    )
    office = mailbox(
        "box:office:1",
        "office",
        unit_id="CHEM",
        owner_person_id=BO,
        state=MailboxState.ORPHANED,
        sender="office@chem.ox.ac.uk",
        sender_origin=SenderOrigin.DEFAULT,
        delete_on=date(2025, 3, 16),
        orphaned_on=DAY,
    )
    boxes = [mailbox("person:1000002:1", None, state=MailboxState.PENDING), office, present, purged]
    addresses = [
        allocation(
            "office@chem.ox.ac.uk", None, kind=AddressKind.NONPERSONAL, unit_id="CHEM", mailbox_key="box:office:1"
        ),
        allocation("ann.lee@chem.ox.ac.uk", ANN, period=2, mailbox_key=present.key),
        allocation("ann.lee@chem.ox.ac.uk", BO, state=AddressState.DELETED),
    ]
    waiting = FULL[6]
    assert isinstance(waiting, Notice)
    owed = replace(waiting, key="winddown:1000001:2025-01-17", state=NoticeState.OWED, sent_on=None)
    rest = [person(BO), Alternative(person_id=BO, source="self", address=Address("bo@mail.example")), owed]
    found = Finding(code="MISSING_CARD", subject=BO, message="no card", severity=Severity.ALERT, scope=f"person:{BO}")
    store = open_store("sqlite:///state.db", site="oxford-test", base_dir=tmp_path)
    full = [row for row in FULL if row is not FULL[1]]
    store.accept(acceptance(new(*full, *boxes, *addresses, *rest), findings=(found,)))
    store.begin(run_record("r0", at=AT + timedelta(hours=1), result="stopped", changes=2))
    document = exported(store)
    store.close()
    assert document == EXPECTED


def test_a_state_of_any_size_is_written_in_the_same_memory(tmp_path: Path) -> None:
    """Its rows are fetched, written and forgotten: three times as many hold no more at a time."""
    store = open_store("sqlite:///state.db", site="oxford-test", base_dir=tmp_path)
    held = []
    for start, end in ((0, 10_000), (10_000, 30_000)):
        rows = [{"domain": f"d{number}.ox.ac.uk", "state": "active", "since": DAY} for number in range(start, end)]
        with store.engine.begin() as connection:
            connection.execute(domains.insert(), rows)
        del rows
        held.append(_held(store))
    store.close()
    assert held[1] < held[0] * 1.2


def _held(store: Store) -> int:
    """The most bytes that are in use while the state is written."""
    tracemalloc.start()
    try:
        for _ in state_bytes(store.export()):
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_state_that_breaks_off_while_it_is_written_out_is_no_defect(tmp_path: Path) -> None:
    """Exit code 9: the rows are read while they are written, long after the transaction began."""
    store = open_store(f"sqlite:///{tmp_path / 'state.db'}", site="oxford-test", base_dir=tmp_path)
    alter = create_engine(f"sqlite:///{tmp_path / 'state.db'}")
    with alter.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE addresses RENAME TO lost")
    with pytest.raises(StateUnavailable, match="no such table: addresses"):
        _all_of(store)
    store.close()


def _all_of(store: Store) -> None:
    for _, rows in store.export():
        if isinstance(rows, Iterator):
            list(rows)
