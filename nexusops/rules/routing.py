"""Where mail goes: the table for the hubs, and the ways that lead back to where they began (R16, R57-R60; D08, D35).

A mailbox is named by its routing name, ``username@`` + the site's fallback domain.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from nexusops.model.addresses import AddressKind, AddressState
from nexusops.model.ids import Address, Domain, domain_of, local_of
from nexusops.model.mailboxes import Mailbox
from nexusops.model.policy import ACCEPT, Policy
from nexusops.model.routing import LiveAddress
from nexusops.rules.circles import circles

MAILBOX = "mailbox:"


def accepted_states(policy: Policy) -> frozenset[AddressState]:
    """Addresses in these states are in the table; a suspended one only where the policy answers for it (D08)."""
    live = frozenset({AddressState.ACTIVE, AddressState.WINDDOWN})
    return live | {AddressState.SUSPENDED} if policy.disabled.inbound == ACCEPT else live


def place(destination: str, fallback_domain: str) -> Address:
    """A destination as registration writes it (``mailbox:<username>`` or an address) as one address."""
    if destination.startswith(MAILBOX):
        destination = f"{destination.removeprefix(MAILBOX)}@{fallback_domain}"
    return Address(destination.lower())


def table(
    live: Iterable[LiveAddress],
    chosen: Mapping[Address, Address | None],
    fallback_domain: str,
    unmanaged: frozenset[Domain],
) -> dict[str, str]:
    """Every accepted address with its destination. What has none is left out, and so are domains that the University
    does not route (rules.md 3.4, T15).

    ``chosen`` are the destinations that routes and aliases were given (``RouteBook.chosen``); None: it has none.
    """
    entries = {}
    for row in live:
        known = Address(row.address)
        destination = chosen[known] if known in chosen else _plain(row, fallback_domain)
        if destination is not None and (not unmanaged or domain_of(row.address) not in unmanaged):
            entries[row.address] = destination
    return entries


def _plain(row: LiveAddress, fallback_domain: str) -> str | None:
    """R13: to the mailbox that it is on; an unattached one to its target (R29)."""
    if row.kind == AddressKind.FALLBACK:
        return row.address
    if row.mailbox is not None:
        return f"{row.mailbox}@{fallback_domain}"
    return place(row.target, fallback_domain) if row.target else None


def without_loops(
    wanted: Mapping[Address, Address],
    previous: Callable[[Address], Address | None],
    plain: Mapping[Address, Address],
    external: Mapping[Address, Address],
) -> tuple[dict[Address, Address | None], frozenset[Address]]:
    """Destinations that end somewhere, and the addresses whose wanted one did not (``ROUTE_LOOP``). ``external`` says
    where mail goes on to from domains that the University does not route.

    Such an address keeps its ``previous`` destination, that of the last table; where that leads round in a circle, too,
    it goes to its own mailbox, which is an end.
    """
    chosen: dict[Address, Address | None] = dict(wanted)
    tried: set[Address] = set()
    while members := _circling({**external, **chosen}) & chosen.keys():
        again = members & tried
        for member in again or members:
            chosen[member] = (None if again else previous(member)) or plain.get(member)
        tried |= again or members
    return chosen, frozenset(tried)


def _circling(chosen: Mapping[Address, Address | None]) -> set[Address]:
    """The addresses that lie on a circle."""
    members: set[Address] = set()
    done: set[Address] = set()
    for start in chosen:
        path: dict[Address, None] = {}
        step: Address | None = start
        while step is not None and step in chosen and step not in path and step not in done:
            path[step] = None
            step = chosen[step]
        if step is not None and step in path:
            trail = list(path)
            members |= set(trail[trail.index(step) :])
        done.update(path)  # of a view of keys `|=` makes a new set, every time
    return members


@dataclass(frozen=True, kw_only=True)
class RouteBook:
    """What is known of the places that routes lead to.

    ``chosen``: routed addresses and unattached aliases, with what they were given. ``external``: addresses of
    unmanaged domains, with where their mail goes; ``refused`` of these are not followed, and of ``held`` what was known
    before still counts (D29, R60). ``mailbox_of``: accepted addresses, with the name of the mailbox that they are on.
    ``boxes``: the latest mailbox of each name, in small letters.
    """

    fallback_domain: str
    chosen: Mapping[Address, Address | None] = field(default_factory=dict)
    external: Mapping[Address, Address] = field(default_factory=dict)
    refused: frozenset[Address] = frozenset()
    held: frozenset[Address] = frozenset()
    mailbox_of: Mapping[Address, str] = field(default_factory=dict)
    boxes: Mapping[str, Mailbox] = field(default_factory=dict)

    def at_mailbox(self, address: Address) -> str | None:
        """The mailbox of whose routing name this is the form, if there is one: the domain may be a unit's as well."""
        return local_of(address) if domain_of(address) == self.fallback_domain else None

    def end_of(self, address: Address) -> Address | None:
        """Where outside mail for it ends: a mailbox's routing name, or an address that is not ours; None: nowhere."""
        return self._ends[address] if address in self._ends else self._end_at(address)

    @cached_property
    def _ends(self) -> Mapping[Address, Address | None]:
        """Where each of ``chosen`` ends: a chain is gone along once, however many lead into it."""
        found: dict[Address, Address | None] = {}
        for address in self.chosen:
            path: list[Address] = []
            step: Address | None = address
            while step is not None and step in self.chosen and step not in found and len(path) <= len(self.chosen):
                path.append(step)
                step = self.chosen[step]
            end = found[step] if step is not None and step in found else self._end_at(step)
            found.update(dict.fromkeys(path, end))
        return found

    def _end_at(self, step: Address | None) -> Address | None:
        name = self.mailbox_of.get(step) if step is not None else None
        return place(f"{MAILBOX}{name}", self.fallback_domain) if name is not None else step

    def comes_back(self, destination: Address, name: str, own: Collection[Address]) -> bool:
        """Whether mail forwarded there may return to the mailbox of this name, which has these addresses (D35).

        Inside the tenant an address goes to the mailbox that it is on, outside to where it is routed (R57); both ways
        are followed, and so are the forwards of the mailboxes on them.
        """
        seen: set[Address] = set()
        ahead = [destination]
        while ahead:
            step = ahead.pop()
            if step in seen:
                continue
            seen.add(step)
            if self._box_at(step) == name or step in own:
                return True
            ahead.extend(self._further(step))
        return False

    def circling(self, own: Mapping[str, Collection[Address]]) -> list[str]:
        """Of these mailboxes, by name with their addresses, those whose forward leads back to them (``comes_back``)."""
        box_of = {address: name for name, addresses in own.items() for address in addresses}

        def further(step: Address) -> Iterator[Address]:
            yield from self._further(step)
            if step in box_of and (to := self._forward(box_of[step])) is not None:
                yield to

        ends = {name: to for name in own if (to := self._forward(name)) is not None}
        circle_of = circles(ends.values(), further)
        entries: dict[str, set[Address]] = {name: {*own[name]} for name in ends}
        for address in circle_of:
            if (name := self._box_at(address)) in entries:
                entries[name].add(address)
        return [name for name, to in ends.items() if circle_of[to] in {circle_of.get(one) for one in entries[name]}]

    def _box_at(self, address: Address) -> str | None:
        return self.mailbox_of.get(address) or self.at_mailbox(address)

    def _further(self, step: Address) -> Iterator[Address]:
        """Where mail may go on to from an address."""
        box = self._box_at(step)
        ways = (self.chosen.get(step), self.external.get(step), self._forward(box) if box else None)
        return (way for way in ways if way is not None)

    def _forward(self, name: str) -> Address | None:
        """Where that mailbox forwards to, or would if it were let (R58): of a circle all are refused."""
        box = self.boxes.get(name.lower())
        if box is None or not box.live:
            return None
        if box.forward is not None:
            return place(box.forward.to, self.fallback_domain)
        return self.external.get(box.sender) if box.sender is not None and not box.forward_exempt else None
