"""Slices of the ledger: rows of the people and boxes asked for, in chunks, by index."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cache, partial
from itertools import islice
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, RowMapping, Table, TextClause, and_, case, func, or_, select, text
from sqlalchemy.exc import DBAPIError

from nexusops.errors import StateUnavailable
from nexusops.model.addresses import AddressKind, AddressState, Allocation, same_name
from nexusops.model.findings import Evidence, Finding, Severity, box_scope, person_scope
from nexusops.model.ids import Address, Domain, PersonId, domain_of, local_of
from nexusops.model.journal import Approval, RunRecord
from nexusops.model.ledger import Ledger, PersonState
from nexusops.model.rows import TABLES
from nexusops.model.slicing import keyed, slice_of
from nexusops.store.mapping import fields_of, read_by
from nexusops.store.schema import LEDGER, addresses, approvals, mailboxes, people, services, unfinished

CHUNK = 400
PARTITION = 5_000
"""So many rows are fetched at once."""
T = TypeVar("T")


def chunks(values: Collection[Any]) -> Iterator[list[Any]]:
    found = iter(sorted(values))
    while part := list(islice(found, CHUNK)):
        yield part


def rows_in(connection: Connection, kind: type[T], column: str, values: Collection[Any] | None) -> Iterator[T]:
    """Rows whose column is one of the values (None: all rows)."""
    table: Table = LEDGER[kind]
    query = select(*(table.c[name] for name in fields_of(kind)))
    if values is None:
        for rows in connection.execute(query).partitions(PARTITION):
            yield from map(read_by(kind), rows)
        return
    for part in chunks(values):
        yield from map(read_by(kind), connection.execute(query.where(table.c[column].in_(part))).all())


def ledger(
    connection: Connection, serial: int, wanted: Collection[PersonId] | None, boxes: Collection[str] | None
) -> Ledger:
    """The slice of these people and boxes; a box is named by its mailbox_id, an unattached address by itself."""
    if wanted is None and boxes is None:
        return whole(connection, serial)
    return slice_of(partial(rows_in, connection), serial, wanted or (), boxes or ())


def whole(connection: Connection, serial: int) -> Ledger:
    tables: dict[str, Any] = {TABLES[kind]: keyed(rows_in(connection, kind, "", None)) for kind in LEDGER}
    return Ledger(serial=serial, **tables)


def holders(connection: Connection, names: Collection[tuple[Domain, str]]) -> list[Allocation]:
    """Rows whose local part is the base, or the base (cut to fit) and digits, in these domains."""
    wanted: dict[tuple[str, str], set[str]] = {}
    for domain, base in names:
        wanted.setdefault((domain, base[:60]), set()).add(base)
    found: dict[tuple[str, int], Allocation] = {}
    query, read = select(*(addresses.c[name] for name in fields_of(Allocation))), read_by(Allocation)
    for part in chunks(wanted.keys()):
        asked = [*part, *part[-1:] * (_step(len(part)) - len(part))]
        for allocation in map(read, connection.execute(query.where(_ranges(len(asked))), _bounds(asked)).all()):
            bases = wanted.get((allocation.domain, _stem(allocation, wanted)), set())
            if any(same_name(allocation.local, base) for base in bases):
                found[allocation.address, allocation.period] = allocation
    return list(found.values())


def run_together(connection: Connection, words: Collection[Address]) -> frozenset[PersonId]:
    """Asked for when a role changes: then the domain's own rows are looked through."""
    word = func.replace(func.replace(addresses.c.base, ".", ""), "-", "")
    mine = and_(addresses.c.kind == AddressKind.PERSONAL, addresses.c.state != AddressState.DELETED)
    by_domain: dict[str, set[str]] = {}
    for wanted in words:
        by_domain.setdefault(domain_of(wanted), set()).add(local_of(wanted))
    found: set[PersonId] = set()
    for domain, locals_ in by_domain.items():
        for part in chunks(locals_):
            query = select(addresses.c.person_id).where(addresses.c.domain == domain, mine, word.in_(part))
            found.update(connection.execute(query).scalars())
    return frozenset(found)


def _step(number: int) -> int:
    """So many ranges are asked for instead, the last one more than once: a statement of its own for every number would
    be put together anew each time.
    """
    return next(step for step in (1, 4, 16, 64, 160, CHUNK) if step >= number)


@cache
def _ranges(number: int) -> TextClause:
    """So many ranges of names; as text, for building as many expressions would cost more than the query."""
    one = "(addresses.domain = :d{0} AND addresses.local >= :low{0} AND addresses.local < :high{0})"
    return text(" OR ".join(one.format(n) for n in range(number)))


