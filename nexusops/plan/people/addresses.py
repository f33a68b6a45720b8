"""The addresses of a case: kept, revived, allotted, wound down, ended (R17-R22, R37-R41; D11, D12, D19, D22, D23,
D30).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from nexusops.model.addresses import AddressKind, AddressState, Allocation
from nexusops.model.dates import earliest
from nexusops.model.findings import Evidence, Severity
from nexusops.model.ids import Address, Domain, UnitId, address
from nexusops.model.mailboxes import Mailbox, MailboxState
from nexusops.model.people import Affiliation
from nexusops.plan.people.case import Case
from nexusops.plan.people.endings import wind_down_rest
from nexusops.plan.people.names import MESSAGES, TRUNCATED
from nexusops.plan.setting import Setting, why
from nexusops.rules.allocation import (
    BROUGHT_FORWARD,
    allot,
    end,
    ends_on,
    may_end,
    name_part,
    noticed,
    revive,
    suspend,
)
from nexusops.rules.book import Book
from nexusops.rules.naming import shortened_for
from nexusops.rules.reorganising import Need


def settle_addresses(
    case: Case,
    served: Sequence[Affiliation],
    book: Book,
    setting: Setting,
    evidence: tuple[Evidence, ...],
    *,
    living: bool,
) -> None:
    """Brings the person's rows into line with the mailbox's state and, while it lives, with the affiliations."""
    box = case.box
    if box is None:
        return
    if box.state in (MailboxState.DELETED, MailboxState.PURGED):
        _end_all(case, box, setting)
    elif box.state is MailboxState.DISABLED:
        _suspend_all(case, evidence)
        end_due(case, setting)
    else:
        _settle_fallback(case, box, book, setting)
        _settle_further(case)
        if living:
            _settle_served(case, box, served, book, setting)
        end_due(case, setting)
        _settle_dates(case, box, setting)
        if living:
            _tell_exceptions(case, setting)
    if case.address_holds:
        for row in case.personal:
            if row.live and row.gate:
                case.let_end_go(row.address)


def _end_all(case: Case, box: Mailbox, setting: Setting) -> None:
    """Addresses end with their mailbox (2.1)."""
    for row in [row for row in case.rows.values() if row.live]:
        case.put(end(row, setting.today, why(box.rule or "D08", "its mailbox was deleted", *box.evidence)))


def _suspend_all(case: Case, evidence: tuple[Evidence, ...]) -> None:
    for row in [r for r in case.rows.values() if r.state in (AddressState.ACTIVE, AddressState.WINDDOWN)]:
        case.put(suspend(row, evidence))


def end_due(case: Case, setting: Setting, among: Collection[Address] | None = None) -> None:
    """Wind-downs that are over, their notice given (R41, D06); of all addresses, or of these."""
    if case.record.spared:
        return
    for row in [r for r in case.personal if r.live and (among is None or r.address in among)]:
        if may_end(row, setting.today, setting.policy, deceased=case.deceased):
            because = f"it was in wind-down since {row.winddown_on}, and its notice was given"
            if not row.gate:
                because = "its end on this day was asked for"
            case.put(end(row, setting.today, why("R41" if row.gate else "D43", because, *row.evidence)))


def _settle_fallback(case: Case, box: Mailbox, book: Book, setting: Setting) -> None:
    """D21: every mailbox has username@fallback for its whole life."""
    row = case.fallback
    if row is not None and row.live:
        if row.state is AddressState.SUSPENDED:
            case.put(revive(row, why("D23", "its mailbox is enabled again")))
        return
    if box.name is None:
        return
    fresh = allot(
        box.name,
        Domain(setting.site.fallback_domain),
        book=book,
        base=box.name,
        n=1,
        person_id=case.person_id,
        mailbox_key=box.key,
        why=why("R34", "every mailbox has its fallback address"),
        kind=AddressKind.FALLBACK,
    )
    case.put(fresh)


def _settle_further(case: Case) -> None:
    """Addresses that a mailbox brought along when it was adopted live and rest with it (rules.md 3.16)."""
    for row in [r for r in case.rows.values() if r.kind in _FURTHER and r.state is AddressState.SUSPENDED]:
        case.put(revive(row, why("D23", "its mailbox is enabled again")))


_FURTHER = frozenset({AddressKind.NONPERSONAL, AddressKind.FOREIGN})


@dataclass(slots=True, kw_only=True)
class _Allotting:
    """One person's allotting: what is needed, and what is settled so far (domain -> the address that serves it)."""

    case: Case
    box: Mailbox
    book: Book
    setting: Setting
    base: str
    served: dict[Domain, Address]


def _settle_served(case: Case, box: Mailbox, served: Sequence[Affiliation], book: Book, setting: Setting) -> None:
    """One active address for each domain that the served affiliations give; what is left over winds down."""
    wanted = case.needs
    base = case.state.base
    settled: dict[Domain, Address] = {}
    if base is not None:
        work = _Allotting(case=case, box=box, book=book, setting=setting, base=base, served=settled)
        _allot_missing(work, [need for need in wanted if not _reuse(work, need)])
        _tell_shortened(work)
    if not case.record.spared:
        wind_down_rest(case, served, wanted, settled, setting)


