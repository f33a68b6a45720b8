"""The routing table that every store keeps (ports.Store): over SQLite and over PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from building.state_rows import acceptance, allocation, mailbox, new

from nexusops.model.addresses import AddressKind, AddressState
from nexusops.model.ids import Address
from nexusops.model.routing import LiveAddress, RouteEntry, RoutingBuild, RoutingTable
from nexusops.store.sql import SqlStore

HALF_PAST = datetime(2025, 10, 1, 8, 30, tzinfo=UTC)
LIVE = frozenset({AddressState.ACTIVE, AddressState.WINDDOWN})
FALLBACK = "nexus.ox.ac.uk"
A, B, C = (Address(f"{name}@chem.ox.ac.uk") for name in "abc")


def entries(**to: str) -> dict[str, str]:
    return {f"{name}@chem.ox.ac.uk": f"{mailbox}@{FALLBACK}" for name, mailbox in to.items()}


def changes(store: SqlStore) -> tuple[list[str], list[str], list[str], Mapping[Address, str]]:
    found = store.routing_table()
    assert found is not None
    return [*found.added], [*found.removed], [*found.moved], found.was


def test_a_state_without_a_run_has_no_table(store: SqlStore) -> None:
    assert (store.routing_table(), store.routing_build(), store.routed({A})) == (None, None, {})


def test_in_the_first_table_everything_is_new(store: SqlStore) -> None:
    """interface.md 3: sorted by address."""
    store.keep_routing(HALF_PAST, "one", entries(b="bo", a="ann"))
    build = RoutingBuild(at=HALF_PAST, before_at=None, signature="one")
    lines = tuple(RouteEntry(*entry) for entry in entries(a="ann", b="bo").items())
    assert store.routing_table() == RoutingTable(build=build, entries=lines, added=(A, B))
    assert store.routed({A, C}) == {A: Address("ann@nexus.ox.ac.uk")}


def test_changes_are_those_since_the_last_hour_however_often_the_table_is_built(store: SqlStore) -> None:
    """R60, interface.md 3: added, removed and moved against the last hour's."""
    store.keep_routing(HALF_PAST, "one", entries(a="ann", b="bo"))
    nine = HALF_PAST + timedelta(minutes=30)
    store.keep_routing(nine, "two", entries(a="ann", b="ann", c="bo"))
    assert changes(store) == ([C], [], [B], {B: "bo@nexus.ox.ac.uk"})
    store.keep_routing(nine + timedelta(minutes=59), "three", entries(a="ann", b="bo"))
    assert changes(store) == ([], [], [], {})
    store.keep_routing(nine + timedelta(minutes=59), "four", entries(b="bo"))
    assert changes(store) == ([], [A], [], {A: "ann@nexus.ox.ac.uk"})
    build = RoutingBuild(at=nine + timedelta(minutes=59), before_at=HALF_PAST, signature="four")
    assert (store.routing_build(), store.routed({A, B})) == (build, {B: Address("bo@nexus.ox.ac.uk")})
    store.keep_routing(nine + timedelta(hours=1), "four", {}, among=())
    assert changes(store) == ([], [], [], {})


def test_a_part_of_the_table_is_replaced_and_the_rest_stands(store: SqlStore) -> None:
    store.keep_routing(HALF_PAST, "one", entries(a="ann", b="bo"))
    store.keep_routing(HALF_PAST + timedelta(hours=1), "two", entries(b="ann"), among={A, B})
    assert changes(store) == ([], [A], [B], {A: "ann@nexus.ox.ac.uk", B: "bo@nexus.ox.ac.uk"})


def test_addresses_come_with_the_mailbox_that_they_are_on(store: SqlStore) -> None:
    """D08: those in the states asked for, and no other."""
    store.accept(
        acceptance(
            new(
                mailbox("person:1000001:1", "ann"),
                allocation(A, mailbox_key="person:1000001:1"),
                allocation(B, mailbox_key="person:1000001:1", state=AddressState.SUSPENDED),
                allocation("c2@chem.ox.ac.uk", state=AddressState.DELETED),
                allocation(C, None, kind=AddressKind.NONPERSONAL, target="mailbox:ann"),
            )
        )
    )
    assert sorted(store.live_addresses(LIVE)) == [
        LiveAddress(A, "personal", "ann", None),
        LiveAddress(C, "nonpersonal", None, "mailbox:ann"),
    ]
    assert [box.name for box in store.reached({"ann"}, set())] == ["ann"]
    assert [box.name for box in store.reached(set(), {box.key for box in store.reached({"ann"}, set())})] == ["ann"]


def test_only_what_goes_elsewhere_than_to_its_mailbox_is_read_again(store: SqlStore) -> None:
    """An hour costs what changed: moved, new, unattached, asked for, and gone."""
    store.accept(
        acceptance(
            new(
                mailbox("person:1000001:1", "ann"),
                allocation(A, mailbox_key="person:1000001:1"),
                allocation(B, mailbox_key="person:1000001:1", state=AddressState.WINDDOWN),
                allocation(C, None, kind=AddressKind.NONPERSONAL, target="mailbox:ann"),
                allocation("d@chem.ox.ac.uk", mailbox_key="person:1000001:1", state=AddressState.DELETED),
                allocation("ann@nexus.ox.ac.uk", mailbox_key="person:1000001:1", kind=AddressKind.FALLBACK),
            )
        )
    )
    fallback = {"ann@nexus.ox.ac.uk": "ann@nexus.ox.ac.uk"}
    store.keep_routing(HALF_PAST, "one", entries(a="ann", b="bo", d="ann") | fallback)
    live, gone = store.moved_addresses(LIVE, FALLBACK, ())
    assert sorted(live) == [
        LiveAddress(B, "personal", "ann", None),
        LiveAddress(C, "nonpersonal", None, "mailbox:ann"),
    ]
    assert gone == ["d@chem.ox.ac.uk"]
    again, _ = store.moved_addresses(LIVE, FALLBACK, {A, Address("d@chem.ox.ac.uk")})
    assert sorted(row.address for row in again) == [A, B, C]
