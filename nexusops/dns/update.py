"""Publishing by dynamic update: look, write what differs under the condition that nothing has changed, look again.

What stands at a name beside our own records stays: other TXT records always. Another record in our record's place (a
second SPF record, another MX) is somebody's decision, and sets the change aside. What only a wildcard answers is no
record of the name (D39).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import dns.name
import dns.rcode
import dns.rdata
import dns.rdatatype
import dns.rrset
import dns.update

from nexusops.dns.primary import Primary, ServerFault
from nexusops.dns.publishing import Carried, NotPublished, Unfit
from nexusops.dns.records import BadRecord, absolute, rdata, record_of
from nexusops.model.changes import PublishRecords, RetireRecords
from nexusops.model.dns import DnsRecord
from nexusops.model.frozen import frozen

Place = tuple[dns.name.Name, dns.rdatatype.RdataType]
_CHANGED = frozenset({dns.rcode.YXRRSET, dns.rcode.NXRRSET, dns.rcode.YXDOMAIN, dns.rcode.NXDOMAIN})
_TAGS = ("v=spf1", "v=dmarc1", "v=dkim1")


@dataclass(slots=True, kw_only=True)
class _Wish:
    """One name and type: what is to be there, what of ours is to go, and what was found."""

    wanted: list[dns.rdata.Rdata] = field(default_factory=list)
    ours: list[dns.rdata.Rdata] = field(default_factory=list)
    found: dns.rrset.RRset | None = None

    @property
    def missing(self) -> list[dns.rdata.Rdata]:
        return [one for one in self.wanted if one not in (self.found or ())]

    @property
    def surplus(self) -> list[dns.rdata.Rdata]:
        return [one for one in self.found or () if one in self.ours and one not in self.wanted]

    @property
    def rivals(self) -> list[dns.rdata.Rdata]:
        """Somebody else's records in the place of ours."""
        known = [*self.wanted, *self.ours]
        places = {_place_of(one) for one in known}
        return [one for one in self.found or () if one not in known and _place_of(one) in places]


@frozen
class DynamicUpdate:
    """The way ``dynamic_update``."""

    primary: Primary
    ttl: int

    def publish(self, change: PublishRecords) -> Carried:
        return self._carried(change.domain, wanted=change.records, ours=change.replaces)

    def retire(self, change: RetireRecords) -> Carried:
        return self._carried(change.domain, wanted=(), ours=change.records)

    def stands(self, change: PublishRecords | RetireRecords) -> bool:
        try:
            if isinstance(change, PublishRecords):
                return _fits(self._looked(change.records, change.replaces))
            return _fits(self._looked((), change.records))
        except BadRecord as error:
            raise Unfit(f"not a record: {error}") from error
        except ServerFault as error:
            raise NotPublished(str(error)) from error

    def left(self, domain: str) -> bool:  # noqa: ARG002  # nothing of it is done by hand
        return False

    def forget(self, domain: str) -> None:
        """Nothing of it is done by hand; what stands in the zone is for the way that has it now."""

    def _carried(self, domain: str, *, wanted: Sequence[DnsRecord], ours: Sequence[DnsRecord]) -> Carried:
        try:
            wishes = self._looked(wanted, ours)
            before = _found(wishes)
            if _fits(wishes):
                return Carried(before=before, after=before, message=f"{self.primary} had it so already")
            self._write(dns.name.from_text(absolute(domain)), wishes)
            wishes = self._looked(wanted, ours)
        except BadRecord as error:
            raise Unfit(f"not a record: {error}") from error
        except ServerFault as error:
            raise NotPublished(str(error)) from error
        if not _fits(wishes):
            raise NotPublished(f"{self.primary} accepted the update and does not answer with it")
        return Carried(before=before, after=_found(wishes), message=f"updated on {self.primary}")

    def _looked(self, wanted: Sequence[DnsRecord], ours: Sequence[DnsRecord]) -> dict[Place, _Wish]:
        """What is to be and what is, place by place. Raises Unfit where somebody else's record is in the way."""
        wishes: dict[Place, _Wish] = {}
        for record in wanted:
            wishes.setdefault(_place(record), _Wish()).wanted.append(rdata(record))
        for record in ours:
            wishes.setdefault(_place(record), _Wish()).ours.append(rdata(record))
        for (name, kind), wish in wishes.items():
            wish.found = self.primary.rrset(name, kind)
            if wish.found is not None and wish.found.rdtype != kind:
                raise Unfit(f"{name} is an alias ({wish.found[0]}); nothing else can stand there")
            if wish.rivals:
                known = ", ".join(one.to_text() for one in wish.ours) or "nothing"
                there = ", ".join(one.to_text() for one in wish.rivals)
                raise Unfit(f"{name} {dns.rdatatype.to_text(kind)} is {there}; the plan expected {known}")
        return wishes

    def _write(self, name: dns.name.Name, wishes: dict[Place, _Wish]) -> None:
        """One update, all or nothing. A lost answer is settled by the look that follows."""
        message = dns.update.UpdateMessage(self.primary.zone_of(name))
        for (owner, kind), wish in wishes.items():
            if not (wish.missing or wish.surplus):
                continue
            if wish.found is None:
                message.absent(owner, kind)
            else:
                message.present(owner, *wish.found)
            for one in wish.surplus:
                message.delete(owner, one)
            for one in wish.missing:
                message.add(owner, self.ttl, one)
        try:
            code = self.primary.update(message)
        except ServerFault as error:
            if not error.lost:
                raise
            return
        if code in _CHANGED:
            raise Unfit("the records changed between the look and the update")
        if code != dns.rcode.NOERROR:
            raise NotPublished(f"{self.primary} refuses the update: {dns.rcode.to_text(code)}")


def _fits(wishes: dict[Place, _Wish]) -> bool:
    return not any(wish.missing or wish.surplus for wish in wishes.values())


def _found(wishes: dict[Place, _Wish]) -> tuple[DnsRecord, ...]:
    """What stands in the places of our records."""
    return tuple(_records(wishes.items()))


def _records(wishes: Iterable[tuple[Place, _Wish]]) -> Iterable[DnsRecord]:
    for (name, _), wish in wishes:
        places = {_place_of(one) for one in (*wish.wanted, *wish.ours)}
        for one in wish.found or ():
            if _place_of(one) in places:
                yield record_of(name.to_text(), one)


def _place(record: DnsRecord) -> Place:
    return dns.name.from_text(absolute(record.name)), rdata(record).rdtype


def _place_of(value: dns.rdata.Rdata) -> str:
    """What a record has for itself at its name: its type; a TXT record what it is for, or its very text."""
    if value.rdtype != dns.rdatatype.TXT:
        return dns.rdatatype.to_text(value.rdtype)
    text = record_of(".", value).value.lower()
    return next((tag for tag in _TAGS if text.startswith(tag)), text)
