"""Plans for tests: Hypothesis strategies over all kinds of change, and short ways to write one by hand."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime

from hypothesis import strategies as st

from nexusops.model import changes as model
from nexusops.model.addresses import AddressState
from nexusops.model.changes import Change, Kind, OnMailbox, Why
from nexusops.model.dns import DnsRecord, SigningStep
from nexusops.model.findings import Evidence, Finding, Severity
from nexusops.model.ids import Address, MailboxKey, PersonId, UnitId
from nexusops.model.mailboxes import AutomaticReply, MailboxKind
from nexusops.model.notices import NoticeKind
from nexusops.model.plan import Estimate, GuardReport, Plan, Planned

AT = datetime(2025, 10, 1, 8, 0, tzinfo=UTC)
SNAPSHOT_SHA256 = "5f" * 32

words = st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=8)
sentences = st.text(max_size=40)
days = st.dates(date(2000, 1, 1), date(2099, 12, 31))
instants = st.datetimes(timezones=st.just(UTC))
addresses = st.builds(lambda local, domain: Address(f"{local}@{domain}.ox.ac.uk"), words, words)
person_ids = st.integers(1_000_000, 9_999_999).map(lambda number: PersonId(str(number)))
unit_ids = st.text(alphabet="ABCDEFGH", min_size=2, max_size=8).map(UnitId)
evidence = st.builds(Evidence, table=words, key=sentences, snapshot=sentences)
whys = st.builds(
    Why,
    subject=st.one_of(person_ids, unit_ids, words),
    rule=st.integers(1, 88).map(lambda number: f"R{number}"),
    because=sentences,
    evidence=st.lists(evidence, max_size=2).map(tuple),
)
mailboxes = st.builds(
    OnMailbox,
    name=words,
    key=words.map(lambda word: MailboxKey(f"box:{word}:1")),
    kind=st.sampled_from(MailboxKind),
    user_id=st.none() | words,
    exchange_guid=st.none() | words,
)
_records = st.lists(st.builds(DnsRecord, type=words, name=words, value=sentences), max_size=3).map(tuple)
_several = st.lists(addresses, max_size=3).map(tuple)

_FIELDS: dict[str, st.SearchStrategy[object]] = {
    "why": whys,
    "mailbox": mailboxes,
    "address": addresses,
    "addresses": _several,
    "user_principal_name": addresses,
    "display_name": sentences,
    "person_id": st.none() | person_ids,
    "unit_id": st.none() | unit_ids,
    "owner_person_id": st.none() | person_ids,
    "period": st.integers(1, 5),
    "receives": st.booleans(),
    "certificate": words,
    "signs_in_until": st.none() | days,
    "renew": st.booleans(),
    "disabled": st.booleans(),
    "leaves": st.booleans(),
    "withdraw": st.booleans(),
    "winddown_on": days,
    "delete_on": days,
    "reason": sentences,
    "becomes": addresses,
    "key": sentences,
    "notice": st.sampled_from(NoticeKind),
    "target": words,
    "to": _several,
    "short_notice": st.booleans(),
    "text": st.dictionaries(words, sentences, max_size=2),
    "connection": st.sampled_from(["exo", "ms_smtp"]),
    "domain": words,
    "records": _records,
    "restore": st.dictionaries(words, st.booleans(), max_size=2),
    "replaces": _records,
    "signing": st.sampled_from(SigningStep),
    "signs": st.booleans(),
    "publish_as": st.sampled_from(["zone_lines", "dynamic_update", "ticket"]),
}
_replies = st.builds(
    AutomaticReply,
    state=words,
    audience=words,
    internal=sentences,
    external=sentences,
    start=st.none() | words,
    end=st.none() | words,
)
_OWN_FIELDS: dict[tuple[Kind, str], st.SearchStrategy[object]] = {
    (Kind.CREATE_MAILBOX, "address"): st.none() | addresses,
    (Kind.ENABLE_MAILBOX, "reply"): st.none() | _replies,
    (Kind.DISABLE_MAILBOX, "reply"): st.none() | sentences,
    (Kind.WIND_DOWN_ADDRESS, "mailbox"): st.none() | mailboxes,
    (Kind.WIND_DOWN_ADDRESS, "was"): st.sampled_from(AddressState),
    (Kind.REVIVE_ADDRESS, "mailbox"): st.none() | mailboxes,
    (Kind.REVIVE_ADDRESS, "was"): st.sampled_from(AddressState),
    (Kind.SET_SENDER, "was"): st.none() | addresses,
    (Kind.SET_FORWARD, "was"): st.none() | addresses,
    (Kind.CLEAR_FORWARD, "was"): addresses,
    (Kind.SEND_NOTICE, "delete_on"): st.none() | days,
}


def changes_of(kind: Kind) -> st.SearchStrategy[Change]:
    """Changes of one kind, every field drawn."""
    made: type[Change] = getattr(model, kind.value)
    fields = {name: _OWN_FIELDS.get((kind, name), _FIELDS.get(name)) for name in made.__dataclass_fields__}
    return st.builds(made, **fields)  # type: ignore[arg-type]


changes = st.one_of([changes_of(kind) for kind in Kind])
findings = st.builds(
    Finding,
    code=st.sampled_from(["NAME_NOT_LATIN", "NO_ROUTE", "WAITS_FOR"]),
    subject=words,
    message=sentences,
    severity=st.sampled_from(Severity),
    scope=words,
    evidence=st.lists(evidence, max_size=2).map(tuple),
)
_limits = st.dictionaries(st.sampled_from(["Destructive", "SetSender", "unit:CHEM"]), st.integers(0, 99), max_size=3)
guards = st.builds(
    GuardReport,
    counts=_limits,
    limits=_limits,
    tripped=st.lists(words, max_size=2).map(tuple),
    accepted=st.lists(words, max_size=2).map(tuple),
)
estimates = st.builds(
    Estimate,
    graph_writes=st.integers(0, 10_000),
    exchange_writes=st.integers(0, 10_000),
    seconds=st.floats(0, 1e6, allow_nan=False),
)


@st.composite
def numbered(draw: st.DrawFn) -> tuple[Planned, ...]:
    """Changes at their places; each may wait for the one before it."""
    drawn = draw(st.lists(changes, max_size=8))
    waits = draw(st.lists(st.booleans(), min_size=len(drawn), max_size=len(drawn)))
    jobs = draw(st.lists(words, min_size=len(drawn), max_size=len(drawn)))
    return tuple(
        Planned(id=f"c{n}", job=job, change=change, after=(f"c{n - 1}",) if wait and n > 1 else ())
        for n, (change, wait, job) in enumerate(zip(drawn, waits, jobs, strict=True), start=1)
    )


plans = st.builds(
    Plan,
    plan_id=words,
    digest=words.map(lambda word: f"sha256:{word}"),
    at=instants,
    today=days,
    site=words,
    snapshot_as_of=instants,
    snapshot_sha256=words,
    ledger_serial=st.integers(0, 10_000),
    changes=numbered(),
    findings=st.lists(findings, max_size=4).map(tuple),
    guard=guards,
    estimate=estimates,
    program_version=words,
)


def why(subject: str, rule: str, because: str, *rows: tuple[str, str]) -> Why:
    """A Why whose evidence are (table, key) pairs of the snapshot."""
    return Why(
        subject=subject,
        rule=rule,
        because=because,
        evidence=tuple(Evidence(table=table, key=key, snapshot=SNAPSHOT_SHA256) for table, key in rows),
    )


def personal(name: str, person_id: str) -> OnMailbox:
    """A personal mailbox that the tenant has not made yet."""
    return OnMailbox(name=name, key=MailboxKey(f"person:{person_id}:1"), kind=MailboxKind.PERSONAL)


def box(name: str, kind: MailboxKind = MailboxKind.SECONDARY) -> OnMailbox:
    return OnMailbox(name=name, key=MailboxKey(f"box:{name}:1"), kind=kind)


def plan_of(
    planned: Iterable[Planned],
    *,
    findings: tuple[Finding, ...] = (),
    guard: GuardReport | None = None,
    estimate: Estimate | None = None,
) -> Plan:
    """A plan of the morning of 1 October 2025 at oxford-test."""
    return Plan(
        plan_id="01J8ZK3M5Q",
        digest="sha256:" + "9a3c" * 16,
        at=AT,
        today=date(2025, 10, 1),
        site="oxford-test",
        snapshot_as_of=datetime(2025, 10, 1, 7, 50, tzinfo=UTC),
        snapshot_sha256=SNAPSHOT_SHA256,
        ledger_serial=41,
        changes=tuple(planned),
        findings=findings,
        guard=guard or GuardReport(counts={"Destructive": 0}, limits={"Destructive": 50}),
        estimate=estimate or Estimate(graph_writes=2, exchange_writes=2, seconds=1.1),
    )
