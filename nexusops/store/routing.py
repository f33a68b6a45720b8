"""The routing table that the state keeps: as it is, and as it was in the last hour (R60).

One row an address, read and compared as a whole; only rows that differ are written.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, case, delete, exists, func, insert, select, update

from nexusops.codec import instant
from nexusops.model.addresses import AddressKind, AddressState
from nexusops.model.ids import Address, MailboxKey
from nexusops.model.mailboxes import Mailbox
from nexusops.model.routing import LiveAddress, RouteEntry, RoutingBuild, RoutingTable
from nexusops.store.connecting import Connecting
from nexusops.store.reading import chunks, rows_in
from nexusops.store.schema import addresses, mailboxes, routing, routing_builds


class Routing(Connecting):
    def reached(self, names: Collection[str], keys: Collection[MailboxKey]) -> Sequence[Mailbox]:
        with self._begin() as connection:
            named = rows_in(connection, Mailbox, "name", names)
            return list({box.key: box for box in (*named, *rows_in(connection, Mailbox, "key", keys))}.values())

    def routed(self, wanted: Collection[Address]) -> Mapping[Address, Address]:
        found: dict[Address, Address] = {}
        with self._begin() as connection:
            for part in chunks(wanted):
                statement = select(routing.c.address, routing.c.destination).where(
                    routing.c.address.in_(part), routing.c.destination.is_not(None)
                )
                found.update((Address(row[0]), Address(row[1])) for row in connection.execute(statement))
        return found

    def live_addresses(self, states: Collection[AddressState]) -> list[LiveAddress]:
        with self._begin() as connection:
            return list(map(LiveAddress._make, connection.execute(_live(states)).all()))

    def moved_addresses(
        self, states: Collection[AddressState], fallback_domain: str, also: Collection[Address]
    ) -> tuple[list[LiveAddress], list[Address]]:
        plain = case(
            (addresses.c.kind == AddressKind.FALLBACK.value, addresses.c.address),
            else_=func.coalesce(mailboxes.c.name, "") + f"@{fallback_domain}",
        )
        kept = _live(states).outerjoin(routing, routing.c.address == addresses.c.address)
        with self._begin() as connection:
            rows = {tuple(row) for row in connection.execute(kept.where(routing.c.destination.is_distinct_from(plain)))}
            for part in chunks(also):
                rows |= {tuple(row) for row in connection.execute(_live(states).where(addresses.c.address.in_(part)))}
            gone = connection.execute(_gone(states)).scalars()
            return list(map(LiveAddress._make, rows)), [Address(address) for address in gone]

    def routing_build(self) -> RoutingBuild | None:
        with self._begin() as connection:
            return _build(connection)

    def keep_routing(
        self, at: datetime, signature: str, entries: Mapping[str, str], among: Collection[str] | None = None
    ) -> None:
        with self._begin(writes=True) as connection:
            last = _build(connection)
            before_at = last.before_at if last is not None else None
            if last is not None and _hour(last.at) != _hour(at):
                before_at = last.at
                _begin_hour(connection)
            _replace(connection, entries, among)
            connection.execute(delete(routing_builds))
            connection.execute(
                insert(routing_builds).values(
                    id=1, at=instant(at), before_at=instant(before_at) if before_at else None, signature=signature
                )
            )

    def routing_table(self) -> RoutingTable | None:
        with self._begin() as connection:
            build = _build(connection)
            rows = connection.execute(select(routing).order_by(routing.c.address)).all() if build is not None else []
        if build is None:
            return None
        entries: list[RouteEntry] = []
        added: list[Address] = []
        removed: list[Address] = []
        moved: list[Address] = []
        was: dict[Address, str] = {}
        # Python's order, not the database's: that one may be a language's.
        for name, destination, before in sorted(map(tuple, rows)):
            if destination is not None:
                entries.append(RouteEntry(name, destination))
            if destination == before:
                continue
            (removed if destination is None else added if before is None else moved).append(Address(name))
            if before is not None:
                was[Address(name)] = before
        return RoutingTable(
            build=build,
            entries=tuple(entries),
            added=tuple(added),
            removed=tuple(removed),
            moved=tuple(moved),
            was=was,
        )


def _build(connection: Connection) -> RoutingBuild | None:
    row = connection.execute(select(routing_builds)).first()
    if row is None:
        return None
    before_at = datetime.fromisoformat(row.before_at) if row.before_at is not None else None
    return RoutingBuild(at=datetime.fromisoformat(row.at), before_at=before_at, signature=row.signature)


def _hour(at: datetime) -> datetime:
    """By the UTC instant, so that the hours of a change to or from summer time differ, too (D02)."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _begin_hour(connection: Connection) -> None:
    """What is the table now is the last hour's from now on."""
    connection.execute(delete(routing).where(routing.c.destination.is_(None)))
    differs = routing.c.before.is_distinct_from(routing.c.destination)
    connection.execute(update(routing).where(differs).values(before=routing.c.destination))


def _live(states: Collection[AddressState]) -> Any:
    """The columns of LiveAddress, of every address in one of these states."""
    return (
        select(addresses.c.address, addresses.c.kind, mailboxes.c.name, addresses.c.target)
        .select_from(addresses)
        .outerjoin(mailboxes, mailboxes.c.key == addresses.c.mailbox_key)
        .where(addresses.c.state.in_([state.value for state in states]))
    )


def _gone(states: Collection[AddressState]) -> Any:
    """Addresses of the kept table that are not in any of these states."""
    live = exists().where(
        addresses.c.address == routing.c.address, addresses.c.state.in_([state.value for state in states])
    )
    return select(routing.c.address).where(routing.c.destination.is_not(None), ~live)


def _kept(connection: Connection, among: Collection[str] | None) -> dict[str, str | None]:
    statement = select(routing.c.address, routing.c.destination)
    if among is None:
        return dict(connection.execute(statement).all())
    parts = (connection.execute(statement.where(routing.c.address.in_(part))).all() for part in chunks(among))
    return dict(row for rows in parts for row in rows)


def _replace(connection: Connection, entries: Mapping[str, str], among: Collection[str] | None) -> None:
    """Writes the rows that differ; one that was there in the last hour and is gone stays, without a destination."""
    known = _kept(connection, among)
    fresh = [{"address": a, "destination": entries[a], "before": None} for a in sorted(entries.keys() - known.keys())]
    other = [{"_address": a, "_to": entries[a]} for a, d in known.items() if entries.get(a, d) != d]
    gone = [{"_address": a, "_to": None} for a in sorted(known.keys() - entries.keys()) if known[a] is not None]
    if fresh:
        connection.execute(insert(routing), fresh)
    changed: list[dict[str, Any]] = [*other, *gone]
    if changed:
        where = routing.c.address == bindparam("_address")
        connection.execute(update(routing).where(where).values(destination=bindparam("_to")), changed)
    if gone:
        connection.execute(delete(routing).where(and_(routing.c.destination.is_(None), routing.c.before.is_(None))))