def _bounds(part: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Local parts that begin with the stem and go on with nothing, digits, or (for a cut stem) anything."""
    bounds: dict[str, str] = {}
    for n, (domain, stem) in enumerate(part):
        last = stem + ("\U0010ffff" if len(stem) >= 60 else ":")  # ":" follows "9"
        bounds |= {f"d{n}": domain, f"low{n}": stem, f"high{n}": last}
    return bounds


def _stem(row: Allocation, wanted: Mapping[tuple[str, str], set[str]]) -> str:
    """Which stem asked for it: the local part without trailing digits, one digit at a time."""
    stem = row.local[:60]
    while (row.domain, stem) not in wanted and stem and stem[-1].isdigit():
        stem = stem[:-1]
    return stem


def usernames(connection: Connection, names: Collection[str]) -> dict[str, PersonId]:
    """A mailbox keeps the name that its owner had then, also after they came back with another one (R18, D44)."""
    found: dict[str, PersonId] = {}
    for name, person in ((mailboxes.c.name, mailboxes.c.person_id), (people.c.username, people.c.person_id)):
        query = select(name, person).where(person.is_not(None))
        for part in chunks(names):
            found.update((row[0], PersonId(row[1])) for row in connection.execute(query.where(name.in_(part))).all())
    return found


def domain_ends(connection: Connection, domains: Collection[Domain]) -> dict[Domain, date]:
    """The last day of live personal addresses a domain, which end with their mailbox at the latest; one without an end
    makes it date.max.
    """
    found: dict[Domain, date] = {}
    own, boxed = addresses.c.delete_on, mailboxes.c.delete_on
    ends = case((or_(own.is_(None), boxed < own), boxed), else_=own)
    columns = (addresses.c.domain, func.count() - func.count(ends), func.max(ends))
    for part in chunks(domains):
        statement = (
            select(*columns)
            .select_from(addresses.outerjoin(mailboxes, mailboxes.c.key == addresses.c.mailbox_key))
            .where(addresses.c.domain.in_(part), addresses.c.state != "deleted", addresses.c.kind == "personal")
            .group_by(addresses.c.domain)
        )
        for domain, endless, last in connection.execute(statement):
            found[Domain(domain)] = date.max if endless else last
    return found


def live_names(connection: Connection, domains: Collection[Domain]) -> set[PersonId]:
    """Owners of live personal addresses in these domains."""
    statement = select(addresses.c.person_id).where(
        addresses.c.domain.in_(list(domains)),
        addresses.c.state != AddressState.DELETED.value,
        addresses.c.person_id.is_not(None),
    )
    return {PersonId(value) for value in connection.execute(statement).scalars()}


def services_in(connection: Connection, domains: Collection[Domain]) -> frozenset[str]:
    """Requests with an address in one of these domains, or in a domain beneath it."""
    found: set[str] = set()
    for part in chunks(domains):
        ends = (services.c.address.endswith(f"{mark}{one}", autoescape=True) for one in part for mark in "@.")
        found |= set(connection.execute(select(services.c.request_id).where(or_(*ends))).scalars())
    return frozenset(found)


def due(connection: Connection, today: date) -> list[str]:
    """Scopes whose date has come."""
    persons = connection.execute(select(people.c.person_id).where(people.c.due_on <= today)).scalars()
    boxes = connection.execute(select(mailboxes.c.name).where(mailboxes.c.due_on <= today)).scalars()
    requests = connection.execute(select(services.c.request_id).where(services.c.due_on <= today)).scalars()
    return [*map(person_scope, persons), *(box_scope(name) for name in (*boxes, *requests) if name)]


def unfinished_scopes(connection: Connection) -> frozenset[str]:
    return frozenset(connection.execute(select(unfinished.c.scope)).scalars())


def aliases(connection: Connection) -> list[Address]:
    """Non-personal addresses that are no mailbox's own: those of none, and the live ones that are attached to one."""
    rows = select(addresses.c.address).where(addresses.c.kind.in_(("nonpersonal", "foreign")))
    loose = rows.where(addresses.c.mailbox_key.is_(None))
    attached = rows.join(mailboxes, mailboxes.c.key == addresses.c.mailbox_key).where(
        mailboxes.c.kind != "personal", addresses.c.state != "deleted", addresses.c.address != mailboxes.c.sender
    )
    return [Address(found) for query in (loose, attached) for found in connection.execute(query).scalars()]


def keys_of(connection: Connection, table: Table, column: str) -> set[str]:
    return set(connection.execute(select(table.c[column]).distinct()).scalars())


def units_of(connection: Connection, wanted: Collection[PersonId]) -> dict[PersonId, tuple[Any, ...]]:
    return {state.person_id: state.served for state in rows_in(connection, PersonState, "person_id", wanted)}


def finding(row: RowMapping) -> Finding:
    return Finding(
        code=row["code"],
        subject=row["subject"],
        message=row["message"],
        severity=Severity(row["severity"]),
        scope=row["scope"],
        evidence=msgspec.convert(row["evidence"], tuple[Evidence, ...]),
    )


def run(row: RowMapping) -> RunRecord:
    names = [name for name in RunRecord.__dataclass_fields__ if name != "at"]
    return RunRecord(at=datetime.fromisoformat(row["at"]), **{name: row[name] for name in names})


def unused_approvals(connection: Connection, digest: str) -> list[Approval]:
    """Approvals of exactly this plan that no run has used yet."""
    statement = select(approvals).where(approvals.c.digest == digest, ~approvals.c.used)
    return list(map(approval, connection.execute(statement).mappings()))


def approval(row: RowMapping) -> Approval:
    return Approval(
        digest=row["digest"],
        actor=row["actor"],
        at=datetime.fromisoformat(row["at"]),
        reason=row["reason"],
        used=row["used"],
    )


def unusable(error: DBAPIError) -> StateUnavailable:
    return StateUnavailable(
        f"The state cannot be used: {str(error.orig).strip().splitlines()[0]}.",
        next_step="Check the database and its disk, then repeat; `nexusops resume` finishes what was open.",
    )


def read_on(rows: Iterator[Any]) -> Iterator[Any]:
    """Rows that are read while somebody else already writes them out."""
    try:
        yield from rows
    except DBAPIError as error:
        raise unusable(error) from error
