"""What people and machines do beside the hourly run: single jobs, the desk, requests, the tenant by hand, kills."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from building.happenings import ALIASES, BOXES, SERVICE, Event
from building.mischief import OWN, PEOPLES
from building.town import Town
from nexusops import wiring
from nexusops.errors import SnapshotRefused
from nexusops.model.tenant import ActualMailbox, Wanted
from nexusops.pipeline import desk as actions
from nexusops.pipeline.act import run
from nexusops.pipeline.desk import Wish
from nexusops.pipeline.inputs import Ports
from nexusops.pipeline.saas import desk as saas_desk
from nexusops.pipeline.stopping import Mandate
from nexusops.pipeline.undo import undo
from nexusops.store import writing
from nexusops.tenant.exchange import hash_table
from nexusops.tenant.live import LiveTenant

JOBS = (
    *("mailboxes", "addresses", "senders", "forwards"),
    *("disable_cancelled", "saas_mailboxes", "service_domains", "notices"),
)


def job(town: Town, event: Event) -> None:
    """One or two jobs alone, before the whole run of this hour, or in its stead."""
    names = {JOBS[event.a % len(JOBS)], JOBS[event.b % len(JOBS)]}
    town.first.append(lambda: _alone(town, tuple(sorted(names))))
    town.skipped = event.c % 3 == 0


def _alone(town: Town, names: tuple[str, ...]) -> None:
    with wiring.opened(town.config, snapshot=town.path) as site, suppress(SnapshotRefused):
        run(site.ports, at=town.at, actor="cron", jobs=names)


def killed(town: Town, event: Event) -> None:
    """The hour's run dies after its n-th transaction, once or twice; the same hour's run, or the next, goes on."""
    deaths = (1 + event.a, 1 + event.b)[: 1 + event.c % 2]
    town.first += [partial(_killed, town, after) for after in deaths]
    town.skipped = event.who % 3 == 0


def _killed(town: Town, after: int) -> None:
    """In a process of its own: the failpoint kills it."""
    child = os.fork()
    if child == 0:
        try:
            os.environ["NEXUSOPS_KILL_AT"] = str(writing._WRITTEN + after)
            with wiring.opened(town.config, snapshot=town.path) as site:
                run(site.ports, at=town.at, actor="cron")
        finally:
            os._exit(0)
    os.waitpid(child, 0)


def wish(town: Town, event: Event) -> None:
    """Everything else that the desk and local IT staff may ask for; what is refused leaves no trace."""
    person = town.rows("persons", person_id=town.person(event.who))[0]
    name, request = str(person["username"]), ("admin-day", "tickets")[event.c % 2]
    live = [*PEOPLES, *ALIASES, *OWN]

    def decide(ports: Ports, wish: Wish) -> None:
        for finding in ports.store.findings(None):
            if finding.code == "NAME_REFERRED":
                requests = [str(row["request_id"]) for row in town.rows("name_requests")]
                for one in requests:
                    if ports.store.name_decision(one) is not None:
                        actions.decide_name(ports, one, wish, accept=bool(event.b % 2))

    acts: tuple[Callable[[Ports, Wish], Any], ...] = (
        lambda ports, wish: actions.disable(ports, name, wish, override=bool(event.b % 2)),
        lambda ports, wish: actions.undo_disable(ports, name, wish),
        lambda ports, wish: actions.shorten_winddown(ports, live[event.c % len(live)], town.today, wish),  # type: ignore[arg-type]
        decide,
        lambda ports, wish: saas_desk.handover(ports, request, name, wish),
        lambda ports, wish: saas_desk.retire(ports, request, wish),
        lambda ports, wish: saas_desk.renew(ports, request, wish, revoke=bool(event.b % 2)),
        lambda ports, wish: saas_desk.proved(ports, request, wish),
        lambda ports, wish: actions.handover(ports, BOXES[event.b % 3], name, wish),
    )
    town.desk(acts[event.a % len(acts)])


def undone(town: Town, event: Event) -> None:
    """One of the last runs is undone."""

    def take_back(ports: Ports, wish: Wish) -> None:
        runs = [record.run_id for record in ports.store.runs()]
        if runs:
            which = runs[-1 - event.a % min(len(runs), 3)]
            undo(ports, which, Mandate(command="undo", actor=wish.actor, reason=wish.reason, at=wish.at, accept={}))

    town.desk(take_back)


def request(town: Town, event: Event) -> None:
    """A second product: filed, altered, moved to another unit, in another owner's hands, broken, or taken away."""
    name = ("tickets", "Tickets", "chem-office", "chem0001")[event.who % 4 if event.a == 0 else 0]
    path = town.config / "services" / f"{name}.toml"
    if event.b % 5 == 0:
        path.unlink(missing_ok=True)
        return
    mode, exo = ("auto", "mailbox", "service_domain")[event.c % 3], ("true", "false")[event.b % 2]
    unit, owner = ("CHEM", "LAW", "BALL", "NONE")[event.a % 4], town.person(event.who)
    text = SERVICE.format(unit=unit, exo=exo, mode=mode, owner=owner).replace("Admin Day", "Tickets")
    local = ("tickets", "office", "adminday", "porter")[event.who % 4]
    text = text.replace('from_local = "adminday"', f'from_local = "{local}"')
    path.write_text(text if event.b % 5 != 4 else text.replace("daily_volume = 200", 'daily_volume = "many"'))


