"""What is said of units' addresses together: those like the names of people (R23), and those that end with a domain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from nexusops.model.addresses import AddressKind, Allocation
from nexusops.model.dates import earliest
from nexusops.model.findings import Evidence, Finding, person_scope
from nexusops.model.ids import Address, Domain, PersonId, address, domain_of, local_of
from nexusops.model.journal import LedgerRow
from nexusops.model.snapshot import Snapshot
from nexusops.rules.book import Holders
from nexusops.rules.likeness import one_word, other_forms, run_together
from nexusops.rules.services.ways import names_of


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


def told_of_roles(snapshot: Snapshot, holders: Holders, judged: Iterable[LedgerRow]) -> tuple[Finding, ...]:
    """``judged``: the rows of those who are judged."""
    return (*like_people(snapshot, holders), *run_together_roles(snapshot, judged), *ending_roles(snapshot, holders))


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


def words_of_roles(roles: Iterable[tuple[str, str, Address]]) -> dict[Address, list[tuple[str, str, Address]]]:
    """Those of one word, by what a person's name would be if it were run together so."""
    found: dict[Address, list[tuple[str, str, Address]]] = {}
    for table, key, name in roles:
        if word := one_word(local_of(name)):
            found.setdefault(address(word, domain_of(name)), []).append((table, key, name))
    return found


def run_together_roles(snapshot: Snapshot, judged: Iterable[LedgerRow]) -> Iterator[Finding]:
    """R23: annlee is like ann.lee. Where the name parts nobody can tell from the role, so it is seen from the person: a
    role that changes has whoever is called so judged (``affected``).
    """
    roles = words_of_roles(roles_of(snapshot))
    for row in judged if roles else ():
        if not isinstance(row, Allocation) or row.kind is not AddressKind.PERSONAL or not row.live:
            continue
        for table, key, name in roles.get(address(run_together(row.base), row.domain), ()):
            message = f"{name} is like {row.address}, the name of a person there; an address of a unit is not for "
            evidence = (Evidence(table=table, key=key, snapshot=snapshot.sha256),)
            scope = person_scope(row.person_id or PersonId(""))
            yield Finding(
                code="LIKE_A_PERSON",
                subject=name,
                message=f"{message}personal use",
                scope=scope,
                evidence=evidence,
            )


def ending_roles(snapshot: Snapshot, holders: Holders) -> list[Finding]:
    """R27, 2.5: what ends with its mail domain, mailboxes and their content among it; their units are to move it."""
    ends: dict[Domain, list[Allocation]] = {}
    tables = {name: table for table, _, name in roles_of(snapshot)}
    for name in sorted(tables):
        held = holders.get(name, ())
        if held and held[-1].live and held[-1].person_id is None and held[-1].winddown_on is not None:
            ends.setdefault(held[-1].domain, []).append(held[-1])
    found = []
    for domain, rows in ends.items():
        day = earliest(*(row.delete_on for row in rows))
        boxes = sum(tables[row.address] != "nonpersonal_addresses" for row in rows)
        what = "a mailbox with its" if boxes == 1 else f"{boxes} mailboxes with their"
        kept = f", {what} content among it" if boxes else ""
        message = f"with {domain} ends on {day} what units have there{kept}: {_listed(rows)}"
        message += "; have them ask for others elsewhere"
        found.append(Finding(code="ROLES_END", subject=domain, message=message))
    return found


def _listed(rows: Sequence[Allocation]) -> str:
    names = ", ".join(row.address for row in rows[:_SHOWN])
    return names + (f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else "")


_SHOWN = 5
