"""Every number and choice of rules.md, under its decision key, with the decision as its default.

Profiles (nexusops/profiles/*.toml) and the site's policy.toml are laid over these defaults, key by key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

QUALIFYING = ("MC", "US", "FS", "FR", "AV", "DS", "CS", "GT", "GR", "UG", "VR", "PT", "VD", "VV", "VC")
NON_QUALIFYING = ("CL", "CB", "VA", "VX", "FB")
OWNING = tuple(code for code in QUALIFYING if code != "UG")
"""D31: the full and postgraduate groups; an undergraduate owns no mailbox of a unit."""
COLLEGE_PREFERRING = ("CS", "UG", "PT", "GR", "GT", "VR", "VV", "VC", "VD")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimePolicy:
    month_overflow: str = "clamp"
    """D01: clamp | roll."""
    zone: str = "Europe/London"
    """D02."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WinddownPolicy:
    anchor: str = "run_date"
    """D03."""
    months: int = 2
    """R39: N for a person's own change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticePolicy:
    policy: str = "extend"
    """D04: extend | strict | same_day."""
    gate_deletion: bool = True
    """D06."""
    to: str = "sender"
    """D33."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChangePolicy:
    honour_two_months: bool = False
    """D05."""
    months: int = 1
    """R42."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelledPolicy:
    grace_months: int = 1
    """R44: the "further month by default"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpiryPolicy:
    grace_months: int = 0
    """D07."""
    warn_months: int = 1
    """D07."""
    grace_months_by_status: Mapping[str, int] = field(default_factory=dict)
    """Profile oxford-2023: UG, GR and GT keep full access for three months."""


ACCEPT = "accept_autoreply"


@dataclass(frozen=True, slots=True, kw_only=True)
class DisabledPolicy:
    inbound: str = "reject"
    """D08: reject | accept_autoreply."""
    reply: str = "This mailbox is closed, and nobody reads what is sent to it. Please write to somebody else."
    """D08: what a disabled mailbox answers under accept_autoreply; plain text or HTML."""
    delete_after_months: int = 2
    """D08."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedPolicy:
    purge_after_days: int = 30
    """D08."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReusePolicy:
    left_means: str = "no_current_card"
    """D09."""
    after_months: int = 6
    """D09, strict."""
    owner_still_member: str = "never"
    """D10."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DupPolicy:
    scope: str = "common"
    """D11: common | per_domain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamesPolicy:
    no_result: str = "fallback"
    """D14."""
    max_local: int = 64
    """D15."""
    username_pattern: str = r"^[a-z]{3,4}[0-9]{4}$"
    """rules.md 3.2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NameChangePolicy:
    diminutives: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """D24: further short forms, beside the built-in table: full name -> short ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderPolicy:
    college_preferring: tuple[str, ...] = COLLEGE_PREFERRING
    """D16."""
    choice_survives: bool = True
    """D17."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AffiliationPolicy:
    max: int = 8
    """D20."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingCardPolicy:
    hold_days: int = 7
    """D26."""
    policy: str = "cancel"
    """D26: cancel | manual."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotPolicy:
    max_age_minutes: int = 70
    """D27."""
    shrink_rows: int = 25
    """D27: at least so many rows lost …"""
    shrink_percent: float = 5.0
    """… and more than this share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardPolicy:
    minimum: int = 50
    """D28."""
    percent: float = 2.0
    """D28."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReorgPolicy:
    min_months: int = 2
    max_months: int = 6
    """D30."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondaryPolicy:
    orphan_months: int = 2
    """D31."""
    owner_codes: tuple[str, ...] = OWNING
    """D31: who may own a non-personal mailbox."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardPolicy:
    routed_elsewhere: str = "report"
    """D47."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignPolicy:
    max_incoming: int = 10
    """D36."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlapPolicy:
    shorten: str = "by_request"
    """D43."""


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class SpfPolicy:
    max_lookups: int = 10
    max_void_lookups: int = 2
    near_lookups: int = 8
    """D40."""
    catch_all: str = "-all"
    """T9: Oxford fails, Cambridge is neutral."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsPolicy:
    apply: str = "zone_lines"
    """T13: zone_lines | request."""
    bounce_required: bool = False
    """T5: Cambridge refuses a service domain without bounce handling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusMap:
    """D46."""

    qualifying: tuple[str, ...] = QUALIFYING
    non_qualifying: tuple[str, ...] = NON_QUALIFYING


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
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
