"""Which rows of the ledger a decision needs beside the people's own: the holders of names that may be wanted.

Affected people -> bases and domains -> holders: a two-step read (architecture.md, slices). Naming too many costs
little.
"""

from __future__ import annotations

from collections.abc import Iterable

from nexusops.model.addresses import AddressState
from nexusops.model.ids import Address, Domain, PersonId, UnitId, domain_of, local_of
from nexusops.model.ledger import Ledger, NamePart
from nexusops.model.policy import Policy
from nexusops.model.snapshot import PersonRecord, Snapshot
from nexusops.plan.boxes.roles import likenesses, roles_of
from nexusops.rules.naming import form_name
from nexusops.rules.routes import concerned
from nexusops.rules.services.ways import names_of


def candidate_names(
    snapshot: Snapshot, ledger: Ledger, boxes: Iterable[str], policy: Policy, fallback_domain: str
) -> frozenset[tuple[Domain, str]]:
    """(domain, base) of every address that a rule may want for the people and boxes of the slice."""
    successors: dict[UnitId, set[UnitId]] = {}
    for reorg in snapshot.reorgs:
        successors.setdefault(reorg.source_unit, set()).add(reorg.target_unit)
    wanted: set[tuple[Domain, str]] = set()
    for record in snapshot.people.values():
        domains = _domains(record, snapshot, successors)
        bases = bases_of(record, ledger, policy)
        wanted |= {(domain, base) for domain in domains for base in bases}
        if record.person is not None and record.person.username is not None:
            wanted.add((Domain(fallback_domain), record.person.username))
        if record.choice is not None:
            wanted.add(_exact(record.choice.address))
    for name in boxes:
        wanted |= _of_box(name, snapshot)
        if "@" not in name:
            wanted.add((Domain(fallback_domain), name.lower()))
    wanted |= {_exact(address) for address in concerned(snapshot, fallback_domain)}
    wanted |= {_exact(form) for _, _, role in roles_of(snapshot) for form in likenesses(role)}
    return frozenset(wanted)


def _domains(record: PersonRecord, snapshot: Snapshot, successors: dict[UnitId, set[UnitId]]) -> set[Domain]:
    units = {affiliation.unit_id for affiliation in record.affiliations}
    pending = list(units)
    seen: set[UnitId] = set()
    while pending:
        unit_id = pending.pop()
        if unit_id not in seen:
            seen.add(unit_id)
            pending.extend(successors.get(unit_id, ()))
    found = (snapshot.units.get(unit_id) for unit_id in seen)
    return {unit.domain for unit in found if unit is not None and unit.domain is not None}


def bases_of(record: PersonRecord, ledger: Ledger, policy: Policy) -> set[str]:
    """The base remembered, those that the cards give, and those of open and accepted requests, part by part."""
    most = policy.names.max_local
    state = ledger.people.get(record.person_id)
    bases = {state.base} if state is not None and state.base else set()
    parts = [request.wanted_local.lower().partition(".") for request in record.name_requests]
    firsts: set[str | None] = {None, *(first for first, _, _ in parts)}
    lasts: set[str | None] = {None, *(last for _, _, last in parts)}
    for part, into in ((NamePart.FIRST, firsts), (NamePart.LAST, lasts)):
        override = ledger.overrides.get((record.person_id, part))
        if override is not None:
            into.add(override.value)
    for card in record.cards:
        for first in firsts:
            for last in lasts:
                form = form_name(card.personal_names, card.family_names, max_local=most, first=first, last=last)
                bases |= {form.base} if form.base else set()
    return bases


def _of_box(name: str, snapshot: Snapshot) -> set[tuple[Domain, str]]:
    row = snapshot.nonpersonal_mailboxes.get(name)
    if row is not None and row.address is not None:
        return {_exact(row.address)}
    if Address(name) in snapshot.nonpersonal_addresses:
        return {_exact(Address(name))}
    request = snapshot.services.get(name)
    unit = snapshot.units.get(request.unit_id) if request else None
    wanted = names_of(request, unit.domain) if request and unit else ()
    return {_exact(name) for name in wanted if "@" in name}


def _exact(address: str) -> tuple[Domain, str]:
    return domain_of(address), local_of(address)


def former_owners(ledger: Ledger) -> frozenset[PersonId]:
    """People whose own state decides whether a name is free: the last owners of ended addresses (D09)."""
    return frozenset(
        row.person_id
        for row in ledger.holders.values()
        if row.person_id is not None and row.state is AddressState.DELETED
    )


def usernames_of(ledger: Ledger) -> dict[str, PersonId]:
    """Who ever had each username, as a whole ledger knows it (R18): a mailbox keeps the name of its time (D44)."""
    boxes = ledger.mailboxes.values()
    had = {box.name: box.person_id for box in boxes if box.name is not None and box.person_id is not None}
    people = ledger.people.values()
    return {**had, **{state.username: state.person_id for state in people if state.username is not None}}