def by_hand(town: Town, event: Event) -> None:
    """Somebody alters the tenant itself; what the tenant refuses them does not happen."""
    with wiring.opened(town.config) as site:
        tenant = site.ports.tenant()
        assert isinstance(tenant, LiveTenant)
        found = tenant.read(Wanted(everything=True))
        boxes = [
            box for box in (*found.people.values(), *found.boxes.values()) if box.exchange_guid and not box.deleted
        ]
        boxes.sort(key=lambda box: box.name)  # the tenant's own order is of ids that it makes up
        if not boxes:
            return
        box = boxes[event.who % len(boxes)]
        try:
            tenant._run(_altered(tenant, box, boxes[event.a % len(boxes)], event))
        except Exception as error:  # whatever it is that the tenant says to them
            if not type(error).__module__.startswith("nexusops"):
                raise
    town.touched, town.by_hand = 1 + event.a % 3, True


async def _altered(tenant: LiveTenant, box: ActualMailbox, other: ActualMailbox, event: Event) -> None:
    exchange, graph, guid = tenant._exchange, tenant._graph, box.exchange_guid
    addresses = sorted(box.addresses)
    one = addresses[event.b % len(addresses)] if addresses else ""
    match event.c % 9:
        case 0:
            await exchange.invoke("Set-Mailbox", Identity=guid, ForwardingSmtpAddress="smtp:me@mail.example")
        case 1:
            await exchange.invoke("Set-Mailbox", Identity=guid, ForwardingSmtpAddress=None)
        case 2:
            removed = hash_table(Remove=[f"smtp:{one}"])
            await exchange.invoke("Set-Mailbox", Identity=guid, EmailAddresses=removed)
        case 3:
            await exchange.invoke(
                "Set-Mailbox", Identity=guid, EmailAddresses=hash_table(Add=["smtp:new@chem.ox.ac.uk"])
            )
        case 4:
            await exchange.invoke("Set-Mailbox", Identity=guid, WindowsEmailAddress=one)
        case 5:
            await graph.write("PATCH", f"/users/{box.user_id}", {"accountEnabled": bool(event.b % 2)})
        case 6:
            await graph.send("DELETE", f"/users/{box.user_id}")
        case 7:
            removed, added = hash_table(Remove=[f"smtp:{one}"]), hash_table(Add=[f"smtp:{one}"])
            await exchange.invoke("Set-Mailbox", Identity=guid, EmailAddresses=removed)
            await exchange.invoke("Set-Mailbox", Identity=other.exchange_guid, EmailAddresses=added)
        case _ if not box.shared:
            await graph.write("PATCH", f"/users/{box.user_id}", {"employeeId": ("1000002", "9999999")[event.b % 2]})
