"""The ownership periods of addresses, as the ledger is asked for them: by domain and base."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from nexusops.model.addresses import Allocation
from nexusops.model.ids import Address, domain_of, local_of
from nexusops.ports import Memory
from nexusops.rules.book import Holders


def named_like(store: Memory, addresses: Iterable[Address]) -> Sequence[Allocation]:
    """The periods of these addresses, and of those with digits behind the name: of room1@ comes room10@, too."""
    return store.holders({(domain_of(address), local_of(address)) for address in addresses})


def periods_of(store: Memory, address: Address) -> Sequence[Allocation]:
    """Those of one address, oldest first."""
    return by_address(named_like(store, [address])).get(address, ())


def by_address(rows: Collection[Allocation]) -> Holders:
    """Each address with its periods, oldest first."""
    found: dict[Address, tuple[Allocation, ...]] = {}
    for row in sorted(rows, key=lambda row: row.period):
        found[row.address] = (*found.get(row.address, ()), row)
    return found
