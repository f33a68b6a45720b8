"""Who holds or held which address, and which are free for whom (R17-R19; D08-D11, D15, D43)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from datetime import date, timedelta

from nexusops.model.addresses import AddressKind, Allocation
from nexusops.model.dates import earliest
from nexusops.model.frozen import frozen
from nexusops.model.ids import Address, Domain, PersonId, address
from nexusops.model.ledger import PersonState, Standing
from nexusops.model.policy import LEFT_UNIT, Policy
from nexusops.rules.naming import local_part

DIGITS = 9
"""A base with room for so many behind it is not cut for them (D15)."""

Holders = Mapping[Address, tuple[Allocation, ...]]
"""Every row of an address, oldest period first."""


@frozen
class Book:
    """Who holds or held which address, as allocation asks for it, for one moment of the fold over people (D11).

    ``owners`` are the person rows of former owners: when they left, and whether they died (D43). ``taken`` remembers of
    a base in a domain up to which n nothing is free for newcomers: of thousands with one name, none tries all over.
    ``promised``: routing names of people whose turn is yet to come, where first.last is given in the fallback domain.
    """

    holders: Holders
    owners: Mapping[PersonId, PersonState]
    policy: Policy
    today: date
    taken: dict[tuple[Domain, str], int] = field(default_factory=dict)
    promised: Mapping[Address, PersonId] = field(default_factory=dict)

    def free_for(self, wanted: Address, person_id: PersonId) -> bool:
        """R17, R19: no live holder, and the last owner is this person or one who left long enough ago (D09, D10), and
        whose mailbox is gone for good.
        """
        if self.promised.get(wanted, person_id) != person_id:
            return False
        rows = self.holders.get(wanted, ())
        if not rows:
            return True
        last = rows[-1]
        if last.kind is AddressKind.FALLBACK:
            return last.person_id == person_id  # a username may be its owner's first.last
        if last.live:
            return False
        if last.kind is not AddressKind.PERSONAL or last.person_id is None:
            return False
        if last.person_id == person_id:
            return True
        return self._given_up(last, last.person_id) and not kept_by_tenant(last, self.policy, self.today)

    def _given_up(self, row: Allocation, owner: PersonId) -> bool:
        state = self.owners.get(owner)
        if state is None or state.deceased or state.state is Standing.FROZEN:  # who may be here again (D29)
            return False
        free = free_after(row, state.left_on, self.policy)
        return free is not None and self.today > free

    def common_n(self, base: str, domains: Iterable[Domain], person_id: PersonId, *, newcomer: bool = False) -> int:
        """D11: the smallest n whose name part is free in all the domains. ``newcomer``: to somebody who never had an
        address in any of them, what is taken for others is taken.
        """
        wanted = tuple(domains)
        if all(self.free_for(self.spelled(base, 1, domain), person_id) for domain in wanted):
            return 1  # as for nearly everybody
        alike = newcomer and not self.promised and len(base) + DIGITS <= self.policy.names.max_local
        known = self.taken if alike else {}
        n = 1 + max((known.get((domain, base), 0) for domain in wanted), default=0)
        while True:
            for domain in wanted:
                if not self.free_for(self.spelled(base, n, domain), person_id):
                    if known.get((domain, base), 0) == n - 1:
                        known[domain, base] = n
                    break
            else:
                return n
            n += 1

    def freed(self, row: Allocation) -> None:
        """Somebody's address has ended: its name, with whatever digits at its end, is to be looked at anew."""
        stem = row.local.rstrip("0123456789")
        for length in range(len(stem), len(row.local) + 1):
            self.taken.pop((row.domain, row.local[:length]), None)

    def left(self, state: PersonState) -> None:
        """Somebody is known by now to have left long ago: all their former addresses may be free (D09)."""
        months, left_on = self.policy.reuse.after_months, state.left_on
        if self.taken and left_on is not None and self.today > self.policy.months_after(left_on, months):
            self.taken.clear()

    def spelled(self, base: str, n: int, domain: Domain) -> Address:
        return address(self.local(base, n), domain)

    def local(self, base: str, n: int) -> str:
        return local_part(base, n, self.policy.names.max_local)

    def next_period(self, wanted: Address) -> int:
        rows = self.holders.get(wanted, ())
        return rows[-1].period + 1 if rows else 1


def free_after(row: Allocation, left_on: date | None, policy: Policy) -> date | None:
    """R19, D09: after which day an address is free for others, its owner having left on ``left_on``; None: it is not,
    as they are here. D10: where leaving the unit counts as leaving, from the day on which the address lost its unit.
    """
    left = left_on
    if policy.reuse.owner_still_member == LEFT_UNIT and row.reason == "affiliation":
        left = earliest(left_on, row.winddown_on)
    if left is None:
        return None
    return policy.months_after(left, policy.reuse.after_months)


_TAKEN_OFF = frozenset({"R29", "R30", "R41", "D43", "undo"})
"""Rules by which an address ends while its mailbox lives on: it was taken off."""


def kept_by_tenant(row: Allocation, policy: Policy, today: date) -> bool:
    """Whether an address that ended with its mailbox is held by it yet: what was deleted keeps its addresses until it
    is purged, and nobody else can have them (D08; tenant-api.md 4.1). At which hour of that day, nobody knows.
    """
    if row.live or row.deleted_on is None or row.rule in _TAKEN_OFF:
        return False
    return today <= row.deleted_on + timedelta(days=policy.deleted.purge_after_days)
