"""What is the same for everybody whom a run judges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date

from nexusops.model.addresses import Allocation
from nexusops.model.findings import Evidence
from nexusops.model.frozen import frozen
from nexusops.model.ids import Address, Domain, PersonId
from nexusops.model.ledger import PersonState
from nexusops.model.mailboxes import Mailbox
from nexusops.model.policy import Policy
from nexusops.model.site import Site
from nexusops.model.tenant import Reason
from nexusops.rules.book import Book, Holders
from nexusops.rules.reorganising import UnitMap
from nexusops.rules.routing import RouteBook


@frozen
class Setting:
    """What is the same for everybody in one run."""

    policy: Policy
    site: Site
    units: UnitMap
    today: date
    snapshot: str
    usernames: Mapping[str, PersonId]
    owners: Mapping[PersonId, PersonState]
    routes: RouteBook
    shared: Mapping[str, Mailbox] = field(default_factory=dict)
    """Mailboxes of units that the tenant has, or keeps yet, by their names in lower case: no other has that name."""
    unclaimed: frozenset[Domain] = frozenset()
    """Domains in which a row of affiliations gives somebody an address, and cannot be read whom (D29)."""
    strangers: Mapping[Domain, frozenset[str]] = field(default_factory=dict)
    """person_ids in affiliations that nobody has or ever had, by the domain of the unit."""
    unread: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """``unclaimed`` of the snapshot."""
    people: frozenset[Address] = frozenset()
    """The first.last of everybody, number or not: no address for a unit (R23); known once all people are judged."""
    taken: list[Allocation] = field(default_factory=list)
    """Non-personal addresses made or kept so far in this run."""

    def book(self, holders: Holders) -> Book:
        return Book(holders=holders, owners=self.owners, policy=self.policy, today=self.today)


def why(rule: str, because: str, *evidence: Evidence) -> Reason:
    return Reason(rule=rule, because=because, evidence=evidence)
