"""Whether what a site says of itself fits its registration data. Pure: a configuration that is valid by itself may be
another university's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from nexusops.model.policy import Policy
from nexusops.model.site import Site
from nexusops.model.snapshot import Snapshot
from nexusops.plan.guard import GuardLimits
from nexusops.plan.people.faults import policy_fault

LOOKED_AT = 1000
"""So many people tell whether the site's words for people are the right ones."""
KEPT = 30
"""For so many days a deleted user can be restored (tenant-api.md 4.9)."""
FEW = 10
"""Of fewer people most may well be frozen."""


def misfits(snapshot: Snapshot, policy: Policy, site: Site, guard: GuardLimits) -> Iterator[str]:
    """A sentence for each thing that holds back everybody, or can never be so. ``snapshot``: with some people."""
    named = {unit.domain for unit in snapshot.units.values() if unit.domain is not None}
    rows = [row for row in snapshot.domains.values() if row.domain in named]
    if rows and all(row.zone == "foreign" for row in rows):
        yield (
            f"no unit's mail domain lies under {site.parent_domain}, so nobody is given an address there: "
            "set [site] parent_domain in nexusops.toml"
        )
    if not {*policy.secondary.owner_codes} & {*policy.status_map.qualifying}:
        yield (
            "nobody may own a unit's mailbox, and those that have an owner will end: secondary.owner_codes has no code "
            "of status_map.qualifying; set it in policy.toml"
        )
    if policy.deleted.purge_after_days > KEPT:
        yield (
            f"deleted.purge_after_days is {policy.deleted.purge_after_days}, and Microsoft keeps what was deleted for "
            f"{KEPT} days: people are promised more than can be given back; set {KEPT} or less in policy.toml"
        )
    strange = sorted(guard.units - snapshot.units.keys())
    if strange:
        yield f"guard.toml limits what is no unit of the registration data: {', '.join(strange)}; correct it there"
    yield from _frozen(snapshot, policy)


def _frozen(snapshot: Snapshot, policy: Policy) -> Iterator[str]:
    """Most people frozen (D29): a username or a status that is not as the policy has it, more often than not."""
    looked_at = len(snapshot.people)
    codes: Counter[str] = Counter()
    for record in snapshot.people.values():
        fault = policy_fault(record, policy) if record.frozen is None else None
        if fault is not None or record.frozen is not None:
            codes[fault.code if fault is not None else str(record.frozen)] += 1
    if looked_at >= FEW and 2 * codes.total() > looked_at:
        told = ", ".join(f"{code} {number}" for code, number in codes.most_common())
        yield (
            f"{codes.total()} of {looked_at} people looked at are frozen: {told}; compare names.username_pattern and "
            "status_map in policy.toml with the data (`nexusops snapshot check DIR` names each)"
        )
