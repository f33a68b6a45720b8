"""Every number and choice of rules.md, under its decision key, with the decision as its default.

Profiles (nexusops/profiles/*.toml) and the site's policy.toml are laid over these defaults, key by key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from nexusops.model.frozen import frozen

QUALIFYING = ("MC", "US", "FS", "FR", "AV", "DS", "CS", "GT", "GR", "UG", "VR", "PT", "VD", "VV", "VC")
NON_QUALIFYING = ("CL", "CB", "VA", "VX", "FB")
OWNING = tuple(code for code in QUALIFYING if code != "UG")
"""D31: the full and postgraduate groups; an undergraduate owns no mailbox of a unit."""
COLLEGE_PREFERRING = ("CS", "UG", "PT", "GR", "GT", "VR", "VV", "VC", "VD")


@frozen
class TimePolicy:
    month_overflow: str = "clamp"
    """D01: clamp | roll."""
    zone: str = "Europe/London"
    """D02."""


@frozen
class WinddownPolicy:
    anchor: str = "run_date"
    """D03."""
    months: int = 2
    """R39: N for a person's own change."""


@frozen
class NoticePolicy:
    policy: str = "extend"
    """D04: extend | strict | same_day."""
    gate_deletion: bool = True
    """D06."""
    to: str = "sender"
    """D33."""


@frozen
class StatusChangePolicy:
    honour_two_months: bool = False
    """D05."""
    months: int = 1
    """R42."""


@frozen
class CancelledPolicy:
    grace_months: int = 1
    """R44: the "further month by default"."""


@frozen
class ExpiryPolicy:
    grace_months: int = 0
    """D07."""
    warn_months: int = 1
    """D07."""
    grace_months_by_status: Mapping[str, int] = field(default_factory=dict)
    """Profile oxford-2023: UG, GR and GT keep full access for three months."""


ACCEPT = "accept_autoreply"


@frozen
class DisabledPolicy:
    inbound: str = "reject"
    """D08: reject | accept_autoreply."""
    reply: str = "This mailbox is closed, and nobody reads what is sent to it. Please write to somebody else."
    """D08: what a disabled mailbox answers under accept_autoreply; plain text or HTML."""
    delete_after_months: int = 2
    """D08."""


@frozen
class DeletedPolicy:
    purge_after_days: int = 30
    """D08."""


@frozen
class ReusePolicy:
    left_means: str = "no_current_card"
    """D09."""
    after_months: int = 6
    """D09, strict."""
    owner_still_member: str = "never"
    """D10."""


@frozen
class DupPolicy:
    scope: str = "common"
    """D11: common | per_domain."""


@frozen
class NamesPolicy:
    no_result: str = "fallback"
    """D14."""
    max_local: int = 64
    """D15."""
    username_pattern: str = r"^[a-z]{3,4}[0-9]{4}$"
    """rules.md 3.2."""


@frozen
class NameChangePolicy:
    diminutives: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """D24: further short forms, beside the built-in table: full name -> short ones."""


@frozen
class SenderPolicy:
    college_preferring: tuple[str, ...] = COLLEGE_PREFERRING
    """D16."""
    choice_survives: bool = True
    """D17."""


@frozen
class AffiliationPolicy:
    max: int = 8
    """D20."""


@frozen
class MissingCardPolicy:
    hold_days: int = 7
    """D26."""
    policy: str = "cancel"
    """D26: cancel | manual."""


@frozen
class SnapshotPolicy:
    max_age_minutes: int = 70
    """D27."""
    shrink_rows: int = 25
    """D27: at least so many rows lost …"""
    shrink_percent: float = 5.0
    """… and more than this share."""


@frozen
class GuardPolicy:
    minimum: int = 50
    """D28."""
    percent: float = 2.0
    """D28."""


@frozen
class ReorgPolicy:
    min_months: int = 2
    max_months: int = 6
    """D30."""


@frozen
class SecondaryPolicy:
    orphan_months: int = 2
    """D31."""
    owner_codes: tuple[str, ...] = OWNING
    """D31: who may own a non-personal mailbox."""


