"""Thousands of people of one name: each takes the next number, and none tries all over (R17, D09, D11)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from nexusops.model.addresses import AddressState, Allocation
from nexusops.model.ids import Address, Domain, MailboxKey, PersonId
from nexusops.model.ledger import PersonState, Standing
from nexusops.model.policy import Policy
from nexusops.model.tenant import Reason
from nexusops.rules.allocation import allot
from nexusops.rules.book import Book

TODAY = date(2025, 10, 1)
LAW = Domain("law.ox.ac.uk")
JOHN = "john.smith"


class Counted(dict[Address, tuple[Allocation, ...]]):
    """Holders that count how often anybody looks."""

    looks = 0

    def get(self, key: Address, default: tuple[Allocation, ...] = ()) -> tuple[Allocation, ...]:  # type: ignore[override]
        self.looks += 1
        return super().get(key, default)


def person(number: int) -> PersonId:
    return PersonId(f"{number:07}")


def arriving(book: Book, holders: Counted, people: Iterator[int]) -> list[int]:
    """What each of them gets."""
    given = []
    for number in people:
        n = book.common_n(JOHN, [LAW], person(number), newcomer=True)
        row = allot(
            book.local(JOHN, n),
            LAW,
            book=book,
            base=JOHN,
            n=n,
            person_id=person(number),
            mailbox_key=MailboxKey(f"person:{number}:1"),
            why=Reason(rule="R8", because="a test"),
        )
        holders[row.address] = (row,)
        given.append(n)
    return given


@pytest.fixture
def holders() -> Counted:
    return Counted()


@pytest.fixture
def owners() -> dict[PersonId, PersonState]:
    return {}


@pytest.fixture
def book(holders: Counted, owners: dict[PersonId, PersonState]) -> Book:
    return Book(holders=holders, owners=owners, policy=Policy(), today=TODAY)


def test_each_takes_the_next_number_and_looks_a_few_times(book: Book, holders: Counted) -> None:
    """It was once for each of those before: 5,000 namesakes took a minute."""
    assert arriving(book, holders, iter(range(300))) == list(range(1, 301))
    assert holders.looks < 4 * 300


def test_a_name_that_becomes_free_in_between_is_given_to_the_next(
    book: Book, holders: Counted, owners: dict[PersonId, PersonState]
) -> None:
    """R41, D09: an address ends whose owner left long ago."""
    arriving(book, holders, iter(range(5)))
    ended = Address("john.smith3@law.ox.ac.uk")
    state = PersonState(person_id=person(2), username="chem0003", state=Standing.OUT, left_on=date(2025, 1, 1))
    owners[person(2)] = state
    (row,) = holders[ended]
    gone = replace(row, state=AddressState.DELETED, deleted_on=TODAY, rule="R41")
    holders[ended] = (gone,)
    book.freed(gone)
    assert arriving(book, holders, iter((7, 8))) == [3, 6]


def test_whose_owner_is_known_to_have_left_is_free_at_once(
    book: Book, holders: Counted, owners: dict[PersonId, PersonState]
) -> None:
    """D09: registration may say late that somebody left long ago."""
    arriving(book, holders, iter(range(3)))
    address = Address("john.smith2@law.ox.ac.uk")
    (row,) = holders[address]
    holders[address] = (replace(row, state=AddressState.DELETED, deleted_on=date(2025, 3, 1), rule="R41"),)
    owners[person(1)] = PersonState(person_id=person(1), username="chem0002", state=Standing.ENTITLED)
    assert arriving(book, holders, iter((7,))) == [4]
    owners[person(1)] = replace(owners[person(1)], state=Standing.OUT, left_on=date(2025, 1, 1))
    book.left(owners[person(1)])
    assert arriving(book, holders, iter((8, 9))) == [2, 5]


def test_to_who_had_an_address_there_nothing_is_taken_that_was_theirs(book: Book, holders: Counted) -> None:
    """D10: the owner may take a former address back, whatever newcomers were told."""
    arriving(book, holders, iter(range(3)))
    address = Address("john.smith2@law.ox.ac.uk")
    (row,) = holders[address]
    holders[address] = (replace(row, state=AddressState.DELETED, deleted_on=date(2025, 3, 1), rule="R41"),)
    assert arriving(book, holders, iter((7,))) == [4]
    assert book.common_n(JOHN, [LAW], person(1)) == 2
