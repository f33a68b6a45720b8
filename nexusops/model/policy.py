"""Every number and choice of rules.md, under its decision key, with the decision as its default.

Profiles (nexusops/profiles/*.toml) and the site's policy.toml are laid over these defaults, key by key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date

from nexusops.model.dates import add_months
from nexusops.model.frozen import frozen

NOTICE_MONTHS = 2  # R46: so long before an address or a mailbox ends by itself, its owner is told
QUALIFYING = ("MC", "US", "FS", "FR", "AV", "DS", "CS", "GT", "GR", "UG", "VR", "PT", "VD", "VV", "VC")
NON_QUALIFYING = ("CL", "CB", "VA", "VX", "FB")
OWNING = tuple(code for code in QUALIFYING if code != "UG")
"""D31: the full and postgraduate groups; an undergraduate owns no mailbox of a unit."""
COLLEGE_PREFERRING = ("CS", "UG", "PT", "GR", "GT", "VR", "VV", "VC", "VD")


@frozen
class TimePolicy:
    month_overflow: str = "clamp"
    """D01: a month after 31 January: its last day (clamp), or the first of the next (roll)."""
    zone: str = "Europe/London"
    """D02: whose calendar counts."""


@frozen
class WinddownPolicy:
    anchor: str = "run_date"
    """D03: a wind-down counts from the day of the run that begins it."""
    months: int = 2
    """R39: how long an address receives after a person's own change."""


@frozen
class NoticePolicy:
    policy: str = "extend"
    """D04: a late notice moves the end (extend), is noted as a breach (strict), or goes out on the day itself."""
    gate_deletion: bool = True
    """D06: no address ends before its notice was sent."""
    to: str = "sender"
    """D33: to the address that the mailbox sends as; to the alternative one where it is disabled."""


@frozen
class StatusChangePolicy:
    honour_two_months: bool = False
    """D05: two months' notice also where the new status has no mailbox."""
    months: int = 1
    """R42: how long a mailbox goes on after such a change of status."""


@frozen
class CancelledPolicy:
    grace_months: int = 1
    """R44: how long a mailbox works on after its card was cancelled."""


@frozen
class ExpiryPolicy:
    grace_months: int = 0
    """D07: how long it works on after its card has run out."""
    warn_months: int = 1
    """D07: how long before a card runs out its holder is warned."""
    grace_months_by_status: Mapping[str, int] = field(default_factory=dict)
    """The same by status code; profile oxford-2023: UG, GR and GT keep full access for three months."""


ACCEPT = "accept_autoreply"


@frozen
class DisabledPolicy:
    inbound: str = "reject"
    """D08: mail to a disabled mailbox is refused, or accepted and answered."""
    reply: str = "This mailbox is closed, and nobody reads what is sent to it. Please write to somebody else."
    """D08: what a disabled mailbox answers under accept_autoreply; plain text or HTML."""
    delete_after_months: int = 2
    """D08: how long after that it is deleted."""


@frozen
class DeletedPolicy:
    purge_after_days: int = 30
    """D08: how long its content can be restored from then on; the tenant's own rule."""


LEFT_UNIT = "left_unit"


@frozen
class ReusePolicy:
    left_means: str = "no_current_card"
    """D09: somebody has left who has no current card of any sort."""
    after_months: int = 6
    """D09: an address is free for others when its owner left longer ago than this."""
    owner_still_member: str = "never"
    """D10: an address of somebody who is still here is given to nobody else, or as if they had left when they left its
    unit (left_unit)."""


@frozen
class DupPolicy:
    scope: str = "common"
    """D11: the number behind a taken name is free in all of a person's domains, or chosen in each."""


@frozen
class NamesPolicy:
    no_result: str = "fallback"
    """D14: whose name gives no first.last sends from the fallback address."""
    max_local: int = 64
    """D15: so many characters before the @ at most."""
    username_pattern: str = r"^[a-z]{3,4}[0-9]{4}$"
    """What a username looks like (a regular expression); others freeze their person."""


@frozen
class NameChangePolicy:
    diminutives: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """D24: further short forms, beside the built-in table: full name -> short ones."""


