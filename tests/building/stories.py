"""Plans that tell a story, for tests of what people read: an ordinary hour, a stopped one, and a big one."""

from __future__ import annotations

from datetime import date

from building.plans import box, personal, plan_of, why
from nexusops.model.addresses import AddressState
from nexusops.model.changes import (
    AddAddress,
    Change,
    ClearForward,
    CreateMailbox,
    DeleteMailbox,
    DisableMailbox,
    EnableMailbox,
    GrantAccess,
    PublishRecords,
    RemoveAddress,
    RestoreMailbox,
    RetireRecords,
    ReviveAddress,
    RevokeAccess,
    SendNotice,
    SetForward,
    SetSender,
    WindDownAddress,
)
from nexusops.model.dns import DnsRecord
from nexusops.model.findings import Finding, Severity
from nexusops.model.ids import Address, PersonId, UnitId
from nexusops.model.mailboxes import MailboxKind
from nexusops.model.notices import NoticeKind
from nexusops.model.plan import Estimate, GuardReport, Plan, Planned

ANN, MARY, BEN = PersonId("1000005"), PersonId("1000001"), PersonId("1000007")
UNITS = {ANN: (UnitId("MERT"), UnitId("LAW")), MARY: (UnitId("BALL"),), BEN: (UnitId("CHEM"),)}
NAMES = {ANN: "Ann Lee", MARY: "Mary Brown", BEN: "Ben O'Neill"}
LAW, CHEM = Address("ann.lee@law.ox.ac.uk"), Address("ann.lee@chem.ox.ac.uk")
SPF = DnsRecord(type="TXT", name="admin-day.foodtech.ox.ac.uk.", value="v=spf1 include:spf.adminday.example -all")

EVERY_KIND: tuple[tuple[str, Change], ...] = (
    (
        "mailboxes",
        CreateMailbox(
            mailbox=personal("ball1234", MARY),
            why=why(MARY, "R2", "the card is current and its status UG entitles to a mailbox", ("cards", "c1")),
            user_principal_name="ball1234@nexus.ox.ac.uk",
            display_name="Mary Brown",
            person_id=MARY,
            unit_id=None,
            owner_person_id=None,
            address=None,
        ),
    ),
    (
        "saas_mailboxes",
        CreateMailbox(
            mailbox=box("adminday", MailboxKind.SAAS),
            why=why("adminday", "R61", "the request adminday was approved for a mailbox"),
            user_principal_name="adminday@nexus.ox.ac.uk",
            display_name="Admin Day",
            person_id=None,
            unit_id=UnitId("FOOD"),
            owner_person_id=MARY,
            address=Address("adminday@foodtech.ox.ac.uk"),
        ),
    ),
    ("mailboxes", EnableMailbox(mailbox=personal("chem0042", BEN), why=why(BEN, "R43", "the card is current again"))),
    (
        "disable_cancelled",
        DisableMailbox(mailbox=personal("food0009", BEN), why=why(BEN, "R44", "the card was cancelled a month ago")),
    ),
    (
        "mailboxes",
        DeleteMailbox(
            mailbox=personal("hist0003", BEN),
            why=why(BEN, "D08", "the mailbox was disabled two months ago"),
            addresses=(Address("ben.oneill@history.ox.ac.uk"),),
        ),
    ),
    ("mailboxes", RestoreMailbox(mailbox=personal("merc0001", BEN), why=why(BEN, "R43", "back within 30 days"))),
    ("addresses", AddAddress(mailbox=personal("mert0005", ANN), why=why(ANN, "R38", "joined LAW"), address=LAW)),
    (
        "addresses",
        WindDownAddress(
            mailbox=personal("mert0005", ANN),
            why=why(ANN, "R39", "the affiliation to CHEM ended on 2025-09-30", ("affiliations", "1000005,CHEM")),
            address=CHEM,
            period=1,
            was=AddressState.ACTIVE,
            winddown_on=date(2025, 10, 1),
            delete_on=date(2025, 12, 2),
            reason="affiliation",
        ),
    ),
    (
        "addresses",
        ReviveAddress(
            mailbox=None,
            why=why(BEN, "D23", "back in CHEM"),
            address=Address("ben.oneill@chem.ox.ac.uk"),
            period=2,
            was=AddressState.WINDDOWN,
        ),
    ),
    (
        "addresses",
        RemoveAddress(
            mailbox=personal("chem0042", BEN),
            why=why(BEN, "R41", "told on 2025-07-31, two months are over"),
            address=Address("ben.oneill@stats.ox.ac.uk"),
        ),
    ),
    (
        "senders",
        SetSender(mailbox=personal("mert0005", ANN), why=why(ANN, "R40", "it winds down"), was=CHEM, becomes=LAW),
    ),
    (
        "forwards",
        SetForward(
            mailbox=personal("stat0001", BEN),
            why=why(BEN, "R58", "own-mail sender"),
            was=None,
            becomes="ben@mail.example",
        ),
    ),
    (
        "forwards",
        ClearForward(mailbox=personal("stat0002", BEN), why=why(BEN, "R58", "no longer"), was="old@mail.example"),
    ),
    (
        "notices",
        SendNotice(
            why=why(ANN, "R47", "an address entered wind-down yesterday"),
            key=f"winddown:{ANN}:2025-10-01",
            notice=NoticeKind.WINDDOWN,
            target="mert0005",
            to=("ann.lee@merton.ox.ac.uk",),
            person_id=ANN,
            unit_id=None,
            addresses=(CHEM,),
            delete_on=date(2025, 12, 2),
            short_notice=False,
        ),
    ),
    ("saas_mailboxes", GrantAccess(mailbox=box("adminday"), why=why("adminday", "R63", "approved"), connection="exo")),
    ("saas_mailboxes", RevokeAccess(mailbox=box("oldday"), why=why("oldday", "R63", "retired"), connection="ms_smtp")),
    (
        "service_domains",
        PublishRecords(
            why=why("r7", "R68", "approved"), domain="admin-day.foodtech.ox.ac.uk", records=(SPF,), publish_as="ticket"
        ),
    ),
    (
        "service_domains",
        RetireRecords(
            why=why("r8", "2.4", "retired"), domain="old.foodtech.ox.ac.uk", records=(SPF, SPF), publish_as="zone_lines"
        ),
    ),
)

