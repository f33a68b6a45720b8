"""What judging routes rests on: the small tables, what is known of the places that they name, which of those take mail,
and who may say where mail of a domain goes (R16, R19; D08, D29).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise

from nexusops.model.addresses import AddressState, Allocation
from nexusops.model.findings import Evidence, Finding, Severity
from nexusops.model.frozen import frozen
from nexusops.model.ids import Address, Domain, MailboxKey, PersonId, UnitId, domain_of
from nexusops.model.ledger import PersonState
from nexusops.model.mailboxes import Mailbox, MailboxState
from nexusops.model.snapshot import Snapshot
from nexusops.rules.book import Holders
from nexusops.rules.routing import place

GONE = frozenset({MailboxState.DELETED, MailboxState.PURGED})


@frozen
class Known:
    """What the ledger holds of the places that routes name. ``routed`` are destinations in the last table; addresses
    in the states ``accepted`` receive mail (D08).
    """

    holders: Holders
    boxes: Iterable[Mailbox]
    states: Mapping[PersonId, PersonState]
    accepted: frozenset[AddressState]
    routed: Mapping[Address, Address] = field(default_factory=dict)


@dataclass(slots=True)
class Judging:
    """The small tables with what is known, and the findings on the way."""

    snapshot: Snapshot
    holders: Holders
    by_key: dict[MailboxKey, Mailbox]
    by_name: dict[str, Mailbox]
    setters: Mapping[Domain, frozenset[str]]
    routed: Mapping[Address, Address]
    accepted: frozenset[AddressState]
    fallback_domain: str
    findings: list[Finding] = field(default_factory=list)
    followed: dict[Address, Address] = field(default_factory=dict)
    """Routes that count, as far as is known by now."""
    left_out: dict[Address, Address] = field(default_factory=dict)
    """Routes that would count, but for where they lead to: no mail is taken there."""
    refused: dict[Address, str | None] = field(default_factory=dict)

    def find(
        self, code: str, subject: str, message: str, severity: Severity = Severity.WARNING, table: str = "routing"
    ) -> None:
        evidence = (Evidence(table=table, key=subject, snapshot=self.snapshot.sha256),)
        self.findings.append(Finding(code=code, subject=subject, message=message, severity=severity, evidence=evidence))

    def live(self, address: Address) -> Allocation | None:
        rows = self.holders.get(address, ())
        return rows[-1] if rows and rows[-1].live else None

    def on(self, address: Address) -> str | None:
        """The name of the mailbox that an accepted address is on."""
        row = self.live(address)
        key = row.mailbox_key if row is not None and row.state is not AddressState.SUSPENDED else None
        box = self.by_key.get(key) if key is not None else None
        return box.name if box is not None else None

    def held_for(self, address: Address | None) -> Mailbox | None:
        """The mailbox that an address belongs to, also while that is disabled and the address refuses mail."""
        row = self.live(address) if address is not None else None
        return self.by_key.get(row.mailbox_key) if row is not None and row.mailbox_key is not None else None

    def dead(self, destination: Address) -> str | None:
        """Why nothing can be delivered there; None where it can, or where it is not ours to know."""
        if self.live(destination) is not None:
            return None
        domain = domain_of(destination)
        if domain == self.fallback_domain:
            box = self.by_name.get(destination.rpartition("@")[0])
            return None if box is not None and box.state not in GONE else "there is no such mailbox any more"
        row = self.snapshot.domains.get(domain)
        return "it is no address in use" if row is not None and row.managed else None

    def refusing(self, destination: Address) -> str | None:
        """Why mail sent there would come back: it is dead, its mailbox is disabled (D08), or so is what it leads to."""
        path: list[Address] = []
        step = destination
        while step not in self.refused:
            path.append(step)
            self.refused[step] = "it goes nowhere"  # and so it is where a circle closes
            reason = self.dead(step) or ("its mailbox is disabled" if self.over(step) else None)
            row = self.live(step)
            if reason is None and row is not None and row.mailbox_key is None and step not in self.followed:
                step = place(row.target, self.fallback_domain) if row.target else step
            else:
                self.refused[step] = reason
        self.refused.update(dict.fromkeys(path, self.refused[step]))
        return self.refused[step]

    def before(self, address: Address) -> Address | None:
        """Where the last table sends its mail, if that is taken there still."""
        to = self.routed.get(address)
        return to if to is not None and self.refusing(to) is None else None

    def over(self, address: Address) -> bool:
        """Whether an address of ours that somebody has or had takes no mail any more."""
        domain, rows = domain_of(address), self.holders.get(address, ())
        known = self.snapshot.domains.get(domain)
        ours = domain == self.fallback_domain or (known is not None and known.managed)
        return ours and bool(rows) and rows[-1].state not in self.accepted

    def given_on(self, address: Address, set_at: datetime) -> str | None:
        """R19: that it was somebody else's when a route was set, which then says nothing of its owner now."""
        rows = self.holders.get(address, ())
        owner = rows[-1].person_id if rows else None
        pairs = reversed([*pairwise(rows)])
        since = next((after.created_on for before, after in pairs if before.person_id != owner), None)
        if since is None or set_at.astimezone(UTC).date() >= since:
            return None
        return f"{address} was somebody else's when the route was set"

    def may_set(self, set_by: str, domain: Domain) -> bool:
        return set_by == "registration" or set_by in self.setters.get(domain, ())

    def unsure(self, set_by: str, domain: Domain) -> bool:
        """Nobody can tell whether they may: a row of the unit's IT staff, or of a unit of theirs, is damaged (D29), or
        no unit has the domain any more, whose addresses can be routed until they end (R16).
        """
        units = self.snapshot.units
        unread = self.snapshot.unclaimed.get("it_staff", frozenset())
        lost = any(staff.staff_id == set_by and staff.unit_id not in units for staff in self.snapshot.staff)
        lost = lost or "" in unread or any(u in units and units[UnitId(u)].domain == domain for u in unread)
        left = not any(unit.domain == domain for unit in units.values())
        return lost or (left and any(set_by in names for names in self.setters.values()))
