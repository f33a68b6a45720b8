"""Forwards that go round in a circle: who is part of it, and what it costs to see it."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from nexusops.model.ids import Address, MailboxKey, PersonId
from nexusops.model.mailboxes import Forward, ForwardOrigin, Mailbox, MailboxKind, MailboxState
from nexusops.rules.routing import RouteBook

NEXUS = "nexus.ox.ac.uk"
NAMES = [f"stat000{n}" for n in range(5)]
MINE = {Address(f"{name}.{n}@stats.ox.ac.uk"): name for name in NAMES for n in range(2)}
PLACES = [*(Address(f"{name}@{NEXUS}") for name in NAMES), *MINE, Address("out@mailhost.example")]
WAYS = st.dictionaries(st.sampled_from(PLACES), st.sampled_from(PLACES), max_size=8)


def box(name: str, to: Address) -> Mailbox:
    return Mailbox(
        key=MailboxKey(name),
        name=name,
        generation=1,
        kind=MailboxKind.PERSONAL,
        person_id=PersonId(name),
        unit_id=None,
        owner_person_id=None,
        state=MailboxState.ACTIVE,
        since=date(2025, 10, 1),
        forward=Forward(to=to, origin=ForwardOrigin.AUTO),
    )


@given(WAYS, WAYS, st.dictionaries(st.sampled_from(NAMES), st.sampled_from(PLACES)))
def test_all_circles_at_once_are_those_that_are_found_one_by_one(
    chosen: dict[Address, Address | None], external: dict[Address, Address], forwards: dict[str, Address]
) -> None:
    """D35: whichever way mail comes back, by routes, outside routes, or the forwards of others."""
    book = RouteBook(
        fallback_domain=NEXUS,
        chosen=chosen,
        external=external,
        mailbox_of=MINE,
        boxes={name: box(name, to) for name, to in forwards.items()},
    )
    own = {name: {address for address, on in MINE.items() if on == name} for name in forwards}
    one_by_one = [name for name, to in forwards.items() if book.comes_back(to, name, own[name])]
    assert book.circling(own) == one_by_one


class Counted(dict[Address, Address]):
    """A table that counts how often it is asked."""

    asked = 0

    def get(self, key: Address, default: Address | None = None) -> Address | None:  # type: ignore[override]
        self.asked += 1
        return super().get(key, default)


def test_a_circle_costs_as_many_looks_as_there_are_people_in_it() -> None:
    """D35: two thousand people whose mail goes on to the next."""
    number = 2_000
    names = [f"stat{n:04}" for n in range(number)]
    boxes = {name: box(name, Address(f"{names[n - 1]}@{NEXUS}")) for n, name in enumerate(names)}
    external = Counted()
    book = RouteBook(fallback_domain=NEXUS, external=external, boxes=boxes)
    assert book.circling(dict.fromkeys(names, ())) == names
    assert external.asked == number


class Followed(dict[Address, Address | None]):
    """Destinations that count how often one is followed."""

    followed = 0

    def __getitem__(self, key: Address) -> Address | None:
        self.followed += 1
        return super().__getitem__(key)


def test_a_chain_of_routed_addresses_costs_as_many_looks_as_it_is_long() -> None:
    """R57: each of two thousand goes to the next; where they end is found out once."""
    chain = [Address(f"room{n}@chem.ox.ac.uk") for n in range(2_001)]
    chosen = Followed(pairwise(chain))
    book = RouteBook(fallback_domain=NEXUS, chosen=chosen, mailbox_of={chain[-1]: "Labs"})
    assert {book.end_of(address) for address in chain} == {Address(f"labs@{NEXUS}")}
    assert chosen.followed == 2_000