FINDINGS = (
    Finding(
        code="NAME_NOT_LATIN", subject="1000009", message="王 小明 cannot be written in Latin letters by rule; fallback"
    ),
    Finding(
        code="NAME_NOT_LATIN", subject="1000010", message="李 娜 cannot be written in Latin letters by rule; fallback"
    ),
    Finding(
        code="DUP_USERNAME", subject="1000011", message="chem0043 belongs to 1000012 as well", severity=Severity.ALERT
    ),
    Finding(code="SPLIT_ROUTING", subject=LAW, message="outside mail goes elsewhere", severity=Severity.INFO),
)


def every_kind() -> Plan:
    """One change of each kind (and a SaaS mailbox); nothing is stopped."""
    return plan_of(
        (Planned(id=f"c{n}", job=job, change=change) for n, (job, change) in enumerate(EVERY_KIND, start=1)),
        findings=FINDINGS,
        guard=GuardReport(counts={"Destructive": 4}, limits={"Destructive": 50}),
        estimate=Estimate(graph_writes=9, exchange_writes=14, seconds=8.4),
    )


def nothing_to_do() -> Plan:
    return plan_of((), estimate=Estimate(graph_writes=0, exchange_writes=0, seconds=0.0))


def end_of_courses(number: int) -> tuple[Plan, dict[PersonId, tuple[UnitId, ...]], dict[str, str]]:
    """The expiry of many cards on one day (rules.md 6), stopped by the guard; with the people's units and names."""
    units = {PersonId(f"{2_000_000 + n}"): (UnitId(f"UNIT{n % 17:02}"),) for n in range(number)}
    names = {person: f"Person Number {person}" for person in units}
    changes: list[Change] = []
    for n, person in enumerate(units):
        mailbox = personal(f"unit{n:04}", person)
        if n % 3:
            reason = why(person, "R36", "the card expired on 2025-09-30", ("cards", f"k{n}"))
            changes.append(DisableMailbox(mailbox=mailbox, why=reason))
        else:
            reason = why(
                person, "R10", f"status UG since 2025-09-{n % 30 + 1:02}: the college address", ("cards", f"k{n}")
            )
            was, becomes = Address(f"p{n}@chem.ox.ac.uk"), Address(f"p.{n}@merton.ox.ac.uk")
            changes.append(SetSender(mailbox=mailbox, why=reason, was=was, becomes=becomes))
    destructive = sum(isinstance(change, DisableMailbox) for change in changes)
    counts, limits = (
        {"Destructive": destructive, "unit:UNIT03": destructive // 17},
        {"Destructive": 50, "unit:UNIT03": 20},
    )
    tripped = tuple(name for name in limits if counts[name] > limits[name])
    guard = GuardReport(counts=counts, limits=limits, tripped=tripped)
    planned = tuple(Planned(id=f"c{n}", job="mailboxes", change=change) for n, change in enumerate(changes, start=1))
    estimate = Estimate(graph_writes=number, exchange_writes=number * 2, seconds=number * 0.4)
    return plan_of(planned, findings=FINDINGS, guard=guard, estimate=estimate), dict(units), dict(names)
