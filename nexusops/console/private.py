"""What is not for everybody who may see a person: the address outside at which they get their rescue codes (R31)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from nexusops.model.changes import SendNotice
from nexusops.model.ids import Address, domain_of, within
from nexusops.model.plan import Plan, Planned
from nexusops.model.site import Site
from nexusops.pipeline.explain.decided import REACHED_AT
from nexusops.report.explain import Fact

OUTSIDE = "an address outside"


def without_addresses_outside(plan: Plan, site: Site) -> Plan:
    """The plan as it is shown to whoever supports some units alone: notices go to nobody's own address."""
    return replace(plan, changes=tuple(_told(one, site) for one in plan.changes))


def _told(planned: Planned, site: Site) -> Planned:
    change = planned.change
    if not isinstance(change, SendNotice):
        return planned
    to = tuple(one if _is_ours(one, site) else Address(OUTSIDE) for one in change.to)
    return replace(planned, change=replace(change, to=to))


def _is_ours(address: str, site: Site) -> bool:
    return any(within(domain_of(address), domain) for domain in (site.parent_domain, site.fallback_domain))


def masked(found: Iterable[Fact]) -> Iterator[Fact]:
    """That there is such an address, and not which."""
    for fact in found:
        yield replace(fact, value=OUTSIDE) if fact.label == REACHED_AT else fact
