"""What rules.md forbids always is found however it came into the database (`audit invariants`)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from building.state_rows import ANN, BO, DAY, acceptance, allocation, mailbox, new, person
from sqlalchemy import Select, create_engine

from nexusops.model.addresses import AddressKind, AddressState, Allocation
from nexusops.model.ids import Address, Domain, MailboxKey, PersonId, UnitId
from nexusops.model.journal import LedgerRow, RowChange
from nexusops.model.ledger import DomainRow, Standing
from nexusops.model.mailboxes import Mailbox, MailboxState
from nexusops.model.rows import key_of
from nexusops.store.forbidden import FORBIDDEN, MOST
from nexusops.store.schema import metadata
from nexusops.store.sql import SqlStore

CHEM, STRANGER = UnitId("CHEM"), PersonId("1000009")
ANNS, BOS, CYS, DIS = (MailboxKey(f"person:100000{number}:2") for number in (1, 2, 3, 4))
OFFICE = MailboxKey("box:chem-office:1")
EIGHT = tuple(UnitId(f"U{number}") for number in range(8))
NINE = (*EIGHT, UnitId("U9"))


def on(key: MailboxKey, name: str, person_id: str | None, **columns: Any) -> Allocation:
    return allocation(name, person_id, mailbox_key=key, **columns)


def sending(key: MailboxKey, name: str, sender: str, **columns: Any) -> Mailbox:
    return mailbox(key, name, sender=Address(sender), **columns)


FALLBACK: dict[str, Any] = {"kind": AddressKind.FALLBACK}
UNITS: dict[str, Any] = {"kind": AddressKind.NONPERSONAL, "unit_id": CHEM}
RESTS: dict[str, Any] = {"state": AddressState.SUSPENDED}
ENDED: dict[str, Any] = {"state": AddressState.DELETED, "deleted_on": DAY}

anns = sending(ANNS, "chem0001", "ann.lee@chem.ox.ac.uk")
ann_lee = on(ANNS, "ann.lee@chem.ox.ac.uk", ANN)
routing = on(ANNS, "chem0001@nexus.ox.ac.uk", ANN, **FALLBACK)
bos = mailbox(BOS, "chem0002", state=MailboxState.DISABLED, disabled_on=DAY)
bo_chen = on(BOS, "bo.chen@chem.ox.ac.uk", BO, **RESTS)
cys = mailbox(CYS, "chem0003", state=MailboxState.DELETED, deleted_on=DAY)
cy_dunn = on(CYS, "cy.dunn@chem.ox.ac.uk", "1000003", **ENDED)
office = sending(OFFICE, "chem-office", "office@chem.ox.ac.uk", unit_id=CHEM)
at_office = on(OFFICE, "office@chem.ox.ac.uk", None, **UNITS)
abroad = on(OFFICE, "office@chem.example", None, **{**UNITS, "kind": AddressKind.FOREIGN})

# Di sends by choice from an address that another system has now, and that was ours (3.7).
SOUND: tuple[LedgerRow, ...] = (
    *(person(ANN, "chem0001", served=EIGHT), person(BO, "chem0002"), person("1000003", "chem0003")),
    person("1000005", "chem0005", served=NINE, state=Standing.FROZEN),  # D29: as they were before the policy changed
    *(anns, replace(anns, key=MailboxKey("person:1000001:1"), generation=1, state=MailboxState.PURGED)),
    *(ann_lee, routing, bos, bo_chen, on(BOS, "chem0002@nexus.ox.ac.uk", BO, **FALLBACK, **RESTS), cys, cy_dunn),
    *(replace(ann_lee, period=1, **ENDED), replace(ann_lee, period=2)),
    sending(DIS, "stat0004", "di.eden@stats.ox.ac.uk"),
    on(DIS, "di.eden@stats.ox.ac.uk", "1000004", **ENDED),
    on(DIS, "stat0004@nexus.ox.ac.uk", "1000004", **FALLBACK),
    DomainRow(domain=Domain("stats.ox.ac.uk"), state="own_mail", since=DAY),
    *(office, at_office, abroad, allocation("info@chem.ox.ac.uk", None, **UNITS, target="bo@mail.example")),
)
ann_lee = replace(ann_lee, period=2)

Broken = tuple[str, str, tuple[LedgerRow, ...]]
BROKEN: dict[str, Broken] = {
    "two owners": ("2.1", ann_lee.address, (replace(ann_lee, period=3, person_id=BO, mailbox_key=None),)),
    "another name": ("2.1", ann_lee.address, (replace(ann_lee, local="ann.leigh"),)),
    "no owner": ("2.1", "x.y@law.ox.ac.uk", (allocation("x.y@law.ox.ac.uk", None),)),
    "a mailbox that is not there": (
        "2.1",
        "x.y@law.ox.ac.uk",
        (on(MailboxKey("person:7:1"), "x.y@law.ox.ac.uk", STRANGER),),
    ),
    "another's mailbox": ("R13", ann_lee.address, (replace(ann_lee, person_id=STRANGER),)),
    "nobody's address on a person's mailbox": ("R13", routing.address, (replace(routing, person_id=None),)),
    "a person's address on a unit's mailbox": ("R13", at_office.address, (replace(at_office, person_id=ANN),)),
    "active on a disabled mailbox": ("R36", bo_chen.address, (replace(bo_chen, state=AddressState.ACTIVE),)),
    "winding down on a disabled mailbox": (
        "R36",
        bo_chen.address,
        (replace(bo_chen, state=AddressState.WINDDOWN, delete_on=DAY),),
    ),
    "suspended on a live mailbox": ("R36", abroad.address, (replace(abroad, **RESTS),)),
    "live on a deleted mailbox": (
        "R41",
        cy_dunn.address,
        (replace(cy_dunn, state=AddressState.ACTIVE, deleted_on=None),),
    ),
    "live on a purged mailbox": ("R41", at_office.address, (replace(office, state=MailboxState.PURGED),)),
    "active after its deletion": ("R41", abroad.address, (replace(abroad, deleted_on=DAY),)),
    "deleted on no day": ("R41", cy_dunn.address, (replace(cy_dunn, deleted_on=None),)),
    "a wind-down without an end": (
        "R39",
        abroad.address,
        (replace(abroad, state=AddressState.WINDDOWN),),
    ),
    "a personal address without a dot": ("R4", "ann@law.ox.ac.uk", (on(ANNS, "ann@law.ox.ac.uk", ANN),)),
    "two in one domain": ("R20", ANN, (on(ANNS, "anna.lee@chem.ox.ac.uk", ANN),)),
    "nine affiliations": ("R21", ANN, (person(ANN, "chem0001", served=NINE),)),
    "no sender": ("R3", "chem0001", (replace(anns, sender=None),)),
    "a sender in wind-down": (
        "R40",
        "chem0001",
        (replace(ann_lee, state=AddressState.WINDDOWN, winddown_on=DAY, delete_on=date(2025, 3, 16)),),
    ),
    "a sender of another mailbox": ("R40", "chem0001", (replace(anns, sender=at_office.address),)),
    "a sender that nobody has": ("R40", "chem0001", (replace(anns, sender=Address("no.one@chem.ox.ac.uk")),)),
    "a sender for incoming mail only": ("R51", "chem-office", (replace(office, sender=abroad.address),)),
    "no fallback": ("R34", "chem0001", (replace(routing, **ENDED),)),
    "a unit's mailbox without an address": (
        "R25",
        "chem-office",
        (replace(at_office, mailbox_key=None, target="x@mail.example"), replace(abroad, **ENDED)),
    ),
    "two mailboxes": ("R13", ANN, (replace(anns, key=MailboxKey("person:1000001:3"), name=None),)),
    "a username given again": ("R18", "chem0003", (replace(bos, name="chem0003"),)),
    "a grace without an end": ("R44", "chem0001", (replace(anns, state=MailboxState.GRACE_CANCELLED),)),
    "a last month without an end": ("R42", "chem0001", (replace(anns, state=MailboxState.GRACE_STATUS),)),
    "disabled on no day": ("R36", "chem0002", (replace(bos, disabled_on=None),)),
    "orphaned without an end": ("R28", "chem-office", (replace(office, state=MailboxState.ORPHANED),)),
    "a mailbox deleted on no day": ("D08", "chem0003", (replace(cys, deleted_on=None),)),
}


@pytest.fixture
def store(store: SqlStore) -> SqlStore:
    store.accept(acceptance(new(*SOUND)))
    return store


def test_everything_that_is_forbidden_is_found_and_nothing_else(store: SqlStore) -> None:
    """rules.md 2.1, 2.2, 2.4b; R3, R4, R13, R18, R20, R21, R25, R34, R36, R40, R41, R51."""
    assert store.breaches(8) == []
    sound: dict[Any, LedgerRow] = {(type(row), key_of(row)): row for row in SOUND}
    for place, (case, (rule, subject, rows)) in enumerate(BROKEN.items()):
        were = [sound.get((type(row), key_of(row))) for row in rows]
        there = [RowChange(before=was, after=row, rule=rule) for was, row in zip(were, rows, strict=True)]
        store.accept(acceptance(there, serial=2 * place + 1))
        assert (rule, subject) in {(one.rule, one.subject) for one in store.breaches(8)}, case
        back = [RowChange(before=row, after=was, rule=rule) for was, row in zip(were, rows, strict=True)]
        store.accept(acceptance(back, serial=2 * place + 2))
        assert store.breaches(8) == [], case


def test_what_the_next_run_has_still_to_see_to_is_no_breach(store: SqlStore) -> None:
    """An adoption leaves the addresses of a disabled mailbox as it found them, until the next run."""
    changed = RowChange(before=bo_chen, after=replace(bo_chen, state=AddressState.ACTIVE), rule="R13")
    store.accept(acceptance([changed], serial=1, unfinished={f"person:{BO}": "adopted"}))
    assert store.breaches(8) == []


@pytest.mark.parametrize(("sentence", "question"), [(sentence, question) for _, sentence, question in FORBIDDEN])
def test_nothing_is_looked_for_among_all_addresses_for_each_mailbox(sentence: str, question: Select[Any]) -> None:
    """The time of such a question grows with the square of a university: it took ten seconds for 5,000 people."""
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    asked = question.params({MOST: 8}).compile(engine, compile_kwargs={"literal_binds": True})
    with engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}").all()
    each_time = {row.id for row in plan if "CORRELATED" in row.detail}
    found = [row.detail for row in plan if row.parent in each_time]
    assert [step for step in found if "SCAN" in step or "ix_addresses_state" in step] == [], sentence
