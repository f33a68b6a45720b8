"""Which address a mailbox sends as (R3, R10-R12, R34, R40, R54; D16, D17, D18, D21)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache

from nexusops.model.addresses import AddressKind, AddressState, Allocation
from nexusops.model.dates import local_date
from nexusops.model.findings import Evidence
from nexusops.model.frozen import frozen
from nexusops.model.ids import Address, Domain, PersonId, domain_of
from nexusops.model.mailboxes import Mailbox, MailboxState, SenderOrigin
from nexusops.model.people import SenderChoice
from nexusops.model.policy import Policy
from nexusops.model.tenant import Reason
from nexusops.model.units import ExternalRoute, UnitClass
from nexusops.rules.book import Holders
from nexusops.rules.reorganising import Need, UnitMap

_IN_GRACE = frozenset({MailboxState.GRACE_CANCELLED, MailboxState.GRACE_STATUS})
_KEPT = ("D18", "it took the place of the former sender")


@frozen
class Sender:
    """The decision: the address, where it comes from, on what a default rests (D16), and why."""

    address: Address | None
    origin: SenderOrigin
    basis: str
    why: Reason


@frozen
class Choice:
    """A self-service choice judged: the eligible address, or the code of why it is ignored (rules.md 3.7)."""

    address: Address | None
    code: str | None = None
    evidence: tuple[Evidence, ...] = ()


NO_CHOICE = Choice(address=None)


@frozen
class _Candidate:
    address: Address
    classes: Mapping[UnitClass, tuple[date, str]]
    first: tuple[date, str]


def preferred_class(code: str, policy: Policy) -> UnitClass:
    """R10, R11, D16: college for the college-preferring codes, department for all others."""
    return UnitClass.COLLEGE if code in policy.sender.college_preferring else UnitClass.DEPARTMENT


def _wanted_class(box: Mailbox, code: str, policy: Policy) -> UnitClass:
    """A status that gives no mailbox prefers nothing: until the grace is over, what was preferred stays (D16)."""
    before = box.sender_basis.partition(":")[0]
    return preferred_class(code, policy) if code in policy.status_map.qualifying or not before else UnitClass(before)


def judge_choice(
    choice: SenderChoice,
    person_id: PersonId,
    rows: Sequence[Allocation],
    holders: Holders,
    routes: Sequence[ExternalRoute],
    units: UnitMap,
    zone: str,
) -> Choice:
    """R12, D17: eligible is an own active personal address, its successor (D18), or an own external one.

    A choice moves on to a successor where it was made before the address lost its place; later it is refused (R40).
    """
    by_address = {row.address: row for row in sorted(rows, key=lambda r: r.period)}
    row = by_address.get(choice.address)
    if row is not None:
        row = _followed(row, by_address, local_date(choice.chosen_at, zone))
        if row.state is AddressState.ACTIVE and row.kind is AddressKind.PERSONAL:
            return Choice(address=row.address)
    if row is not None and row.live:
        personal = row.kind is AddressKind.PERSONAL  # the fallback is none (T6, D21)
        return Choice(address=None, code="SENDER_NOT_ACTIVE" if personal else "SENDER_NON_PERSONAL")
    theirs = any(r.address == choice.address for r in routes) and not units.managed(domain_of(choice.address))
    if theirs and not any(held.live for held in holders.get(choice.address, ())):
        return Choice(address=choice.address)
    return Choice(address=None, code=_refusal(choice.address, person_id, holders, units))


def _followed(row: Allocation, by_address: Mapping[Address, Allocation], since: date = date.min) -> Allocation:
    """The address that took over in a change of name or a reorganisation after ``since``, as long as it is there."""
    seen = {row.address}
    while row.state is not AddressState.ACTIVE and row.successor is not None:
        if row.winddown_on is not None and row.winddown_on < since:
            break
        following = by_address.get(row.successor)
        if following is None or following.address in seen:
            break
        row = following
        seen.add(row.address)
    return row


def _refusal(wanted: Address, person_id: PersonId, holders: Holders, units: UnitMap) -> str:
    domain = units.domains.get(domain_of(wanted))
    if domain is not None and domain.zone == "foreign":
        return "SENDER_FOREIGN"
    rows = holders.get(wanted, ())
    if not rows:
        return "SENDER_UNKNOWN"
    last = rows[-1]
    if last.kind is AddressKind.NONPERSONAL:
        return "SENDER_NON_PERSONAL"
    if last.kind is AddressKind.FOREIGN:
        return "SENDER_FOREIGN"
    return "SENDER_NOT_ACTIVE" if last.person_id == person_id else "SENDER_NOT_YOURS"


def choose(
    box: Mailbox,
    rows: Sequence[Allocation],
    needs: Sequence[Need],
    code: str,
    choice: Choice,
    fallback: Address | None,
    units: UnitMap,
    policy: Policy,
    evidence: tuple[Evidence, ...],
) -> Sender:
    """The choice, else the default that stands, else a new default, else the fallback."""
    wanted = _wanted_class(box, code, policy)
    if choice.address is not None:  # the class is kept in mind for the day on which the choice counts no more
        why = Reason(rule="R12", because="it was chosen in self-service", evidence=choice.evidence or evidence)
        return Sender(address=choice.address, origin=SenderOrigin.CHOICE, basis=f"{wanted.value}:", why=why)
    candidates = _candidates(rows, needs, units)
    has_preferred = any(wanted in candidate.classes for candidate in candidates)
    basis = _basis(wanted, has_preferred)
    kept = _kept(box, rows, basis)
    if kept is not None:
        basis = box.sender_basis if box.state in _IN_GRACE else basis
        rule, because = _KEPT if kept != box.sender else (box.sender_rule, box.sender_because)
        why = Reason(rule=rule, because=because, evidence=evidence)
        return Sender(address=kept, origin=SenderOrigin.DEFAULT, basis=basis, why=why)
    return _default(candidates, wanted, code, basis, fallback, evidence)


@lru_cache(maxsize=64)
def _basis(wanted: UnitClass, has_preferred: bool) -> str:
    return f"{wanted.value}:{'has' if has_preferred else 'none'}"


@lru_cache(maxsize=256)
def _preferred(code: str, wanted: UnitClass, *, found: bool) -> str:
    """The sentence that all the senders of one status share."""
    if found:
        return f"status {code} prefers the {wanted.value} address"
    return f"status {code} prefers a {wanted.value} address, and there is none"


def _candidates(rows: Sequence[Allocation], needs: Sequence[Need], units: UnitMap) -> list[_Candidate]:
    """Active personal addresses; one without a present affiliation (in a grace) counts by the units of its domain."""
    by_domain = {need.domain: need for need in needs}
    found = []
    for row in rows:
        if row.state is not AddressState.ACTIVE or row.kind is not AddressKind.PERSONAL:
            continue
        need = by_domain.get(row.domain)
        if need is not None:
            first = (need.start, need.unit_id)
            found.append(_Candidate(address=row.address, classes=need.classes, first=first))
        else:
            by_domain_name = (row.created_on, row.domain)
            classes = dict.fromkeys(_classes_of(row.domain, units), by_domain_name)
            found.append(_Candidate(address=row.address, classes=classes, first=by_domain_name))
    return found


def _classes_of(domain: Domain, units: UnitMap) -> frozenset[UnitClass]:
    return frozenset(unit.unit_class for unit in units.units.values() if unit.domain == domain)


def _kept(box: Mailbox, rows: Sequence[Allocation], basis: str) -> Address | None:
    """D16: sticky. Kept while eligible, or handed on by D18, unless the preferred class changed or gained its first.

    In a grace affiliations end and addresses stay, so that no class gains or loses anything by it (2.2).
    """
    if box.sender is None or box.sender_origin is not SenderOrigin.DEFAULT:
        return None
    gained = box.sender_basis != basis and not basis.endswith(":none")
    changed = box.sender_basis.partition(":")[0] != basis.partition(":")[0]
    if (gained or changed) and box.state not in _IN_GRACE:
        return None
    by_address = {row.address: row for row in sorted(rows, key=lambda r: r.period)}
    row = by_address.get(box.sender)
    if row is None:
        return None
    row = _followed(row, by_address)
    return row.address if row.state is AddressState.ACTIVE and row.kind is AddressKind.PERSONAL else None


def _default(
    candidates: Sequence[_Candidate],
    wanted: UnitClass,
    code: str,
    basis: str,
    fallback: Address | None,
    evidence: tuple[Evidence, ...],
) -> Sender:
    inside = [c for c in candidates if wanted in c.classes]
    rule = "R10" if wanted is UnitClass.COLLEGE else "R11"
    if inside:
        why = Reason(rule=rule, because=_preferred(code, wanted, found=True), evidence=evidence)
        preferred = min(inside, key=lambda c: c.classes[wanted])
        return Sender(address=preferred.address, origin=SenderOrigin.DEFAULT, basis=basis, why=why)
    if candidates:
        why = Reason(rule=rule, because=_preferred(code, wanted, found=False), evidence=evidence)
        other = min(candidates, key=lambda c: c.first)
        return Sender(address=other.address, origin=SenderOrigin.DEFAULT, basis=basis, why=why)
    why = Reason(rule="R34", because="there is no active personal address", evidence=evidence)
    return Sender(address=fallback, origin=SenderOrigin.FALLBACK, basis=basis, why=why)
