"""Addresses of units beside the names of people: the same is refused, another form of it is told (R23)."""

from __future__ import annotations

from collections.abc import Iterator

from nexusops.model.findings import Evidence, Finding
from nexusops.model.ids import Address, address, domain_of, local_of
from nexusops.model.snapshot import Snapshot
from nexusops.rules.book import Holders
from nexusops.rules.likeness import other_forms
from nexusops.rules.services import names_of


def names_of_people(holders: Holders) -> frozenset[Address]:
    """The first.last of everybody who has an address there now, without the number that may stand behind it."""
    last = (rows[-1] for rows in holders.values() if rows)
    return frozenset(address(row.base, row.domain) for row in last if row.live and row.person_id is not None)


def roles_of(snapshot: Snapshot) -> Iterator[tuple[str, str, Address]]:
    """Every address that a unit asks for: table, key of the row, address."""
    for alias in snapshot.nonpersonal_addresses:
        yield "nonpersonal_addresses", alias, alias
    for box in snapshot.nonpersonal_mailboxes.values():
        if box.address is not None:
            yield "nonpersonal_mailboxes", box.mailbox_id, box.address
    for request in snapshot.services.values():
        unit = snapshot.units.get(request.unit_id)
        for name in names_of(request, unit.domain if unit is not None else None):
            if "@" in name:
                yield "services", request.request_id, Address(name)


def likenesses(wanted: Address) -> frozenset[Address]:
    """The names of people that this address may be another form of."""
    return frozenset(address(form, domain_of(wanted)) for form in other_forms(local_of(wanted)))


def like_people(snapshot: Snapshot, holders: Holders) -> list[Finding]:
    """R23: warned of, and not refused; who is there today counts."""
    wanted = [(table, key, name, likenesses(name)) for table, key, name in roles_of(snapshot)]
    if not any(forms for *_, forms in wanted):
        return []
    people = names_of_people(holders)
    found = []
    for table, key, name, forms in wanted:
        for form in sorted(forms & people):
            message = f"{name} is like {form}, the name of a person there; an address of a unit is not for personal use"
            evidence = (Evidence(table=table, key=key, snapshot=snapshot.sha256),)
            found.append(Finding(code="LIKE_A_PERSON", subject=name, message=message, evidence=evidence))
    return found
