"""The end of a run: the routing table for the mail hubs, from what the run left in the ledger (R60, rules.md 0)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from nexusops.codec import hash_of
from nexusops.model.ids import Address, PersonId, domain_of, local_of
from nexusops.model.ledger import Ledger
from nexusops.model.snapshot import Snapshot
from nexusops.pipeline.inputs import Deciding, Ports
from nexusops.pipeline.periods import by_address, named_like
from nexusops.ports import SnapshotTables
from nexusops.rules.judging import Known
from nexusops.rules.routes import concerned, judge_routes
from nexusops.rules.routing import RouteBook, accepted_states, place, table


def with_routes(ports: Deciding, ledger: Ledger, snapshot: Snapshot) -> Ledger:
    """What the routes of the snapshot rest on beside addresses: mailboxes that they reach, and the last table.

    The addresses that they name must be among ``holders`` or ``allocations`` by now. A role whose row was refused goes
    where the ledger has it, which the snapshot does not name any more, and one whose route cannot be read where it
    went before: that is looked up, too.
    """
    named = concerned(snapshot, ports.site.fallback_domain)
    rows = (*ledger.holders.values(), *ledger.allocations.values())
    kept = {place(r.target, ports.site.fallback_domain) for r in rows if r.target and r.live and r.address in named}
    routed = ports.store.routed(named)
    domains = {*snapshot.domains, ports.site.fallback_domain}
    if kept := {found for found in (*kept, *routed.values()) if domain_of(found) in domains} - named:
        found = named_like(ports.store, kept)
        ledger = replace(ledger, holders={**ledger.holders, **{(row.address, row.period): row for row in found}})
        named, rows = named | kept, (*rows, *found)
    keys = {row.mailbox_key for row in rows if row.address in named and row.mailbox_key is not None}
    names = {local_of(address) for address in named if domain_of(address) == ports.site.fallback_domain}
    names |= {name for name in snapshot.nonpersonal_mailboxes if name.lower() in names}  # as it spells itself
    reached = ports.store.reached(names, keys - set(ledger.mailboxes))
    return replace(ledger, reached={box.key: box for box in reached}, routed=routed)


def with_held(ports: Deciding, snapshot: Snapshot) -> Snapshot:
    """D29: of a row of routing without an address nobody can tell whose it is; what is routed elsewhere stays so."""
    if not snapshot.unclaimed.get("routing"):
        return snapshot
    live, _ = ports.store.moved_addresses(accepted_states(ports.policy), ports.site.fallback_domain, ())
    elsewhere = {Address(row.address) for row in live if row.mailbox is not None}
    return replace(snapshot, held_routes=snapshot.held_routes | elsewhere)


def staff_of(snapshot: Snapshot) -> frozenset[PersonId]:
    """IT staff, whose standing decides whether what they set counts (rules.md 3.13)."""
    return frozenset(staff.person_id for staff in snapshot.staff)


def book_of(ports: Deciding, snapshot: Snapshot) -> RouteBook:
    """The routes of the snapshot, judged by the ledger as it is."""
    holders = named_like(ports.store, concerned(snapshot, ports.site.fallback_domain))
    bare = Ledger(serial=0, holders={(row.address, row.period): row for row in holders})
    ledger = with_routes(ports, bare, snapshot)
    known = Known(
        holders=by_address(ledger.holders.values()),
        boxes=ledger.reached.values(),
        states={state.person_id: state for state in ports.store.owners(staff_of(snapshot))},
        accepted=accepted_states(ports.policy),
        routed=ledger.routed,
    )
    return judge_routes(snapshot, known, ports.site.fallback_domain)[0]


def build_routing(ports: Ports, tables: SnapshotTables, at: datetime) -> None:
    """Builds the table from the ledger as it is, and keeps it; where nothing that it rests on has changed, as it
    stands. A run that was rejected never comes here: it keeps the last table (D27).
    """
    store, site = ports.store, ports.site
    snapshot = with_held(ports, tables.slice((), ports.services))
    unmanaged = frozenset(row.domain for row in snapshot.domains.values() if not row.managed)
    states = accepted_states(ports.policy)
    ground = hash_of([sorted(unmanaged), sorted(states), site.fallback_domain])
    signature = f"{ground} {hash_of([store.serial(), _rows(snapshot)])}"
    last = store.routing_build()
    if last is not None and last.signature == signature:
        store.keep_routing(at, signature, {}, among=())
        return
    chosen = book_of(ports, snapshot).chosen
    if last is not None and last.signature.startswith(f"{ground} "):
        live, gone = store.moved_addresses(states, site.fallback_domain, chosen)
        entries = table(live, chosen, site.fallback_domain, unmanaged)
        store.keep_routing(at, signature, entries, among={*gone, *(row.address for row in live)})
    else:
        live = store.live_addresses(states)
        store.keep_routing(at, signature, table(live, chosen, site.fallback_domain, unmanaged))


def _rows(snapshot: Snapshot) -> list[object]:
    """All of the registration data that decides where mail goes."""
    unread = {table: sorted(keys) for table, keys in snapshot.unclaimed.items()}
    held = sorted(snapshot.held_routes)
    routes = [snapshot.routes, snapshot.external_routes, snapshot.nonpersonal_addresses]
    return [snapshot.units, snapshot.domains, snapshot.staff, *routes, held, unread]
