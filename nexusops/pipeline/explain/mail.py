"""Where mail for an address goes now, and after the next routing run: "mail to me bounces" (R13, R16, R57, R60)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from nexusops.model.addresses import Allocation
from nexusops.model.ids import Address
from nexusops.model.mailboxes import Mailbox, MailboxState
from nexusops.model.routing import LiveAddress
from nexusops.model.snapshot import Snapshot
from nexusops.model.units import ExternalRoute
from nexusops.pipeline.inputs import Ports, accepted_tables
from nexusops.pipeline.routing import book_of, with_held
from nexusops.report.explain import Fact
from nexusops.rules.routing import MAILBOX, accepted_states, place, table

HOPS = 20
_IGNORED = frozenset({"NOT_UNIT_IT", "BAD_ROUTE", "ROUTE_UNKNOWN_ADDRESS", "ROUTE_LOOP", "DANGLING_ROUTE"})
"""Findings of routes that do not count."""


def mail_facts(
    ports: Ports, row: Allocation, box: Mailbox | None, snapshot: Snapshot | None, found: Collection[str]
) -> Iterator[Fact]:
    """The hubs' table as it stands, what it becomes, and what the mailbox then does with the mail. ``found``: the codes
    of what the last run found of the address.
    """
    build = ports.store.routing_build()
    now = ports.store.routed([row.address]).get(row.address)
    if build is None:
        yield Fact(label="mail now", value="there is no routing table yet", rule="R60")
    else:
        yield Fact(
            label="mail now",
            value=f"goes to {now}" if now else "is refused by the hubs",
            rule="R60",
            because=f"the routing table of {build.at:%Y-%m-%d %H:%M} UTC says so" if now else _why_refused(row),
        )
    if snapshot is None:
        return
    ahead = next_hour(ports, row, box, snapshot)
    if ahead != now or build is None:
        value = f"goes to {ahead}" if ahead else "is refused by the hubs"
        yield Fact(label="mail next hour", value=value, rule="R60", because="" if ahead else _why_refused(row))
    route = snapshot.routes.get(row.address)
    if route is not None:
        ignored = not _IGNORED.isdisjoint(found) and now != place(route.destination, ports.site.fallback_domain)
        then = "it is ignored, as the finding says" if ignored else "from inside it goes to the mailbox (R57)"
        because = f"set by {route.set_by} on {route.set_at:%Y-%m-%d}; {then}"
        value = f"{'not ' if ignored else ''}to {route.destination}"
        yield Fact(label="routed", value=value, rule="R16", because=because)
    yield from _mailbox(row, box)


def _mailbox(row: Allocation, box: Mailbox | None) -> Iterator[Fact]:
    if box is None or not row.live:
        return
    if box.state is MailboxState.DISABLED:
        yield Fact(
            label="mailbox", value=f"{box.name} takes no mail", rule="D08", because="it is disabled", since=box.since
        )
    elif box.forward is not None:
        because = "set by hand" if box.forward.origin == "manual" else "its sender is in a domain with mail of its own"
        yield Fact(label="forward", value=f"{box.name} forwards to {box.forward.to}", rule="R58", because=because)


def _why_refused(row: Allocation) -> str:
    if row.deleted_on is not None:
        return f"it was deleted on {row.deleted_on}"
    if row.state == "suspended":
        return "it is suspended, with its mailbox"
    return "it has no place to go to" if row.live else "it is not an address that the hubs accept"


def next_hour(ports: Ports, row: Allocation, box: Mailbox | None, snapshot: Snapshot) -> str | None:
    """The destination that the next table will have, from the ledger and the accepted routes; None: it has none."""
    if row.state not in accepted_states(ports.policy):
        return None
    site = ports.site
    small = with_held(ports, _around(row.address, snapshot, site.fallback_domain))
    live = LiveAddress(row.address, row.kind, box.name if box is not None else None, row.target)
    unmanaged = frozenset(domain.domain for domain in snapshot.domains.values() if not domain.managed)
    return table([live], book_of(ports, small).chosen, site.fallback_domain, unmanaged).get(row.address)


def _around(address: Address, snapshot: Snapshot, fallback_domain: str) -> Snapshot:
    """Of the tables of routes only what lies on the way of mail for this address."""
    seen: set[Address] = set()
    step: Address | None = address
    while step is not None and step not in seen and len(seen) < HOPS:
        seen.add(step)
        route, alias = snapshot.routes.get(step), snapshot.nonpersonal_addresses.get(step)
        end = route.destination if route is not None else alias.target if alias is not None else None
        step = place(end, fallback_domain) if end and not end.startswith(MAILBOX) else None
    return replace(
        snapshot,
        routes={key: row for key, row in snapshot.routes.items() if key in seen},
        nonpersonal_addresses={key: row for key, row in snapshot.nonpersonal_addresses.items() if key in seen},
        external_routes={key: row for key, row in snapshot.external_routes.items() if key in seen},
    )


def routed_outside(ports: Ports, subject: str) -> ExternalRoute | None:
    """The outside route of an address in a domain with mail of its own, as registration last gave it (D35)."""
    if ports.store.accepted() is None:
        return None
    routes = accepted_tables(ports, only=()).slice((), {}).external_routes
    return routes.get(Address(subject.strip().lower()))
