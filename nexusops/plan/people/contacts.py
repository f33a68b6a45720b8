"""Alternative addresses of a case (R31-R33; D32): contact points only, and who entered which."""

from __future__ import annotations

import re

from nexusops.model.findings import Evidence, Severity
from nexusops.model.ids import Address, domain_of, within
from nexusops.model.ledger import Alternative
from nexusops.model.people import AlternativeAddress
from nexusops.plan.people.case import Case
from nexusops.plan.setting import Setting

_ADDRESS = re.compile(r"[^@\s<>\"(),;:\\\[\]]+@[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?\.[A-Za-z]{2,}")
LONGEST = 254
"""Characters of an address (RFC 5321)."""
FEEDS = ("hris", "student_records")


def settle_alternatives(case: Case, setting: Setting) -> None:
    """Takes the latest row of each source; a feed fills only what is empty and not refused before (D32)."""
    for row in sorted(case.record.alternatives, key=lambda r: (r.source != "self", r.at, r.address)):
        known = case.alternatives.get(row.source)
        if row.action == "removed":
            _remove(case, row)
        elif known is None or known.address != row.address or known.removed:
            _set(case, row, setting)


def _remove(case: Case, row: AlternativeAddress) -> None:
    """A removal leaves a tombstone that keeps the same value from coming back through a feed (R33). It counts once:
    what a feed brings afterwards is another value.
    """
    known = case.alternatives.get(row.source)
    if known is not None and known.removed and row.address in ("", known.address):
        return
    gone = known.address if known is not None and not known.removed else row.address
    for source in FEEDS if row.source == "self" else ():
        fed = case.alternatives.get(source)
        if fed is not None and not fed.removed and row.address in ("", fed.address):
            case.alternatives[source] = _tombstone(case, source, fed.address)
            gone = gone or fed.address
    case.alternatives[row.source] = _tombstone(case, row.source, gone)


def _tombstone(case: Case, source: str, address: Address) -> Alternative:
    return Alternative(person_id=case.person_id, source=source, address=address, removed=True)


def _set(case: Case, row: AlternativeAddress, setting: Setting) -> None:
    evidence = [
        Evidence(table="alternative_addresses", key=f"{case.person_id}/{row.source}", snapshot=setting.snapshot)
    ]
    if not (_ADDRESS.fullmatch(row.address) and row.address.isprintable() and len(row.address) <= LONGEST):
        case.find(
            "ALT_SYNTAX", "the alternative address is not an e-mail address; the old one stays", evidence=evidence
        )
        return
    if _is_ours(row, setting):
        message = "an address of the University cannot be the alternative address; the old one stays"
        case.find("ALT_IS_OXFORD", message, Severity.INFO, evidence=evidence)
        return
    if row.source in FEEDS:
        others = case.alternatives.values()
        if any(not other.removed for other in others) or any(other.address == row.address for other in others):
            return
    case.alternatives[row.source] = Alternative(person_id=case.person_id, source=row.source, address=row.address)


def _is_ours(row: AlternativeAddress, setting: Setting) -> bool:
    domain = domain_of(row.address.lower())
    ours = domain in setting.units.domains or domain == setting.site.fallback_domain
    return ours or within(domain, setting.site.parent_domain)
