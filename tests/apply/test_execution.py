"""The executor: each step is written down before it is done and after, with what it altered (architecture.md, act)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from building.state_rows import ANN, AT, DAY, FULL, acceptance, mailbox, new, notice, run_record

from nexusops.apply.executor import Acting, Execution, Tally
from nexusops.apply.settle import Books
from nexusops.codec import row_to_json
from nexusops.errors import StateUnavailable, TenantUnreadable
from nexusops.model.addresses import AddressState
from nexusops.model.changes import (
    AddAddress,
    Change,
    CreateMailbox,
    DisableMailbox,
    GrantAccess,
    OnMailbox,
    PublishRecords,
    RemoveAddress,
    SendNotice,
    SetForward,
    SetSender,
    Why,
    WindDownAddress,
)
from nexusops.model.dns import DnsRecord, SigningStep
from nexusops.model.frozen import altered
from nexusops.model.ids import Address, MailboxKey, PersonId
from nexusops.model.journal import Step, StepOutcome, StepResult
from nexusops.model.mailboxes import MailboxKind, MailboxState
from nexusops.model.notices import NoticeKind
from nexusops.model.plan import Planned
from nexusops.model.policy import Policy
from nexusops.model.services import Service
from nexusops.rules.services.signing import signed
from nexusops.store import open_store
from nexusops.store.sql import SqlStore

WHY = Why(subject=ANN, rule="R3", because="a test")
Answer = Callable[[Step], StepOutcome]


def on(person_id: str = ANN) -> OnMailbox:
    return OnMailbox(name=f"u{person_id}", key=MailboxKey(f"person:{person_id}:1"), kind=MailboxKind.PERSONAL)


def create(person_id: str = ANN) -> CreateMailbox:
    return CreateMailbox(
        mailbox=on(person_id),
        why=WHY,
        user_principal_name=f"u{person_id}@nexus.ox.ac.uk",
        display_name="Ann Lee",
        person_id=PersonId(person_id),
        unit_id=None,
        owner_person_id=None,
        address=None,
    )


def add(name: str = "ann.lee", person_id: str = ANN) -> AddAddress:
    return AddAddress(mailbox=on(person_id), why=WHY, address=Address(f"{name}@chem.ox.ac.uk"))


def planned(*changes: tuple[Change, tuple[str, ...]]) -> list[Planned]:
    return [
        Planned(id=f"c{place}", job="j", change=change, after=after)
        for place, (change, after) in enumerate(changes, start=1)
    ]


def outcome(step: Step, result: StepResult = StepResult.DONE, **columns: str) -> StepOutcome:
    return StepOutcome(change_id=step.change_id, step=step.name, result=result, **columns)  # type: ignore[arg-type]


class Port:
    """Answers steps from a table (change id, step) -> result; remembers each wave, and the journal as it then stood."""

    def __init__(self, store: SqlStore, answers: dict[tuple[str, str], StepResult | Exception] | None = None) -> None:
        self.store, self.answers = store, answers or {}
        self.waves: list[list[tuple[str, str]]] = []
        self.seen: list[list[tuple[str | None, str | None, str]]] = []

    def perform(self, steps: Sequence[Step]) -> Iterator[Sequence[StepOutcome]]:
        self.waves.append([(step.change_id, step.name) for step in steps])
        for step in steps:
            self.seen.append(journal(self.store))
            answer = self.answers.get((step.change_id, step.name), StepResult.DONE)
            if isinstance(answer, Exception):
                raise answer
            ids = {"user_id": "u1"} if step.name == "user" else {}
            yield [outcome(step, answer, message="" if answer is StepResult.DONE else f"it is {answer}", **ids)]


class OneAnswer(Port):
    """All outcomes of a wave come together. ``reports``: what the outcome of a change says beside its result."""

    reports: Mapping[str, Mapping[str, Any]] = {}

    def perform(self, steps: Sequence[Step]) -> Iterator[Sequence[StepOutcome]]:
        came = [each for together in super().perform(steps) for each in together]
        yield [replace(each, **self.reports.get(each.change_id, {})) for each in came]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    opened = open_store("sqlite:///state.db", site="oxford-test", base_dir=tmp_path)
    scopes = {f"person:{ANN}": "planned", "person:2": "planned", "person:3": "planned"}
    boxes = [mailbox(f"person:{one}:1", f"u{one}", state=MailboxState.PENDING, user_id=None) for one in (ANN, "2", "3")]
    told = notice("winddown:1000001:2025-01-15", delete_on=DAY)
    opened.accept(acceptance(new(*boxes, told), unfinished=scopes))
    yield opened
    opened.close()


def journal(store: SqlStore) -> list[tuple[str | None, str | None, str]]:
    rows = (row.entry for row in store.journal())
    return [(entry.change_id, entry.step, entry.phase.value) for entry in rows if entry.phase.value != "promise"]


def carry_out(
    store: SqlStore,
    changes: Sequence[Planned],
    tenant: Port,
    notifier: Port | None = None,
    publisher: Port | None = None,
    held: Sequence[str] = (),
) -> Tally:
    notifier, publisher = notifier or Port(store), publisher or Port(store)
    acting = Acting(store=store, tenant=tenant, notifier=notifier, publisher=publisher, run_id="r1", actor="op", at=AT)
    return Execution(acting, Books(store.ledger(None, None), Policy(), DAY), changes, frozenset(held)).carry_out()


def ids(planned: Sequence[Planned]) -> list[str]:
    return [one.id for one in planned]


def test_an_intent_stands_in_the_journal_before_its_step_is_done_and_the_outcome_after(store: SqlStore) -> None:
    port = Port(store)
    carry_out(store, planned((add(), ()), (add("bo.chen", "2"), ())), port)
    intents = [("c1", "add", "intent"), ("c2", "add", "intent")]
    assert port.seen == [intents, [*intents, ("c1", "add", "done")]]
    assert journal(store) == [*intents, ("c1", "add", "done"), ("c2", "add", "done")]
    assert list(store.open_intents()) == []


def test_an_intent_says_what_was_planned_and_an_outcome_what_was_found(store: SqlStore) -> None:
    carry_out(store, planned((add(), ())), Port(store))
    intent, done = [row.entry for row in store.journal() if row.entry.change_id == "c1"]
    assert isinstance(intent.after, dict)
    assert (intent.after["kind"], intent.after["target"]) == ("AddAddress", "ann.lee@chem.ox.ac.uk")
    assert (intent.rule, intent.object, intent.scope, intent.reason) == (
        "R3",
        "address:ann.lee@chem.ox.ac.uk",
        f"person:{ANN}",
        "a test",
    )
    assert (done.run_id, done.actor, done.at, done.reason) == ("r1", "op", AT, None)


def test_what_an_outcome_alters_is_in_the_ledger_with_it(store: SqlStore) -> None:
    class Looking(Port):
        def perform(self, steps: Sequence[Step]) -> Iterator[Sequence[StepOutcome]]:
            for together in super().perform(steps):
                yield together
                box = store.ledger([ANN], ()).mailboxes[MailboxKey(f"person:{ANN}:1")]
                boxes.append((steps[0].name, box.user_id, box.state.value))

    boxes: list[tuple[str, str | None, str]] = []
    carry_out(store, planned((create(), ())), Looking(store))
    assert boxes == [
        ("user", "u1", "pending"),
        ("licence", "u1", "pending"),
        ("mailbox", "u1", "active"),
    ]
    assert store.serial() == 1
    store.finish(run_record(result="applied"))
    assert store.serial() == 2


def test_steps_follow_one_another_and_changes_follow_what_they_come_after(store: SqlStore) -> None:
    sender = SetSender(mailbox=on(), why=WHY, was=None, becomes=Address("ann.lee@chem.ox.ac.uk"))
    port = Port(store)
    tally = carry_out(store, planned((create(), ()), (add(), ("c1",)), (sender, ("c1", "c2"))), port)
    assert port.waves == [
        [("c1", "user")],
        [("c1", "licence")],
        [("c1", "mailbox")],
        [("c2", "add")],
        [("c3", "primary")],
    ]
    assert ids(tally.done) == ["c1", "c2", "c3"]
    assert store.due(DAY) == {"person:2", "person:3"}


def test_no_wave_has_two_steps_of_one_mailbox(store: SqlStore) -> None:
    changes = [(add(f"{name}.{name}", person), ()) for name in ("a", "b", "c") for person in (ANN, "2")]
    port = Port(store)
    carry_out(store, planned(*changes), port)
    assert port.waves == [
        [("c1", "add"), ("c2", "add")],
        [("c3", "add"), ("c4", "add")],
        [("c5", "add"), ("c6", "add")],
    ]


def test_a_wave_has_two_hundred_steps_at_most(store: SqlStore) -> None:
    port = Port(store)
    carry_out(store, planned(*((add("a.b", str(n)), ()) for n in range(100, 550))), port)
    assert [len(wave) for wave in port.waves] == [200, 200, 50]


@pytest.mark.parametrize(
    ("result", "done", "waiting", "set_aside", "failed", "last"),
    [
        (StepResult.WAITING, ["c4"], ["c1", "c2", "c3"], [], [], "waiting"),
        (StepResult.SET_ASIDE, ["c4"], [], ["c1", "c2", "c3"], [], "set_aside"),
        (StepResult.FAILED, ["c4"], [], ["c2", "c3"], ["c1"], "failed"),
    ],
)
def test_what_depends_on_a_change_shares_its_fate(
    store: SqlStore,
    result: StepResult,
    done: list[str],
    waiting: list[str],
    set_aside: list[str],
    failed: list[str],
    last: str,
) -> None:
    """What waits makes others wait; what failed or was set aside sets them aside; strangers go on."""
    sender = SetSender(mailbox=on(), why=WHY, was=None, becomes=Address("ann.lee@chem.ox.ac.uk"))
    changes = planned((create(), ()), (add(), ("c1",)), (sender, ("c2",)), (add("bo.chen", "2"), ()))
    tally = carry_out(store, changes, Port(store, {("c1", "licence"): result}))
    assert (ids(tally.done), ids(tally.waiting)) == (done, waiting)
    assert ([one.id for one, _ in tally.set_aside], [one.id for one, _ in tally.failed]) == (set_aside, failed)
    assert ("c1", "licence", last) in journal(store)
    assert not [row for row in journal(store) if row[0] in ("c2", "c3") or row[1] == "mailbox"]
    assert store.due(DAY) == {f"person:{ANN}", "person:3"}


def test_what_waits_for_something_failed_as_well_is_set_aside(store: SqlStore) -> None:
    changes = planned((create(), ()), (add("a.b", "2"), ()), (add(), ("c1", "c2")))
    answers: dict[tuple[str, str], StepResult | Exception] = {
        ("c1", "user"): StepResult.WAITING,
        ("c2", "add"): StepResult.FAILED,
    }
    tally = carry_out(store, changes, Port(store, answers))
    assert [(one.id, why) for one, why in tally.set_aside] == [("c3", "waits for c1, c2, which was not done")]


def test_a_port_that_raises_in_the_middle_fails_what_it_had_not_answered(store: SqlStore) -> None:
    lost = TenantUnreadable("the line is dead", next_step="wait")
    changes = planned(*((add("a.b", person), ()) for person in (ANN, "2", "3")), (add("c.d", "3"), ("c3",)))
    port = Port(store, {("c2", "add"): lost})
    tally = carry_out(store, changes, port)
    assert ids(tally.done) == ["c1"]
    assert [(one.id, why) for one, why in tally.failed] == [("c2", "the line is dead"), ("c3", "the line is dead")]
    assert [one.id for one, _ in tally.set_aside] == ["c4"]
    assert list(store.open_intents()) == []
    assert store.due(DAY) == {"person:2", "person:3"}


def test_a_step_without_an_outcome_has_failed(store: SqlStore) -> None:
    class Silent(Port):
        def perform(self, steps: Sequence[Step]) -> Iterator[Sequence[StepOutcome]]:
            yield [outcome(steps[0])]

    tally = carry_out(store, planned((add(), ()), (add("a.b", "2"), ())), Silent(store))
    assert [(one.id, why) for one, why in tally.failed] == [("c2", "no outcome was reported")]


def test_a_defect_in_a_port_leaves_its_intents_open_for_the_next_run_to_look(store: SqlStore) -> None:
    port = Port(store, {("c2", "add"): ZeroDivisionError("a defect")})
    with pytest.raises(ZeroDivisionError):
        carry_out(store, planned((add(), ()), (add("a.b", "2"), ())), port)
    assert [intent.entry.change_id for intent in store.open_intents()] == ["c2"]


def test_nothing_more_is_done_once_the_state_cannot_be_written(store: SqlStore) -> None:
    class Full(SqlStore):
        def record(self, entries, rows=(), finished=()):  # type: ignore[no-untyped-def]
            if any(entry.phase.value == "done" for entry in entries):
                raise StateUnavailable("the disk is full", next_step="make room")
            super().record(entries, rows, finished)

    full = Full(store.engine)
    port = Port(full)
    with pytest.raises(StateUnavailable, match="the disk is full"):
        carry_out(full, planned((add(), ()), (add("a.b", "2"), ()), (add("c.d"), ())), port)
    assert port.waves == [[("c1", "add"), ("c2", "add")]]
    assert [intent.entry.change_id for intent in store.open_intents()] == ["c1", "c2"]


def test_outcomes_that_came_together_are_written_together_before_anything_follows_from_them(store: SqlStore) -> None:
    class Watched(SqlStore):
        def record(self, entries, rows=(), finished=()):  # type: ignore[no-untyped-def]
            written.append([f"{entry.change_id} {entry.step} {entry.phase}" for entry in entries])
            super().record(entries, rows, finished)

    written: list[list[str]] = []
    watched = Watched(store.engine)
    port = OneAnswer(watched, {("c2", "add"): StepResult.FAILED})
    changes = planned((add(), ()), (add("a.b", "2"), ()), (add("c.d", "3"), ()), (add("e.f", "3"), ("c1",)))
    tally = carry_out(watched, changes, port)
    assert written == [
        ["c1 add intent", "c2 add intent", "c3 add intent"],
        ["c1 add done", "c2 add failed", "c3 add done"],
        ["c4 add intent"],
        ["c4 add done"],
    ]
    assert (ids(tally.done), [one.id for one, _ in tally.failed]) == (["c1", "c3", "c4"], ["c2"])
    assert store.due(DAY) == {"person:2"}


def test_outcomes_that_came_together_alter_one_row_as_if_one_had_come_after_the_other(store: SqlStore) -> None:
    """The journal has each outcome with what it altered after it, and the ledger has both."""
    service = next(row for row in FULL if isinstance(row, Service))
    store.accept(acceptance(new(service), serial=1))
    why = replace(WHY, subject=service.request_id)
    alias = DnsRecord(type="CNAME", name="s1._domainkey.a.chem.ox.ac.uk.", value="s1.example.")
    grant = GrantAccess(mailbox=on(), why=why, connection="ms_smtp")
    sign = PublishRecords(
        why=why, domain="a.chem.ox.ac.uk", records=(), publish_as="ticket", signing=SigningStep.CONFIGURE
    )
    port = OneAnswer(store)
    port.reports = {"c1": {"after": {"app_id": "a2"}}, "c2": {"records": (alias,)}}
    carry_out(store, planned((grant, ()), (sign, ())), port, publisher=OneAnswer(store))
    first = altered(service, app_id="a2")
    second = signed(first, SigningStep.CONFIGURE, (alias,))
    rows = [row.entry for row in store.journal() if row.entry.step in ("application", "configure") or row.entry.scope]
    told = [(entry.change_id, entry.phase.value, entry.before, entry.after) for entry in rows][2:6]
    assert told == [
        ("c1", "done", None, {"app_id": "a2"}),
        (None, "promise", row_to_json(service), row_to_json(first)),
        ("c2", "done", None, None),
        (None, "promise", row_to_json(first), row_to_json(second)),
    ]
    kept = store.ledger([ANN], ["adminday"]).services["adminday"]
    assert (kept.app_id, kept.aliases) == ("a2", (alias,))


def test_promises_are_kept_by_the_acceptance_and_have_no_steps(store: SqlStore) -> None:
    promise = WindDownAddress(
        mailbox=on(),
        why=WHY,
        address=Address("ann.lee@chem.ox.ac.uk"),
        period=1,
        was=AddressState.ACTIVE,
        winddown_on=DAY,
        delete_on=DAY,
        reason="affiliation",
    )
    port = Port(store)
    tally = carry_out(store, planned((promise, ()), (add(), ("c1",))), port)
    assert (ids(tally.done), port.waves) == (["c1", "c2"], [[("c2", "add")]])


def test_notices_go_to_their_own_port_after_everything_else(store: SqlStore) -> None:
    told = SendNotice(
        why=WHY,
        key="winddown:1000001:2025-01-15",
        notice=NoticeKind.WINDDOWN,
        target=f"u{ANN}",
        to=("ann.lee@chem.ox.ac.uk",),
        person_id=ANN,
        unit_id=None,
        addresses=(),
        delete_on=DAY,
        short_notice=False,
    )
    tenant, channel = Port(store), Port(store)
    carry_out(store, planned((add(), ()), (told, ())), tenant, channel)
    assert (tenant.waves, channel.waves) == ([[("c1", "add")]], [[("c2", "send")]])
    sent = store.ledger([ANN], ()).notices[told.key]
    assert (sent.state.value, sent.sent_on, sent.to) == ("sent", DAY, "ann.lee@chem.ox.ac.uk")


def test_a_scope_with_work_of_another_job_stays_unfinished(store: SqlStore) -> None:
    changes = planned((add(), ()), (add("a.b", "2"), ()))
    carry_out(store, changes, Port(store), held=[f"person:{ANN}"])
    assert store.due(DAY) == {f"person:{ANN}", "person:3"}


def test_a_forward_that_was_set_is_remembered(store: SqlStore) -> None:
    """D35: by it a forward that somebody sets by hand is told apart."""
    change = SetForward(mailbox=on(), why=WHY, was=None, becomes="ann@stats.example")
    carry_out(store, planned((change, ())), Port(store))
    assert store.ledger([ANN], ()).mailboxes[MailboxKey(f"person:{ANN}:1")].forward_set == "ann@stats.example"


def test_several_steps_of_an_end_leave_the_ledger_alone(store: SqlStore) -> None:
    ends = planned(
        (DisableMailbox(mailbox=on(), why=WHY), ()),
        (RemoveAddress(mailbox=on("2"), why=WHY, address=Address("a.b@chem.ox.ac.uk")), ()),
    )
    before = store.ledger(None, None)
    carry_out(store, ends, Port(store))
    assert store.ledger(None, None) == before
    assert [row[1] for row in journal(store) if row[0] == "c1" and row[2] == "done"] == [
        "note",
        "block",
        "revoke",
        "protocols",
        "hide",
    ]


def test_dns_records_go_to_the_publisher_between_tenant_and_notices(store: SqlStore) -> None:
    """R69, R78: with a row pair in the journal like any other step."""
    record = DnsRecord(type="TXT", name="a.chem.ox.ac.uk.", value="v=spf1 -all")
    publish = PublishRecords(why=WHY, domain="a.chem.ox.ac.uk", records=(record,), publish_as="ticket")
    tenant, publisher = Port(store), Port(store)
    carry_out(store, planned((publish, ()), (add(), ())), tenant, publisher=publisher)
    assert (tenant.waves, publisher.waves) == ([[("c2", "add")]], [[("c1", "publish")]])
    assert journal(store)[-2:] == [("c1", "publish", "intent"), ("c1", "publish", "done")]
