"""One full and one empty row of every ledger table, and an acceptance around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from nexusops.codec import state_bytes
from nexusops.model.addresses import AddressKind, AddressState, Allocation
from nexusops.model.dns import DnsRecord
from nexusops.model.findings import Evidence
from nexusops.model.ids import Address, Domain, MailboxKey, PersonId, UnitId
from nexusops.model.journal import Acceptance, Entry, LedgerRow, Phase, RowChange, RunRecord, SnapshotRecord
from nexusops.model.ledger import (
    Alternative,
    DomainRow,
    Hold,
    HoldKind,
    NameDecision,
    NameOverride,
    NamePart,
    PersonState,
    RequestOutcome,
    Standing,
)
from nexusops.model.mailboxes import Forward, ForwardOrigin, Mailbox, MailboxKind, MailboxState, SenderOrigin
from nexusops.model.notices import Notice, NoticeKind, NoticeState
from nexusops.model.services import Connection, SendingPath, Service, ServiceState
from nexusops.ports import Store

AT = datetime(2025, 1, 15, 8, tzinfo=UTC)
DAY = date(2025, 1, 15)
ANN = PersonId("1000001")
BO = PersonId("1000002")
CHEM = Domain("chem.ox.ac.uk")
SPF = DnsRecord(type="TXT", name="admin-day.chem.ox.ac.uk", value="v=spf1 -all")
MX = DnsRecord(type="MX", name="admin-day.chem.ox.ac.uk", value="10 oxmail.ox.ac.uk.")
PROOF = (Evidence(table="cards", key="c1", snapshot="abc"), Evidence(table="units", key="CHEM"))


def allocation(name: str, person_id: str | None = ANN, **columns: Any) -> Allocation:
    """``name`` is an address; base and n follow from it unless given."""
    local, _, domain = name.partition("@")
    base = local.rstrip("0123456789")
    values: dict[str, Any] = {
        "period": 1,
        "base": base,
        "n": int(local[len(base) :] or 1),
        "kind": AddressKind.PERSONAL,
        "state": AddressState.ACTIVE,
        "unit_id": None,
        "mailbox_key": None,
        "created_on": DAY,
    }
    owner = PersonId(person_id) if person_id is not None else None
    return Allocation(
        address=Address(name), domain=Domain(domain), local=local, person_id=owner, **{**values, **columns}
    )


def mailbox(key: str, name: str | None, **columns: Any) -> Mailbox:
    """``person:ID:GENERATION`` makes a personal one, ``box:ID:GENERATION`` a secondary one."""
    sort, owner, generation = key.split(":")
    personal = sort == "person"
    values: dict[str, Any] = {
        "kind": MailboxKind.PERSONAL if personal else MailboxKind.SECONDARY,
        "person_id": PersonId(owner) if personal else None,
        "unit_id": None,
        "owner_person_id": None,
        "state": MailboxState.ACTIVE,
        "since": DAY,
    }
    return Mailbox(key=MailboxKey(key), name=name, generation=int(generation), **{**values, **columns})


def person(person_id: str, username: str | None = None, **columns: Any) -> PersonState:
    values: dict[str, Any] = {"state": Standing.ENTITLED}
    return PersonState(person_id=PersonId(person_id), username=username, **{**values, **columns})


def notice(key: str, **columns: Any) -> Notice:
    values: dict[str, Any] = {
        "kind": NoticeKind.WINDDOWN,
        "person_id": ANN,
        "unit_id": None,
        "mailbox_key": None,
        "addresses": (),
        "due_on": DAY,
        "delete_on": None,
    }
    return Notice(key=key, **{**values, **columns})


FULL: tuple[LedgerRow, ...] = (
    PersonState(
        person_id=ANN,
        username="chem0001",
        state=Standing.GRACE,
        left_on=date(2025, 1, 1),
        frozen="DUP_USERNAME",
        missing_since=date(2025, 1, 2),
        card_names=("Ann \u00e9", "O\u2019Lee"),
        base="ann.lee",
        card_id="c1",
        code="GR",
        served=(UnitId("CHEM"), UnitId("MERT")),
        ending="cancelled 2025-01-01",
        ending_seen_on=date(2025, 1, 3),
        deceased=True,
        due_on=date(2025, 2, 1),
    ),
    Mailbox(
        key=MailboxKey("person:1000001:2"),
        name="chem0001",
        generation=2,
        kind=MailboxKind.PERSONAL,
        person_id=ANN,
        unit_id=UnitId("CHEM"),
        owner_person_id=BO,
        state=MailboxState.GRACE_CANCELLED,
        since=DAY,
        sender=Address("ann.lee@chem.ox.ac.uk"),
        sender_origin=SenderOrigin.CHOICE,
        sender_basis="college",
        sender_rule="R10",
        sender_because="chosen",
        forward=Forward(to="ann@stats.example", origin=ForwardOrigin.AUTO),
        forward_set="ann@stats.example",
        forward_exempt=True,
        disable_on=date(2025, 2, 1),
        disabled_on=date(2025, 2, 2),
        delete_on=date(2025, 4, 2),
        deleted_on=date(2025, 4, 3),
        purge_on=date(2025, 5, 3),
        orphaned_on=date(2025, 2, 4),
        notice_sent_on=date(2025, 2, 5),
        manual_disable=True,
        user_id="u1",
        exchange_guid="g1",
        rule="R44",
        because="the card is cancelled",
        evidence=PROOF,
    ),
    allocation(
        "ann.lee2@chem.ox.ac.uk",
        period=3,
        state=AddressState.WINDDOWN,
        unit_id=UnitId("CHEM"),
        mailbox_key=MailboxKey("person:1000001:2"),
        winddown_on=DAY,
        months=2,
        notice_due_on=date(2025, 1, 16),
        notice_sent_on=date(2025, 1, 17),
        delete_on=date(2025, 3, 17),
        deleted_on=date(2025, 3, 18),
        reason="affiliation",
        successor=Address("ann.lee@law.ox.ac.uk"),
        gate=False,
        target="mailbox:chem0001",
        rule="R39",
        because="left CHEM",
        evidence=PROOF,
    ),
    NameOverride(person_id=ANN, part=NamePart.FIRST, value="xiaoming", based_on="Xiao Ming"),
    NameDecision(
        request_id="n1",
        person_id=ANN,
        wanted_local="xiaoming.li",
        outcome=RequestOutcome.REFERRED,
        code="NAME_REFERRED",
        decided_by="desk",
        reason="a stage name",
        applied=False,
    ),
    Alternative(person_id=ANN, source="hris", address=Address("ann@mail.example"), removed=True),
    Notice(
        key="winddown:1000001:2025-01-16",
        kind=NoticeKind.WINDDOWN,
        person_id=ANN,
        unit_id=UnitId("CHEM"),
        mailbox_key=MailboxKey("person:1000001:2"),
        addresses=(Address("ann.lee2@chem.ox.ac.uk"), Address("ann.lee@mert.ox.ac.uk")),
        due_on=date(2025, 1, 16),
        delete_on=date(2025, 3, 17),
        short_notice=True,
        state=NoticeState.SENT,
        to="ann.lee@chem.ox.ac.uk",
        sent_on=date(2025, 1, 17),
        rule="R47",
        because="ends",
        evidence=PROOF,
    ),
    Hold(subject=ANN, kind=HoldKind.HANDOVER, fingerprint="f1", actor="desk", reason="asked for", value="1000002"),
    DomainRow(domain=CHEM, state="winddown", since=DAY),
    Service(
        request_id="adminday",
        unit_id=UnitId("CHEM"),
        owner_person_id=ANN,
        state=ServiceState.REVIEW_DUE,
        since=DAY,
        path=SendingPath.SERVICE_DOMAIN,
        connection=Connection.MS_SMTP,
        receives=True,
        certificate="MII=",
        address=Address("hello@admin-day.chem.ox.ac.uk"),
        domain=Domain("admin-day.chem.ox.ac.uk"),
        records=(SPF, MX),
        publish_as="ticket",
        granted=Connection.EXO,
        published=(SPF,),
        published_as="zone_lines",
        app_id="a1",
        credential_ends_on=date(2026, 1, 1),
        live_on=date(2024, 1, 15),
        review_on=DAY,
        verified_on=date(2024, 1, 16),
        due_on=DAY,
        rule="R67",
        because="as CHEM asked",
    ),
)
"""Every field of every row filled."""

EMPTY: tuple[LedgerRow, ...] = (
    person("1000002"),
    mailbox("box:chem-office:1", None),
    allocation("office@chem.ox.ac.uk", None),
    NameDecision(request_id="n2", person_id=BO, wanted_local="b.o", outcome=RequestOutcome.REJECTED, code=None),
    Alternative(person_id=BO, source="self", address=Address("bo@mail.example")),
    notice("winddown:1000002:2025-01-16", person_id=BO),
    Service(
        request_id="r2",
        unit_id=UnitId("CHEM"),
        owner_person_id=None,
        state=ServiceState.DRAFT,
        since=DAY,
        path=SendingPath.REFER,
    ),
)
"""Every field that may be empty is empty."""


def new(*rows: LedgerRow, rule: str = "R2") -> tuple[RowChange, ...]:
    return tuple(RowChange(before=None, after=row, rule=rule) for row in rows)


def run_record(run_id: str = "r1", **columns: Any) -> RunRecord:
    values: dict[str, Any] = {"at": AT, "command": "run", "actor": "op", "program_version": "1", "result": "running"}
    return RunRecord(run_id=run_id, **{**values, **columns})


def acceptance(rows: Sequence[RowChange] = (), serial: int = 0, **columns: Any) -> Acceptance:
    values: dict[str, Any] = {
        "run": run_record(),
        "actor": "op",
        "at": AT,
        "snapshot_sha256": None,
        "snapshot_as_of": AT,
        "snapshot_again": None,
        "judged": frozenset(),
        "findings": (),
        "unfinished": {},
        "policy_hash": "p",
        "services_hash": "s",
    }
    return Acceptance(expected_serial=serial, rows=tuple(rows), **{**values, **columns})


def entry(phase: Phase, *, change_id: str = "c1", run_id: str = "r1", **columns: Any) -> Entry:
    """One phase of the only step of an AddAddress of Ann's."""
    made = Entry(
        at=AT,
        run_id=run_id,
        phase=phase,
        actor="op",
        rule="R3",
        object="address:ann.lee@chem.ox.ac.uk",
        scope=f"person:{ANN}",
        change_id=change_id,
        step="add",
    )
    return replace(made, **columns)


def snapshot(sha256: str, as_of: datetime = AT) -> SnapshotRecord:
    return SnapshotRecord(sha256=sha256, as_of=as_of, rows={"persons": 2, "cards": 1})


def exported(store: Store) -> Any:
    """The whole state as `state export` prints it."""
    return msgspec.json.decode(b"".join(state_bytes(store.export())))