@frozen
class SenderPolicy:
    college_preferring: tuple[str, ...] = COLLEGE_PREFERRING
    """D16: status codes that send from their college; the others send from their department."""
    choice_survives: bool = True
    """D17: a choice that cannot be honoured now is honoured again as soon as it can."""


@frozen
class AffiliationPolicy:
    max: int = 8
    """D20: so many affiliations of a person get an address."""


@frozen
class MissingCardPolicy:
    hold_days: int = 7
    """D26: a card whose row is missing changes nothing for so long."""
    policy: str = "cancel"
    """D26: then it counts as cancelled, or waits for somebody (manual)."""


@frozen
class SnapshotPolicy:
    max_age_minutes: int = 70
    """D27: an older snapshot is refused."""
    shrink_rows: int = 25
    """D27: a table that lost at least so many rows …"""
    shrink_percent: float = 5.0
    """… and more than this share of them is refused."""


@frozen
class GuardPolicy:
    minimum: int = 50
    """D28: so many destructive changes pass in one run …"""
    percent: float = 2.0
    """… or this share of the live mailboxes, whichever is more; `guard.toml` overrides it."""


@frozen
class ReorgPolicy:
    min_months: int = 2
    """D30: the addresses of a merged unit receive at least so long …"""
    max_months: int = 6
    """… and at most so long, unless more was negotiated."""


@frozen
class SecondaryPolicy:
    orphan_months: int = 2
    """D31: a mailbox whose owner has left is deleted after so long, unless somebody takes it over."""
    owner_codes: tuple[str, ...] = OWNING
    """D31: status codes of those who may own a unit's mailbox."""


@frozen
class ForwardPolicy:
    routed_elsewhere: str = "report"
    """D47: an address of ours that is routed elsewhere is reported, and not forwarded."""


@frozen
class ForeignPolicy:
    max_incoming: int = 10
    """D36: so many addresses may receive in a domain that is not the University's."""


@frozen
class OverlapPolicy:
    shorten: str = "by_request"
    """D43: a wind-down may be shortened where that is asked for."""


@frozen
class SaasPolicy:
    allow_dept_include: bool = False
    """D38: whether a provider may stand in a department's own SPF record."""
    review_months: int = 12
    """How often what is live is looked at again."""
    credential_warn_days: int = 30
    """So long before what an application signs in with ends it is told."""
    bulk_warning: int = 5000
    """From so many messages a day on a product is a bulk sender …"""
    mailbox_volume: int = 10000
    """… and above so many a mailbox does not suit it."""


@frozen
class SpfPolicy:
    max_lookups: int = 10
    """D40: so many look-ups may an SPF record cost …"""
    max_void_lookups: int = 2
    """… so many of them may find nothing …"""
    near_lookups: int = 8
    """… and from so many on it is warned of."""
    catch_all: str = "-all"
    """How the SPF record of a service domain ends: Oxford refuses all others, Cambridge says nothing of them."""


REQUEST = "request"
"""T13: the DNS is asked for, not changed."""


@frozen
class DnsPolicy:
    apply: str = "zone_lines"
    """With request, records are published as tickets, and never by a dynamic update."""
    bounce_required: bool = False
    """Whether a service domain must name who takes its bounces, as at Cambridge."""
    standard_only: bool = False
    """R75-R77, R80, R83: whether a unit's SPF record must be the standard one letter by letter, only recognised servers
    take and send a unit's mail, and each provider has a domain to itself, as at Cambridge."""


@frozen
class StatusMap:
    """Which status of a card comes with a mailbox (D46)."""

    qualifying: tuple[str, ...] = QUALIFYING
    """Status codes that entitle to a mailbox."""
    non_qualifying: tuple[str, ...] = NON_QUALIFYING
    """Those that do not. Any other code freezes its person."""


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

    def months_after(self, day: date, months: int) -> date:
        """The corresponding day so many months later, as the site counts them (D01)."""
        return add_months(day, months, overflow=self.time.month_overflow)

    def notice_over(self, sent_on: date) -> date:
        """The first day on which what was announced on that day may end (R46, D04)."""
        return self.months_after(sent_on, NOTICE_MONTHS)
