"""Entra, Graph and Exchange Online as one Tenant: asynchronous inside, on an event loop in a thread of its own, and
synchronous outside.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Collection, Coroutine, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from queue import SimpleQueue
from typing import Any, TypeVar, assert_never

from nexusops.model.changes import (
    AddAddress,
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
from nexusops.model.dns_report import Signing
from nexusops.model.ids import Domain
from nexusops.model.inspection import Inspection
from nexusops.model.journal import JsonObject, Step, StepOutcome, StepResult
from nexusops.model.mailboxes import MailboxKind
from nexusops.model.services import Check, Product
from nexusops.model.tenant import Actual, Wanted
from nexusops.tenant import access, changing, ending, inspecting, kept, making, proving, signing
from nexusops.tenant.acting import Site, aside, failed
from nexusops.tenant.doors import Doors
from nexusops.tenant.exchange import WARNED, Exchange
from nexusops.tenant.faults import NEEDS_A_HUMAN, FaultClass, TenantFault, unreadable
from nexusops.tenant.gathering import all_of
from nexusops.tenant.graph import Graph
from nexusops.tenant.pacing import Sleep
from nexusops.tenant.reading import Reading
from nexusops.tenant.settings import TenantSettings
from nexusops.tenant.stopping import Stopping

AT_ONCE = 40
"""Mailboxes that are worked on at the same time: so many that the pace, and not the distance, is what they wait for."""
BULK = 20
"""From more steps, or people, on it is bulk work: nobody waits for it at a screen (tenant-api.md 7.1)."""
T = TypeVar("T")
Prepare = Callable[[Collection[Domain], datetime], None]


class LiveTenant:
    """The real service, or the embedded one: they differ only in transport, addresses and credential.

    ``make`` builds the two clients on this adapter's event loop; ``close_with`` ends what the factory opened;
    ``memory`` keeps the users that were read, for the next run; None: everything is read each time.
    """

    def __init__(
        self,
        make: Callable[[], tuple[Graph, Exchange]],
        settings: TenantSettings,
        *,
        prepare: Prepare | None = None,
        close_with: Callable[[], None] | None = None,
        sleep: Sleep = asyncio.sleep,
        doors: Doors | None = None,
        memory: kept.Memory | None = None,
    ) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="tenant", daemon=True)
        self._thread.start()
        self._settings = settings
        self._prepare = prepare
        self._close_with = close_with
        self._graph, self._exchange = self._run(_made(make))
        self._site = Site(self._graph, self._exchange, settings, sleep)
        self._doors = doors
        self._memory = memory
        self._stopping = Stopping()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def read(self, wanted: Wanted) -> Actual:
        """All or nothing. Raises TenantUnreadable (8)."""
        if wanted.nothing:
            return Actual()
        self._graph.bulk = wanted.everything or len(wanted.people) > BULK
        roll = self._roll(wanted)
        try:
            actual = self._run(Reading(self._graph, self._exchange, self._settings.licence_sku, roll).read(wanted))
        except TenantFault as fault:
            raise unreadable(fault) from fault
        if self._memory is not None and roll is not None and roll.after is not None:
            self._memory.keep(kept.NAME, kept.packed(roll.after))
        return actual

    def _roll(self, wanted: Wanted) -> kept.Roll | None:
        if self._memory is None or not wanted.everything:
            return None
        before = kept.unpacked(self._memory.kept(kept.NAME)) if wanted.changes else None
        return kept.Roll(self._graph, before)

    def inspect(self, sender: str | None = None) -> Inspection:
        """Our own application as the tenant sees it. Raises TenantUnreadable (8)."""
        try:
            return self._run(inspecting.inspect(self._graph, self._exchange, self._settings, sender))
        except TenantFault as fault:
            raise unreadable(fault) from fault

    def signing(self) -> Mapping[str, Signing]:
        """Which accepted domains Exchange signs for (4.16). Raises TenantUnreadable (8)."""
        try:
            return self._run(signing.signing_of(self._exchange))
        except TenantFault as fault:
            raise unreadable(fault) from fault

    def prepare(self, domains: Collection[Domain], at: datetime) -> None:
        if self._prepare is not None:
            self._prepare(domains, at)

    def perform(self, steps: Sequence[Step]) -> Iterator[Sequence[StepOutcome]]:
        """A few steps at a time, those of one mailbox in their order; each outcome as it comes. After a fault that
        every request would meet nothing more is asked: all further steps fail with it.
        """
        self._graph.bulk = len(steps) > BULK
        outcomes: SimpleQueue[Sequence[StepOutcome] | None] = SimpleQueue()
        working = asyncio.run_coroutine_threadsafe(self._all(_by_mailbox(steps), outcomes), self._loop)
        try:
            while (together := outcomes.get()) is not None:
                yield together
            working.result()
        finally:
            # Nobody waits any more: what was written is found by the next look.
            if working.cancel():
                while outcomes.get() is not None:
                    pass

    async def _all(self, queue: Iterable[deque[Step]], outcomes: SimpleQueue[Sequence[StepOutcome] | None]) -> None:
        """Some mailboxes at a time, so that the requests go on while outcomes are written into the journal."""
        waiting = deque(queue)
        came: list[StepOutcome] = []

        def hand_over() -> None:
            outcomes.put(tuple(came))
            came.clear()

        async def worker() -> None:
            while waiting:
                for step in waiting.popleft():
                    outcome = await self._one(step)
                    if not came:
                        # In the loop's next turn: with this one go those that the same answer set free, and no others.
                        self._loop.call_soon(hand_over)
                    came.append(outcome)

        try:
            await all_of(worker() for _ in range(min(AT_ONCE, len(waiting))))
        finally:
            outcomes.put(None)

    async def _one(self, step: Step) -> StepOutcome:
        if (stopped := self._stopping.by) is not None:
            return failed(step, stopped, f"not tried, since before it: {stopped.message}")
        warned: list[str] = []
        WARNED.set(warned)
        try:
            outcome = await self._step(step)
            self._stopping.allowed(step)
            return _with(warned, outcome)
        except TenantFault as fault:
            if fault.fault in NEEDS_A_HUMAN:
                return aside(step, f"needs a human: {fault.message}")
            self._stopping.refused(step, fault)
            return failed(step, fault)

    async def _step(self, step: Step) -> StepOutcome:
        site, change = self._site, step.change
        match change:
            case CreateMailbox():
                personal = change.mailbox.kind is MailboxKind.PERSONAL
                return await (making.create_personal if personal else making.create_shared)(site, step, change)
            case DeleteMailbox():
                return await ending.delete(site, step, change)
            case RestoreMailbox():
                return await ending.restore(site, step, change)
            case AddAddress():
                return await changing.add_address(site, step, change)
            case RemoveAddress():
                return await changing.remove_address(site, step, change)
            case SetSender():
                return await changing.set_sender(site, step, change)
            case SetForward() | ClearForward():
                return await changing.set_forward(site, step, change)
            case DisableMailbox():
                return await changing.disable(site, step, change)
            case EnableMailbox():
                return await changing.enable(site, step, change)
            case GrantAccess():
                return await access.grant(site, step, change)
            case RevokeAccess():
                return await access.revoke(site, step, change)
            case PublishRecords() | RetireRecords():
                return await signing.sign(site, step, change)
            case WindDownAddress() | ReviveAddress() | SendNotice():
                return _unsupported(step, "it is no change of the tenant")
            case _:
                assert_never(change)

    def send_mail(self, sender: str, message: JsonObject) -> None:
        """Graph's sendMail (4.14). Raises TenantFault; a repeat is recognised by the header x-nexusops-notice.

        It accepts with an empty answer; a page of something in between is no acceptance.
        """
        body = {"message": message, "saveToSentItems": False}
        self._graph.bulk = False
        if self._run(self._graph.send("POST", f"/users/{sender}/sendMail", body)):
            raise TenantFault(FaultClass.UNKNOWN_OUTCOME, "the answer is none of Graph's: it accepts without a word")

    def examine(self, product: Product) -> Sequence[Check]:
        """See the port: nothing is written."""
        try:
            checks = self._run(proving.examined(self._site, product))
        except TenantFault as fault:
            raise unreadable(fault) from fault
        if product.sign_in is not None and self._doors is not None:
            checks += self._run(proving.probed(self._doors, product, product.sign_in))
        return checks

    def try_sending(self, product: Product, to: str) -> Sequence[Check]:
        """See the port: one message."""
        if product.sign_in is None or self._doors is None:
            return []
        return self._run(proving.tried(self._doors, product, product.sign_in, to))

    async def _ended(self) -> None:
        """What is under way is ended first: whoever takes its outcomes may still be waiting for the last one."""
        under_way = asyncio.all_tasks() - {asyncio.current_task()}
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        await self._graph.close()
        await self._exchange.close()

    def close(self) -> None:
        self._run(self._ended())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        if self._close_with is not None:
            self._close_with()


def _by_mailbox(steps: Sequence[Step]) -> Iterable[deque[Step]]:
    """One mailbox, one step at a time: a sender is moved by writing the whole list of addresses, and an address that
    another step removes meanwhile would be back.
    """
    found: dict[str, deque[Step]] = {}
    for step in steps:
        on = getattr(step.change, "mailbox", None)
        found.setdefault(on.key if on is not None else f"change {step.change_id}", deque()).append(step)
    return found.values()


def _with(warned: Sequence[str], outcome: StepOutcome) -> StepOutcome:
    """What was done with a warning says so, in the journal."""
    if not warned:
        return outcome
    told = [outcome.message] if outcome.message else []
    return replace(outcome, message="; ".join([*told, *dict.fromkeys(warned)]))


async def _made(make: Callable[[], tuple[Graph, Exchange]]) -> tuple[Graph, Exchange]:
    return make()


def _unsupported(step: Step, message: str) -> StepOutcome:
    return StepOutcome(change_id=step.change_id, step=step.name, result=StepResult.FAILED, message=message)
