"""Routes as registration has them, judged: who set them, of what, and whether they lead anywhere (R16, R24, R29, R57;
D47; rules.md 3.6).

The tables of routes and of non-personal addresses are small: they are judged whole in every run, with the addresses
and mailboxes that they name looked up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from nexusops.model.addresses import AddressKind
from nexusops.model.findings import Finding, Severity
from nexusops.model.ids import Address, Domain, PersonId, domain_of
from nexusops.model.ledger import PersonState, Standing
from nexusops.model.mailboxes import Mailbox, MailboxKind, MailboxState
from nexusops.model.snapshot import Snapshot
from nexusops.model.units import ExternalRoute
from nexusops.rules.judging import GONE, Judging, Known
from nexusops.rules.routing import RouteBook, place, without_loops

_ROLES = frozenset({AddressKind.NONPERSONAL, AddressKind.FOREIGN})


def judge_routes(snapshot: Snapshot, known: Known, fallback_domain: str) -> tuple[RouteBook, tuple[Finding, ...]]:
    """What stands of the rows, and what is wrong with the others. Findings are in the order of their addresses."""
    by_key = {box.key: box for box in known.boxes}
    by_name: dict[str, Mailbox] = {}
    for box in by_key.values():
        spelled = (box.name or "").lower()
        if spelled and (spelled not in by_name or by_name[spelled].generation < box.generation):
            by_name[spelled] = box
    setters = _setters(snapshot, known.states)
    judging = Judging(snapshot, known.holders, by_key, by_name, setters, known.routed, known.accepted, fallback_domain)
    external, refused, held = _external(judging)
    routes = _routes(judging)
    wanted = {**_aliases(judging, routes), **routes}
    plain = {address: place(f"mailbox:{name}", fallback_domain) for address in wanted if (name := judging.on(address))}
    chosen, looped = without_loops(wanted, judging.before, plain, external)
    for address in sorted(looped):
        message = f"mail for {address} would go round in a circle; it goes where it went before"
        judging.find("ROUTE_LOOP", address, message, Severity.ALERT)
    without = RouteBook(fallback_domain=fallback_domain, chosen=chosen)
    for address in [one for one in sorted(routes.keys() & plain.keys()) if without.end_of(one) is None]:
        chosen[address] = plain[address]  # a circle of roles, which goes nowhere now
        _dangling(judging, address, "that goes nowhere")
    book = RouteBook(
        fallback_domain=fallback_domain,
        chosen=chosen,
        external=external,
        refused=refused,
        held=held,
        mailbox_of={address: name for address in concerned(snapshot, fallback_domain) if (name := judging.on(address))},
        boxes=by_name,
    )
    _split(judging, book, routes)
    _roles(judging, book)
    return book, tuple(sorted(judging.findings, key=lambda found: (found.subject, found.code)))


def concerned(snapshot: Snapshot, fallback_domain: str) -> frozenset[Address]:
    """The addresses of ours that routes, aliases and outside routes name; routing names of mailboxes among them."""
    ends = [
        *(route.destination for route in snapshot.routes.values()),
        *(alias.target for alias in snapshot.nonpersonal_addresses.values()),
        *(route.destination for route in snapshot.external_routes.values()),
    ]
    places = {place(end, fallback_domain) for end in ends if end}
    ours = {found for found in places if domain_of(found) == fallback_domain or domain_of(found) in snapshot.domains}
    return frozenset({*snapshot.routes, *snapshot.held_routes, *snapshot.nonpersonal_addresses, *ours})


def _setters(snapshot: Snapshot, states: Mapping[PersonId, PersonState]) -> dict[Domain, frozenset[str]]:
    """Who may say where mail of a domain goes: IT staff, still here, of the units that use it (R16, rules.md 3.13)."""
    found: dict[Domain, set[str]] = {}
    for staff in snapshot.staff:
        unit, state = snapshot.units.get(staff.unit_id), states.get(staff.person_id)
        if unit is not None and unit.domain is not None and (state is None or state.state is not Standing.OUT):
            found.setdefault(unit.domain, set()).add(staff.staff_id)
    return {domain: frozenset(names) for domain, names in found.items()}


def _external(judging: Judging) -> tuple[dict[Address, Address], frozenset[Address], frozenset[Address]]:
    """Outside routes that count, the addresses of those that do not, and those that nobody can tell of (3.6, D29)."""
    good: dict[Address, Address] = {}
    refused: set[Address] = set()
    held = set(judging.snapshot.held_routes)
    for address, route in sorted(judging.snapshot.external_routes.items()):
        code = _refusal(judging, route)
        if code is not None:
            judging.find(code[0], address, code[1], table="external_routes")
            unsure = code[0] == "NOT_UNIT_IT" and judging.unsure(route.set_by, domain_of(address))
            (held if unsure else refused).add(address)
        elif route.destination:
            destination = place(route.destination, judging.fallback_domain)
            if not judging.over(destination) and judging.given_on(destination, route.set_at) is None:
                good[address] = destination
    return good, frozenset(refused), frozenset(held)


def _refusal(judging: Judging, route: ExternalRoute) -> tuple[str, str] | None:
    domain = domain_of(route.address)
    row = judging.snapshot.domains.get(domain)
    if domain == judging.fallback_domain or (row is not None and row.managed):
        return "ROUTE_UNKNOWN_ADDRESS", f"{domain} is routed here; an outside route of {route.address} is ignored"
    if not judging.may_set(route.set_by, domain):
        return (
            "NOT_UNIT_IT",
            f"{route.set_by} is not IT staff of a unit that uses {domain}; the outside route is ignored",
        )
    return None


def _routes(judging: Judging) -> dict[Address, Address]:
    """Rows of routing that are followed; an unheeded one leaves its address with its own mailbox."""
    held = set(judging.snapshot.held_routes - judging.snapshot.routes.keys())
    for address, route in sorted(judging.snapshot.routes.items()):
        row, destination = judging.live(address), place(route.destination, judging.fallback_domain)
        if row is None:
            message = f"{address} is no address in use; its route is ignored"
            judging.find("ROUTE_UNKNOWN_ADDRESS", address, message)
        elif (reason := judging.given_on(address, route.set_at)) is not None:
            judging.find("ROUTE_UNKNOWN_ADDRESS", address, f"{reason}, which is ignored until it is set anew")
        elif row.kind is AddressKind.FALLBACK:
            judging.find("BAD_ROUTE", address, f"{address} is a mailbox's own routing name and cannot go elsewhere")
        elif not judging.may_set(route.set_by, row.domain):
            unsure = judging.unsure(route.set_by, row.domain)
            then = "mail goes where it went before" if unsure else "the route is ignored"
            message = f"{route.set_by} is not IT staff of a unit that uses {row.domain}; {then}"
            judging.find("NOT_UNIT_IT", address, message)
            held |= {address} if unsure else set()
        elif (reason := judging.given_on(destination, route.set_at)) is not None:
            _dangling(judging, address, reason)
        else:
            judging.followed[address] = destination
    judging.followed.update(_as_before(judging, held))
    _leave_out(judging)
    return judging.followed


def _as_before(judging: Judging, held: Iterable[Address]) -> Iterator[tuple[Address, Address]]:
    """D29, R60: its route cannot be read, or waits for the next run; mail goes where the last table sends it."""
    for address in held:
        row, before = judging.live(address), judging.routed.get(address)
        if row is not None and before is not None and row.kind is not AddressKind.FALLBACK:
            yield address, before


def _leave_out(judging: Judging) -> None:
    """Routes to where no mail is taken; without one of them there may be others."""
    followed = judging.followed
    while refused := {one: why for one, to in followed.items() if (why := judging.refusing(to)) is not None}:
        for address, reason in refused.items():
            judging.left_out[address] = followed.pop(address)
            _dangling(judging, address, reason)
        judging.refused.clear()


def _dangling(judging: Judging, address: Address, reason: str) -> None:
    """Told of a row that can be read; of others that is told already."""
    route = judging.snapshot.routes.get(address)
    if route is not None:
        message = f"it is to go to {route.destination}, and {reason}; the route is not followed"
        judging.find("DANGLING_ROUTE", address, message)


def _aliases(judging: Judging, routed: Mapping[Address, Address]) -> dict[Address, Address]:
    """Unattached addresses go to their target, and stay however it fares (R29)."""
    wanted: dict[Address, Address] = {}
    for address in sorted(judging.snapshot.nonpersonal_addresses):
        row = judging.live(address)
        if row is None or row.mailbox_key is not None or address in routed:
            continue
        target = place(row.target, judging.fallback_domain) if row.target else None
        reason = judging.dead(target) if target is not None else "no target is named"
        if reason is not None:
            message = f"mail for {address} is to go to {row.target or 'nowhere'}: {reason}; name another target"
            judging.find("DANGLING_ROUTE", address, message, Severity.ALERT, table="nonpersonal_addresses")
        if target is not None:
            wanted[address] = target
    return wanted


def _split(judging: Judging, book: RouteBook, routes: Iterable[Address]) -> None:
    """R57, D47: reported, and left as it is."""
    for address in routes:
        name = judging.on(address)
        if name is None:
            continue
        end = book.end_of(address)
        if end != place(f"mailbox:{name}", book.fallback_domain):
            message = f"outside mail for {address} goes to {end}; mail from inside stays in the mailbox {name}"
            judging.find("SPLIT_ROUTING", address, message)


def _roles(judging: Judging, book: RouteBook) -> None:
    """R24: a role address that ends in a personal mailbox is lost with it; an alert from the day of the grace on, also
    while the mailbox is disabled, be it by way of an address that refuses mail since, or of a route that is left out.
    """
    roles = {*book.chosen, *judging.left_out, *judging.snapshot.nonpersonal_addresses}
    for address in sorted(roles):
        row = judging.live(address)
        end = book.end_of(judging.left_out.get(address, address)) if row is not None and row.kind in _ROLES else None
        name = book.at_mailbox(end) if end is not None else None
        box = book.boxes.get(name) if name is not None else judging.held_for(end)
        if box is None or box.kind is not MailboxKind.PERSONAL or box.state in GONE:
            continue
        leaving = box.state not in (MailboxState.ACTIVE, MailboxState.PENDING) or box.disable_on is not None
        message = f"mail for {address} ends in the personal mailbox {box.name}"
        message += ", whose owner is leaving: attach it to a mailbox of the unit" if leaving else ""
        judging.find("ROLE_TO_PERSONAL", address, message, Severity.ALERT if leaving else Severity.WARNING)