def _reuse(work: _Allotting, need: Need) -> bool:
    """Keeps, revives, or takes back an own address of this base in the domain (D10, D23)."""
    held = [r for r in work.case.personal if r.domain == need.domain]
    if not held:
        return False
    # While nothing may be ended (D29), the present address stays alone, whatever its name: never two in one domain.
    spared = work.case.record.spared is not None and any(r.state is AddressState.ACTIVE for r in held)
    mine = [r for r in held if r.base == work.base or (spared and r.state is AddressState.ACTIVE)]
    active = next((row for row in mine if row.state is AddressState.ACTIVE), None)
    if active is not None:
        work.served[need.domain] = active.address
        return True
    resting = next((row for row in reversed(mine) if row.live), None)
    if resting is not None:
        work.case.revived.append(resting)
        work.case.put(revive(resting, why("D23", _back(resting, need), *_proof(work.case, need, work.setting))))
        work.served[need.domain] = resting.address
        return True
    for row in sorted(mine, key=lambda r: (r.period, r.created_on), reverse=True):
        if not row.live and work.book.free_for(row.address, work.case.person_id):
            _put_new(work, need, row.n, row.local, ("D10", "it is the person's own former address"))
            return True
    return False


def _back(row: Allocation, need: Need) -> str:
    """What had put the address to rest, and is over."""
    if row.state is AddressState.SUSPENDED:
        return f"its mailbox is enabled again, and the affiliation to {need.unit_id} is current"
    if row.reason == "name":
        return "the name is again the one that this address has"
    if row.reason in ("affiliation", BROUGHT_FORWARD):
        return f"the affiliation to {need.unit_id} is current again"
    return f"{need.domain} gives addresses again, and the affiliation to {need.unit_id} is current"


def _allot_missing(work: _Allotting, missing: Sequence[Need]) -> None:
    """D11 for a person's first addresses; D12, R22 for a later affiliation."""
    if not missing:
        return
    case, book = work.case, work.book
    new = not case.personal or {row.domain for row in case.personal}.isdisjoint(need.domain for need in missing)
    present = name_part(case.personal, work.base)
    common = None
    if present is None and work.setting.policy.dup.scope == "common":
        common = book.common_n(work.base, [need.domain for need in missing], case.person_id, newcomer=new)
    for need in missing:
        n = present or common or book.common_n(work.base, [need.domain], case.person_id, newcomer=new)
        if present is not None and not book.free_for(book.spelled(work.base, n, need.domain), case.person_id):
            n = book.common_n(work.base, [need.domain], case.person_id, newcomer=new)
        _put_new(work, need, n, book.local(work.base, n), _why_new(need.unit_id, need.domain, n))


@lru_cache(maxsize=4096)
def _why_new(unit_id: UnitId, domain: Domain, n: int) -> tuple[str, str]:
    """The rule and its sentence, which thousands of rows share."""
    because = f"the affiliation to {unit_id} gives an address in {domain}"
    if n > 1:
        return "R17", f"{because}, and the plain name or a lower number is taken"
    return "R8", because


def _tell_exceptions(case: Case, setting: Setting) -> None:
    """R22, D12: wherever another name part is used than in the oldest address that they have, as long as it is."""
    if len(case.personal) < 2 or setting.policy.dup.scope != "common":
        return
    mine = [row for row in case.personal if row.live and row.base == case.state.base]
    if not mine:
        return
    usual = min(mine, key=lambda row: (row.created_on, row.n, row.address)).n
    for row in mine:
        if row.n != usual and row.state is AddressState.ACTIVE:
            message = f"the name part used elsewhere was taken in {row.domain}, so another one is used there"
            case.find("NAME_PART_EXCEPTION", message, Severity.INFO)


def _tell_shortened(work: _Allotting) -> None:
    """D15: a base that was cut to make room for its number is reported like a name that was too long by itself."""
    held = (row for row in work.case.personal if row.address in work.served.values() and row.live)
    cut = any(shortened_for(row.local, row.base, row.n) for row in held)
    if cut and all(finding.code != TRUNCATED for finding in work.case.findings):
        work.case.find(TRUNCATED, MESSAGES[TRUNCATED])


def _put_new(work: _Allotting, need: Need, n: int, local: str, reason: tuple[str, str]) -> None:
    case = work.case
    if need.domain == work.setting.site.fallback_domain and (inner := case.fallback) is not None:
        if inner.live and inner.address == address(local, need.domain):
            work.served[need.domain] = inner.address  # D21: their username is their name
            return
    row = allot(
        local,
        need.domain,
        book=work.book,
        base=work.base,
        n=n,
        person_id=case.person_id,
        mailbox_key=work.box.key,
        why=why(*reason, *_proof(case, need, work.setting)),
    )
    case.put(row)
    work.served[need.domain] = row.address


def _proof(case: Case, need: Need, setting: Setting) -> tuple[Evidence, ...]:
    return (Evidence(table="affiliations", key=f"{case.person_id}/{need.unit_id}", snapshot=setting.snapshot),)


def _settle_dates(case: Case, box: Mailbox, setting: Setting) -> None:
    """D22: while the mailbox itself is to be deleted, its wind-downs take the earlier date; else their own."""
    for row in [r for r in case.personal if r.state is AddressState.WINDDOWN and r.gate]:
        if row.winddown_on is None or row.months is None:
            continue
        if row.notice_sent_on is not None:
            own = noticed(row, row.notice_sent_on, setting.policy, box.delete_on).delete_on
        else:
            begins = row.notice_due_on or row.winddown_on
            own = earliest(ends_on(row, begins, setting.policy), box.delete_on)
        if own != row.delete_on:
            case.put(replace(row, delete_on=own))