@frozen
class ForwardPolicy:
    routed_elsewhere: str = "report"
    """D47."""


@frozen
class ForeignPolicy:
    max_incoming: int = 10
    """D36."""


@frozen
class OverlapPolicy:
    shorten: str = "by_request"
    """D43."""


@frozen
class SaasPolicy:
    allow_dept_include: bool = False
    """D38."""
    review_months: int = 12
    """2.4: every live request is looked at again once a year."""
    credential_warn_days: int = 30
    """2.4: so long before what an application signs in with ends."""
    bulk_warning: int = 5000
    """6b: from so many messages a day on a product is a bulk sender …"""
    mailbox_volume: int = 10000
    """… and above so many a mailbox does not suit it."""


@frozen
class SpfPolicy:
    max_lookups: int = 10
    max_void_lookups: int = 2
    near_lookups: int = 8
    """D40."""
    catch_all: str = "-all"
    """T9: Oxford fails, Cambridge is neutral."""


REQUEST = "request"
"""T13: the DNS is asked for, not changed."""


@frozen
class DnsPolicy:
    apply: str = "zone_lines"
    """T13: zone_lines | request. With request, records are published as tickets, and never by a dynamic update."""
    bounce_required: bool = False
    """T5: Cambridge refuses a service domain without bounce handling."""


@frozen
class StatusMap:
    """D46."""

    qualifying: tuple[str, ...] = QUALIFYING
    non_qualifying: tuple[str, ...] = NON_QUALIFYING


@frozen
class Policy:
    time: TimePolicy = field(default_factory=TimePolicy)
    winddown: WinddownPolicy = field(default_factory=WinddownPolicy)
    notice: NoticePolicy = field(default_factory=NoticePolicy)
    status_change: StatusChangePolicy = field(default_factory=StatusChangePolicy)
    cancelled: CancelledPolicy = field(default_factory=CancelledPolicy)
    expiry: ExpiryPolicy = field(default_factory=ExpiryPolicy)
    disabled: DisabledPolicy = field(default_factory=DisabledPolicy)
    deleted: DeletedPolicy = field(default_factory=DeletedPolicy)
    reuse: ReusePolicy = field(default_factory=ReusePolicy)
    dup: DupPolicy = field(default_factory=DupPolicy)
    names: NamesPolicy = field(default_factory=NamesPolicy)
    namechange: NameChangePolicy = field(default_factory=NameChangePolicy)
    sender: SenderPolicy = field(default_factory=SenderPolicy)
    affiliation: AffiliationPolicy = field(default_factory=AffiliationPolicy)
    missing_card: MissingCardPolicy = field(default_factory=MissingCardPolicy)
    snapshot: SnapshotPolicy = field(default_factory=SnapshotPolicy)
    guard: GuardPolicy = field(default_factory=GuardPolicy)
    reorg: ReorgPolicy = field(default_factory=ReorgPolicy)
    secondary: SecondaryPolicy = field(default_factory=SecondaryPolicy)
    forward: ForwardPolicy = field(default_factory=ForwardPolicy)
    foreign: ForeignPolicy = field(default_factory=ForeignPolicy)
    overlap: OverlapPolicy = field(default_factory=OverlapPolicy)
    saas: SaasPolicy = field(default_factory=SaasPolicy)
    spf: SpfPolicy = field(default_factory=SpfPolicy)
    dns: DnsPolicy = field(default_factory=DnsPolicy)
    status_map: StatusMap = field(default_factory=StatusMap)


@frozen
class Site:
    """What the rules need to know of the site beside the policy: its names and its parent domain."""

    name: str
    fallback_domain: str
    parent_domain: str = "ox.ac.uk"
    """``zone`` ox means under this domain (rules.md 3.17)."""
    spf_include: str = "_spf.ox.ac.uk"
    """The SPF record of the site's own mail hosts, which every service domain permits (R68, R80)."""
    standard_mx: str = "10 oxmail.ox.ac.uk."
    """R69."""
    publish: str = "zone_lines"
    """How records are published (T13, R78): zone_lines | dynamic_update | ticket."""
