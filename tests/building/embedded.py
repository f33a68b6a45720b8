"""The embedded tenant behind the real adapter, with its fault script, its log, and a sleep that takes no time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx

from building.outcomes import outcomes_of
from nexusops.emulator.tenant import EmbeddedTenant
from nexusops.model.changes import Change, CreateMailbox, OnMailbox, Why
from nexusops.model.ids import Address, MailboxKey, PersonId
from nexusops.model.journal import Step, StepOutcome
from nexusops.model.mailboxes import MailboxKind
from nexusops.model.steps import steps_of
from nexusops.model.tenant import ActualMailbox, Wanted
from nexusops.tenant.exchange import Exchange
from nexusops.tenant.graph import Graph
from nexusops.tenant.live import LiveTenant
from nexusops.tenant.settings import TenantSettings
from nexusops.tenant.transport import Retry

WHY = Why(subject="person 0012345", rule="R2", because="a test")
SETTINGS = TenantSettings(tenant_id="unused", client_id="unused")
DOMAIN = "nexus.ox.ac.uk"
ADA_ID = PersonId("0012345")


class Slept:
    """A sleep that only writes down for how long."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


class Room:
    """One embedded tenant and one adapter on it; ``wrap`` puts a transport of the test's own between them."""

    def __init__(
        self,
        path: Path,
        *,
        settings: TenantSettings = SETTINGS,
        wrap: Callable[[httpx.AsyncBaseTransport], httpx.AsyncBaseTransport] = lambda inner: inner,
        grants: Sequence[str] = (),
    ) -> None:
        self.service = EmbeddedTenant.open(path, grants=grants)
        self.slept = Slept()
        retry = Retry(sleep=self.slept, chance=lambda: 0.0)
        credential = self.service.credential()
        slot = wrap(httpx.ASGITransport(app=self.service.app))
        scope = f"{self.service.exchange_base_url}/.default"

        def make() -> tuple[Graph, Exchange]:
            exchange = Exchange(
                self.service.exchange_base_url,
                self.service.tenant_id,
                lambda claims: credential.get_token(scope, claims=claims).token,
                retry,
                transport=slot,
            )
            return Graph(self.service.graph_base_url, credential, retry, transport=slot), exchange

        self.tenant = LiveTenant(make, settings, close_with=self.service.close, sleep=self.slept)

    def perform(self, change: Change, *only: str) -> list[StepOutcome]:
        """The steps of one change, one after the other, as the executor would: nothing after what is not done."""
        outcomes: list[StepOutcome] = []
        for name in only or steps_of(change):
            (outcome,) = outcomes_of(self.tenant, [Step(change_id="c1", name=name, change=change)])
            outcomes.append(outcome)
            if outcome.result != "done":
                break
        return outcomes

    def results(self, change: Change, *only: str) -> list[str]:
        return [outcome.result.value for outcome in self.perform(change, *only)]

    def ada(self) -> ActualMailbox:
        """Ada's mailbox as it is read now."""
        return self.tenant.read(Wanted(people={ADA_ID: None})).people[ADA_ID]

    def faults(self, *script: dict[str, Any]) -> None:
        self.service.set_faults(list(script))

    def unspent(self) -> list[str]:
        """Kinds of the scripted faults that were never met."""
        return [fault["kind"] for fault in self.service._book.setting("faults") or [] if not fault["spent"]]

    def writes(self) -> list[str]:
        """What the service was asked to change, in order: the cmdlet, or method and path."""
        asked = [(r["method"], r["path"], r.get("cmdlet") or "") for r in self.service.requests()]
        return [
            cmdlet or f"{method} {path}"
            for method, path, cmdlet in asked
            if not cmdlet.startswith("Get-") and method != "GET" and not path.endswith("$batch")
        ]


def person(name: str = "abcd0001", person_id: str = ADA_ID, **ids: str | None) -> OnMailbox:
    return OnMailbox(name=name, key=MailboxKey(f"person:{person_id}:1"), kind=MailboxKind.PERSONAL, **ids)


def box(name: str = "saas-worktribe", **ids: str | None) -> OnMailbox:
    return OnMailbox(name=name, key=MailboxKey(f"box:{name}:1"), kind=MailboxKind.SAAS, **ids)


def creation(on: OnMailbox) -> CreateMailbox:
    personal = on.kind is MailboxKind.PERSONAL
    return CreateMailbox(
        mailbox=on,
        why=WHY,
        user_principal_name=f"{on.name}@{DOMAIN}",
        display_name="Ada Byron" if personal else "Worktribe notifications",
        person_id=PersonId(on.key.split(":")[1]) if personal else None,
        unit_id=None,
        owner_person_id=None,
        address=None if personal else Address(f"{on.name}@admin.ox.ac.uk"),
    )
