"""What people asked for and decided, and how it is taken back: the desk's decisions, name requests, contact points."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from nexusops.model.findings import Evidence
from nexusops.model.ids import Address
from nexusops.model.ledger import Alternative, Hold, HoldKind, NameDecision, RequestOutcome
from nexusops.pipeline.inputs import Ports
from nexusops.pipeline.undone import kept, let_go
from nexusops.plan.holding import things_told
from nexusops.report.explain import Fact

HELD = {
    HoldKind.MANUAL_DISABLE: ("disabled by the desk", "D41"),
    HoldKind.FORWARD_EXEMPT: ("exempt from automatic forwarding", "R59"),
    HoldKind.HANDOVER: ("handed over by the desk", "D31"),
    HoldKind.SHORTENED: ("ends earlier, as was asked", "D43"),
    HoldKind.UNDONE: ("kept as it is, since a change was undone", "D41"),
    HoldKind.RENEW: ("a new secret was asked for", "R64"),
}
TAKEN_BACK = {HoldKind.MANUAL_DISABLE: "desk undo-disable", HoldKind.FORWARD_EXEMPT: "desk unexempt-forward"}
REACHED_AT = "reached at"
"""An address outside that somebody has given for when their mailbox is shut (R31)."""


def decided_facts(ports: Ports, holds: Iterable[Hold], called: Callable[[str], str] = str) -> Iterator[Fact]:
    """What people decided against the data, until when, and how it is taken back. ``called``: what staff call a
    person_id.
    """
    holds = list(holds)
    undone = [f"holds:{hold.subject}:{hold.kind}" for hold in holds if hold.kind is HoldKind.UNDONE]
    since = kept(ports.store.journal(undone), ports.policy.time.zone) if undone else {}
    for hold in holds:
        what, rule = HELD[hold.kind]
        undo = TAKEN_BACK.get(hold.kind)
        back = f"; `nexusops {undo} {called(hold.subject)}` takes it back" if undo else ""
        if hold.kind is HoldKind.UNDONE:
            back = f", until the registration rows behind it change; {let_go(called(hold.subject))}"
        because = f"{hold.reason or 'no reason was given'}, by {hold.actor}{back}"
        day = since[hold.subject].since if hold.kind is HoldKind.UNDONE and hold.subject in since else None
        yield Fact(label="decided", value=what + _detail(hold, called), rule=rule, because=because, since=day)


def about_address(holds: Iterable[Hold], address: Address) -> Iterator[Hold]:
    """Of somebody's holds those that keep one address as it is."""
    return (hold for hold in holds if hold.subject == address or f"address:{address}" in hold.value.split())


def _detail(hold: Hold, called: Callable[[str], str]) -> str:
    if not hold.value:
        return ""
    if hold.kind is HoldKind.HANDOVER:
        return f" to {called(hold.value)}, from the next run on"
    if hold.kind is HoldKind.UNDONE:
        return f" ({things_told(hold.value)})"
    return f" ({hold.value})"


_OUTCOMES = {
    RequestOutcome.ACCEPTED: "accepted",
    RequestOutcome.REFERRED: "waits for the Service Desk",
    RequestOutcome.REJECTED: "rejected",
}


def asked_facts(decisions: Iterable[NameDecision]) -> Iterator[Fact]:
    """ "I asked for another name": what became of each request, and why (R14, D24)."""
    for one in sorted(decisions, key=lambda one: one.request_id):
        by = f", by {one.decided_by}" if one.decided_by else ""
        because = f"{one.reason}{by}" if one.reason else by.removeprefix(", ")
        if one.outcome is RequestOutcome.REFERRED:
            because += f"; `nexusops desk decide-name {one.request_id} accept` or `reject` decides it"
        later = "" if one.applied or one.outcome is not RequestOutcome.ACCEPTED else ", from the next run on"
        yield Fact(
            label="asked for",
            value=f"{one.wanted_local}, request {one.request_id}: {_OUTCOMES[one.outcome]}{later}",
            rule="D24",
            because=because,
            evidence=(Evidence(table="name_requests", key=one.request_id),),
        )


def contact_facts(alternatives: Iterable[Alternative]) -> Iterator[Fact]:
    """Where the person is reached outside."""
    for other in alternatives:
        if not other.removed:
            yield Fact(label=REACHED_AT, value=f"{other.address} (from {other.source})", rule="D32")
