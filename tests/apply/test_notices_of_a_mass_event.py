"""tenant-api.md 4.6: one mailbox sends 30 messages a minute. A day with thousands of notices takes some runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from building.state_rows import AT, DAY, acceptance, mailbox, new, notice

from nexusops.apply.executor import Acting, Execution, Tally
from nexusops.apply.settle import Books
from nexusops.config import load
from nexusops.model.changes import AddAddress, OnMailbox, SendNotice, Why
from nexusops.model.findings import Finding, Severity
from nexusops.model.ids import Address, MailboxKey, PersonId
from nexusops.model.journal import Step, StepOutcome, StepResult
from nexusops.model.mailboxes import MailboxKind
from nexusops.model.notices import NoticeKind, NoticeState
from nexusops.model.pace import MAIL_A_RUN
from nexusops.model.plan import Planned
from nexusops.model.policy import Policy
from nexusops.notify.channels import Outbox, TenantChannel
from nexusops.notify.templates import Templates
from nexusops.notify.turns import Turns
from nexusops.pipeline.outcome import findings_of
from nexusops.store import open_store
from nexusops.store.sql import SqlStore
from nexusops.wiring_notices import channel_of

REAL = 'kind = "microsoft365"\ntenant_id = "t.example"\nclient_id = "1"\ncredential = "workload_identity"\n'
PEOPLE = [f"{n:07d}" for n in range(1, 701)]


class Clock:
    """A clock that only sleep moves; one message takes a second."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Killed(BaseException):
    """The process is gone in the middle of a request."""


class Sender:
    """Graph's sendMail: remembers when each message came. The ``kill_at``-th is accepted, and its answer never seen."""

    def __init__(self, clock: Clock, kill_at: int | None = None) -> None:
        self.clock, self.kill_at = clock, kill_at
        self.came: list[tuple[float, str]] = []

    def __call__(self, sender: str, message: dict[str, Any]) -> None:
        self.clock.now += 1.0
        self.came.append((self.clock.now, message["internetMessageHeaders"][0]["value"]))
        if len(self.came) == self.kill_at:
            raise Killed


class Tenant:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.done_at: list[float] = []

    def perform(self, steps: list[Step]) -> Iterator[list[StepOutcome]]:
        for step in steps:
            self.done_at.append(self.clock.now)
            yield [StepOutcome(change_id=step.change_id, step=step.name, result=StepResult.DONE)]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    """Seven hundred people who are owed a notice each."""
    opened = open_store("sqlite:///state.db", site="oxford-test", base_dir=tmp_path)
    boxes = [mailbox(f"person:{one}:1", f"u{one}", person_id=PersonId(one)) for one in PEOPLE]
    owed = [notice(f"winddown:{one}:2025-01-15", person_id=PersonId(one), delete_on=DAY) for one in PEOPLE]
    opened.accept(acceptance(new(*boxes, *owed), unfinished={f"person:{one}": "planned" for one in PEOPLE}))
    yield opened
    opened.close()


def owed(store: SqlStore) -> list[PersonId]:
    found = store.ledger(None, None).notices.values()
    return sorted(one.person_id for one in found if one.state is NoticeState.OWED and one.person_id is not None)


def planned(store: SqlStore) -> list[Planned]:
    """A notice for everybody who is owed one, and, planned after them, an address for each."""
    why, people = Why(subject="1", rule="R47", because="a test"), owed(store)
    told = [
        SendNotice(
            why=why,
            key=f"winddown:{one}:2025-01-15",
            notice=NoticeKind.WINDDOWN,
            target=f"u{one}",
            to=(Address(f"u{one}@nexus.ox.ac.uk"),),
            person_id=one,
            unit_id=None,
            addresses=(Address(f"u{one}@chem.ox.ac.uk"),),
            delete_on=DAY,
            short_notice=False,
        )
        for one in people
    ]
    boxes = (OnMailbox(name=f"u{one}", key=MailboxKey(f"person:{one}:1"), kind=MailboxKind.PERSONAL) for one in people)
    added = [AddAddress(mailbox=on, why=why, address=Address(f"{on.name}@law.ox.ac.uk")) for on in boxes]
    return [Planned(id=f"c{n}", job="j", change=change) for n, change in enumerate((*told, *added[:5]), start=1)]


def run(store: SqlStore, clock: Clock, sender: Sender, tenant: Tenant | None = None) -> Tally:
    """One run: its own channel and turns, as each process has them."""
    channel = TenantChannel(sender, (OSError,), Turns(sleep=clock.sleep, clock=clock))
    outbox = Outbox(channel, Templates(None), "postmaster@ox.ac.uk")
    at = tenant or Tenant(clock)
    acting = Acting(store=store, tenant=at, notifier=outbox, publisher=at, run_id="r1", actor="op", at=AT)
    return Execution(acting, Books(store.ledger(None, None), Policy(), DAY), planned(store)).carry_out()


def test_no_minute_has_more_messages_than_a_mailbox_may_send(store: SqlStore) -> None:
    """What is beyond is accepted all the same, and comes late, or back to the sender."""
    clock = Clock()
    sender, tenant = Sender(clock), Tenant(clock)
    tally = run(store, clock, sender, tenant)
    times = [at for at, _ in sender.came]
    assert max(sum(start <= at < start + 60 for at in times) for start in times) == 30
    assert len(times) == MAIL_A_RUN
    assert clock.now < 5 * 60
    assert tenant.done_at == [0.0] * 5, "what is no notice waits for none"
    assert findings_of(tally) == (
        Finding(
            code="NOTICES_WAIT",
            subject="notices",
            message="550 notices go out with later runs: one mailbox sends 30 a minute, and one run 150",
            severity=Severity.INFO,
        ),
    )
    waited = [row for row in store.journal() if row.entry.phase.value == "waiting"]
    assert len(waited) <= 100, "what is not begun is in no journal"


@pytest.mark.parametrize(
    ("tenant", "waits"),
    [
        ('kind = "embedded"', False),
        (f'{REAL}graph_base_url = "https://localhost:8443/v1.0"', False),
        (REAL, True),
        (f'{REAL}cloud = "usgov"', True),
    ],
)
def test_only_microsofts_own_tenant_is_spared(tmp_path: Path, tenant: str, waits: bool) -> None:
    """A tenant on this machine is the embedded one: nobody who tries it out waits for minutes."""
    site = '[site]\nname = "t"\nfallback_domain = "nexus.ox.ac.uk"\n'
    (tmp_path / "nexusops.toml").write_text(f'{site}[registration]\nkind = "folder"\npath = "s"\n[tenant]\n{tenant}\n')
    channel = channel_of(load(tmp_path), lambda: pytest.fail("nothing is sent"), AT)
    assert isinstance(channel, TenantChannel)
    assert (channel.turns is not None) is waits


def test_later_runs_go_on_and_a_killed_one_repeats_only_the_message_in_hand(store: SqlStore) -> None:
    """interface.md 9: it is repeated under its identity, and nobody else is told twice."""
    clock = Clock()
    sender = Sender(clock, kill_at=50)
    with pytest.raises(Killed):
        run(store, clock, sender)
    left = [len(owed(store))]
    while owed(store):
        tally = run(store, clock, sender)
        left.append(len(owed(store)))
        assert len(tally.waiting) == left[-1]
    assert left == [651, 501, 351, 201, 51, 0]
    assert Counter(Counter(mark for _, mark in sender.came).values()) == {1: len(PEOPLE) - 1, 2: 1}
