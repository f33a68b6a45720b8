"""Addresses that people of the ledger have had since: the ledger is an older one, restored from a backup (R17, R20)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator

from nexusops.model.addresses import AddressKind, Allocation
from nexusops.model.ids import Address, Domain, PersonId, domain_of, local_of
from nexusops.model.ledger import Ledger
from nexusops.model.tenant import ActualMailbox
from nexusops.plan.adoption.mailbox import Adopting, number_of, row_of

Gained = Callable[[PersonId, ActualMailbox, Collection[Address], Collection[str]], list[Allocation]]


def gained(ledger: Ledger, setting: Adopting) -> Gained:
    """What tells of each person's mailbox which addresses the ledger lacks.

    It is one for each domain in which the person has none: the sender, else the lowest number of the person's name; and
    the sender in any case, where registration calls them so by now: they have changed their name since, and the next
    run winds the former address down (R37). Other addresses that somebody put there stay a finding. The last
    arguments: every address that the ledger ever gave to anybody, and the name parts that registration may want.
    """
    boxes = {box.person_id: box for box in ledger.mailboxes.values() if box.live and box.person_id}
    has: dict[PersonId, set[Domain]] = defaultdict(set)
    for row in ledger.allocations.values():
        if row.live and row.kind is AddressKind.PERSONAL and row.person_id:
            has[row.person_id].add(row.domain)

    def of(
        person_id: PersonId, found: ActualMailbox, taken: Collection[Address], names: Collection[str]
    ) -> list[Allocation]:
        box, state = boxes.get(person_id), ledger.people.get(person_id)
        if box is None:
            return []
        base = state.base if state is not None else None
        return [
            row_of(address, setting, kind=AddressKind.PERSONAL, key=box.key, person_id=person_id, base=part)
            for address, part in (
                *_lacking(box.name or "", found, base, has[person_id], taken, setting),
                *_called_by_now(found, {*names} - {base}, has[person_id], taken),
            )
        ]

    return of


def _called_by_now(
    found: ActualMailbox, names: Collection[str], has: Collection[Domain], taken: Collection[Address]
) -> Iterator[tuple[Address, str | None]]:
    sender = found.primary
    if sender is None or domain_of(sender) not in has or sender in taken:
        return
    if name := next((name for name in sorted(names) if number_of(local_of(sender), name) is not None), None):
        yield sender, name


def _lacking(
    username: str,
    found: ActualMailbox,
    base: str | None,
    has: Collection[Domain],
    taken: Collection[Address],
    setting: Adopting,
) -> Iterator[tuple[Address, str | None]]:
    numbers = {a: number_of(local_of(a), base) if base else None for a in found.addresses}
    chosen = {*has}
    for address in sorted(numbers, key=lambda a: (a != found.primary, numbers[a] or 0, a)):
        domain = domain_of(address)
        like = address == found.primary or numbers[address] is not None
        if setting.personal(address, username) and like and domain not in chosen and address not in taken:
            chosen.add(domain)
            yield address, base if numbers[address] else None
