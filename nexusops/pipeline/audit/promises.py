"""Were the promises kept? Each is proved from the rows of the ledger and the journal (rules.md 4e)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date
from itertools import groupby, pairwise

from nexusops.model.addresses import Allocation
from nexusops.model.audits import Audit, Proof
from nexusops.model.ids import Address, PersonId
from nexusops.model.journal import Entry
from nexusops.model.ledger import HoldKind, PersonState, Standing
from nexusops.model.mailboxes import MailboxState
from nexusops.pipeline.explain.decided import HELD
from nexusops.pipeline.explain.facts import word
from nexusops.pipeline.inputs import Ports
from nexusops.pipeline.undone import Kept, kept, let_go
from nexusops.rules.book import free_after

REASONED = frozenset({HoldKind.MANUAL_DISABLE, HoldKind.FORWARD_EXEMPT, HoldKind.SHORTENED})
"""What only the desk decides, which must say why; `undo` and `saas` take a reason, and go without (interface.md 3)."""


def audit_promise(ports: Ports, promise: str) -> Audit:
    """Proves one promise; ``promise`` is a key of PROMISES."""
    return PROMISES[promise](ports)


def _notices(ports: Ports) -> Audit:
    """R46: two months' notice before an address ends by itself. One that goes with its mailbox has that one's notices
    and dates (R42, R44; D05, D07); one that was asked for has none (D43). A policy that gives less breaks it
    (D04, D06).
    """
    proofs: list[Proof] = []
    checked, announced = 0, ports.store.announced()
    for row in ports.store.ended():
        checked += 1
        proof = _noticed(ports, row, announced)
        if proof is not None:
            proofs.append(proof)
    sentence = "every address that ended by itself had been announced two months before"
    return Audit(promise="notices", sentence=sentence, checked=checked, proofs=tuple(proofs))


def _noticed(
    ports: Ports, row: Allocation, announced: Collection[tuple[PersonId | None, Address, date | None]]
) -> Proof | None:
    """None where there is nothing to tell: the promise was kept, or it was not owed. ``announced``: what was sent."""
    dates = {"winddown_on": row.winddown_on, "notice_sent_on": row.notice_sent_on, "deleted_on": row.deleted_on}
    if row.rule == "R42":
        message = "it went with its mailbox after the status had changed, as the rule for that says"
        return _proof(row, "D05", "short_notice", message, dates, kept=True)
    if row.rule == "D43" or not row.gate:
        message = "its end was asked for, so no notice had to come before it"
        return _proof(row, "D43", "asked", message, dates, kept=True)
    if row.rule != "R41" or row.deleted_on is None:
        return None
    if row.notice_sent_on is not None:
        earliest = ports.policy.notice_over(row.notice_sent_on)
        if row.deleted_on >= earliest:
            told = (row.person_id, row.address, row.notice_sent_on) in announced
            message = f"its row says that a notice went out on {row.notice_sent_on}, and none of that day names it"
            return None if told else _proof(row, "R46", "no_notice", message, dates, kept=False)
        message = f"it was deleted on {row.deleted_on}, and by its notice {earliest} was the first day"
        return _proof(row, "R46", "late_notice", message, dates, kept=False)
    owner = next(iter(ports.store.owners({row.person_id})), None) if row.person_id else None
    if owner is not None and owner.deceased:
        return None
    return _proof(row, "R46", "no_notice", "it was deleted, and no notice had been sent", dates, kept=False)


def _proof(
    row: Allocation, rule: str, kind: str, message: str, dates: Mapping[str, date | None], *, kept: bool
) -> Proof:
    return Proof(rule=rule, subject=row.address, kept=kept, kind=kind, message=message, dates=dates)


def _reuse(ports: Ports) -> Audit:
    """R19, D09, D10: another person had an address only after its owner had left for more than six months; of somebody
    who died nobody has one (D43).
    """
    proofs: list[Proof] = []
    for _, periods in groupby(ports.store.given_again(), key=lambda row: row.address):
        pairs = pairwise(periods)
        proofs.extend(_given(ports, old, new) for old, new in pairs if old.person_id and old.person_id != new.person_id)
    months = ports.policy.reuse.after_months
    sentence = f"an address went to somebody else only when its owner had left more than {months} months before"
    return Audit(promise="reuse", sentence=sentence, checked=len(proofs), proofs=tuple(proofs))


def _given(ports: Ports, old: Allocation, new: Allocation) -> Proof:
    left, died = _known_by(ports, old.person_id, new.created_on) if old.person_id else (None, False)
    free = free_after(old, left, ports.policy)
    kept = free is not None and new.created_on > free and not died
    gone = "had died" if died else f"left on {left or 'no day that is known'}"
    message = f"{old.person_id} {gone}; {new.person_id or new.unit_id} has it since {new.created_on}"
    return Proof(
        rule="D43" if died else "R19",
        subject=new.address,
        kept=kept,
        kind="reissued",
        message=message if kept else f"{message}, {_too_soon(None if died else free)}",
        dates={"left_on": left, "deleted_on": old.deleted_on, "free_after": free, "given_on": new.created_on},
    )


def _too_soon(free: date | None) -> str:
    return f"and it was free after {free}" if free else "which it never should"


def _known_by(ports: Ports, person_id: PersonId, day: date) -> tuple[date | None, bool]:
    """On which day somebody had left, and whether they had died, as the ledger knew it then: they may have come back
    since.
    """
    state = next(iter(ports.store.owners({person_id})), None)
    left = state.left_on if state is not None and state.left_on is not None and state.left_on < day else None
    if left is not None and state is not None and not state.deceased:
        return left, False
    told: date | None = None
    died = False
    for row in ports.store.journal([f"person:{person_id}"]):
        after = row.entry.after
        if not isinstance(after, dict) or row.entry.at.date() > day:
            continue
        if isinstance(said := after.get("left_on"), str):
            told = date.fromisoformat(said)
        if row.entry.at.date() < day:
            died = after.get("deceased") is True
    return left or told, died


def _entitlement(ports: Ports) -> Audit:
    """R1, R35: nobody has a live mailbox without an entitlement, but for a grace."""
    rows = ports.store.unentitled()
    undone = kept(ports.store.decisions(), ports.policy.time.zone) if rows else {}
    proofs = []
    for state, box in rows:
        entitled = state.state is not Standing.OUT
        held = undone.get(state.person_id)
        ends = box.disable_on or box.delete_on
        message = f"{box.name or box.key} is {word(box.state)}, and {_standing(state)}"
        proofs.append(
            Proof(
                rule="R35",
                subject=state.person_id,
                kept=entitled and box.state is not MailboxState.PENDING,
                kind="grace" if entitled else "unentitled",
                message=message + (f"; it ends on {ends}" if ends else "") + (_kept(held, state) if held else ""),
                dates={"left_on": state.left_on, "disable_on": box.disable_on, "delete_on": box.delete_on},
            )
        )
    sentence = "nobody has a live mailbox who is not entitled to it, but for a grace"
    return Audit(promise="entitlement", sentence=sentence, checked=ports.store.live_mailboxes(), proofs=tuple(proofs))


def _kept(held: Kept, state: PersonState) -> str:
    """That it is so since an undo, which only its rows end, or the desk."""
    since = f"{held.actor} undid what the rules did, and so it is kept since {held.since}"
    return f"; {since}: {let_go(state.username or state.person_id)}"


def _standing(state: PersonState) -> str:
    return "its owner is in a grace" if state.state is Standing.GRACE else "its owner is out"


def _invariants(ports: Ports) -> Audit:
    """One sender for each mailbox, one owner for each address, and the like (rules.md 2.1, 2.2)."""
    proofs = [
        Proof(rule=one.rule, subject=one.subject, kept=False, kind="invariant", message=one.message)
        for one in ports.store.breaches(ports.policy.affiliation.max)
    ]
    sentence = "what must always be so is so: one owner for an address, one sender for a mailbox, and the like"
    return Audit(promise="invariants", sentence=sentence, checked=ports.store.live_mailboxes(), proofs=tuple(proofs))


def _ledger(ports: Ports) -> Audit:
    """The chain covers the journal; whoever alters the ledger beside it is found by comparing the two."""
    checked, found = ports.store.astray()
    proofs = [
        Proof(rule=one.rule, subject=one.subject, kept=False, kind="altered", message=one.message) for one in found
    ]
    sentence = "every row of the ledger is as the journal says that it was last written"
    return Audit(promise="ledger", sentence=sentence, checked=checked, proofs=tuple(proofs))


def _overrides(ports: Ports) -> Audit:
    """D28, D41: whoever decided against the data or lifted a guard is known, and the desk said why."""
    proofs = [*_desk(ports), *_approved(ports), *_lifted(ports)]
    sentence = "everybody who decided against the data or lifted a guard is known, and the desk said why"
    return Audit(promise="overrides", sentence=sentence, checked=len(proofs), proofs=tuple(proofs))


def _desk(ports: Ports) -> Iterator[Proof]:
    rows = list(ports.store.decisions())
    owners = ports.store.owners({PersonId(_subject(row.entry)) for row in rows})
    called = {one.person_id: one.username for one in owners if one.username}
    undone = kept(rows, ports.policy.time.zone)
    for row in rows:
        entry = row.entry
        after = entry.after if isinstance(entry.after, dict) else {}
        actor, reason = str(after.get("actor") or entry.actor), str(after.get("reason") or entry.reason or "")
        ended = entry.after is None
        subject, kind = _subject(entry), HoldKind(entry.object.rpartition(":")[2])
        who, why = called.get(PersonId(subject), ""), reason or "no reason was given"
        name = f"{who}: " if who else ""
        back = f"; {let_go(who or subject)}" if kind is HoldKind.UNDONE and not ended and subject in undone else ""
        yield Proof(
            rule="D41",
            subject=subject,
            kept=ended or bool(actor and (reason or kind not in REASONED)),
            kind="released" if ended else "decided",
            message=f"{name}{HELD[kind][0]}; {'ended by' if ended else 'decided by'} {actor}: {why}{back}",
            dates={"at": entry.at.date()},
        )


def _subject(entry: Entry) -> str:
    return entry.object.removeprefix("holds:").rpartition(":")[0]


def _approved(ports: Ports) -> Iterator[Proof]:
    """An approval is written down in the journal, too, whose chain shows what was slipped in, or taken away."""
    kept_ones = ports.store.all_approvals()
    yield from _taken_away(ports, {(approval.digest, approval.actor) for approval in kept_ones})
    for approval in kept_ones:
        rows = ports.store.journal([f"approval:{approval.digest}"])
        told = ("approve", approval.actor) in [(row.entry.step, row.entry.actor) for row in rows]
        used = "carried out" if approval.used else "not carried out"
        unknown = "" if told else "; the journal knows nothing of it"
        why = approval.reason or "no reason was given"
        yield Proof(
            rule="D28",
            subject=approval.digest,
            kept=told and bool(approval.actor),
            kind="approved",
            message=f"approved by {approval.actor or 'nobody'}, {used}: {why}{unknown}",
            dates={"at": approval.at.date()},
        )


def _taken_away(ports: Ports, present: Collection[tuple[str, str]]) -> Iterator[Proof]:
    for row in ports.store.approved():
        digest, actor = row.entry.object.partition(":")[2], row.entry.actor
        if row.entry.step == "approve" and (digest, actor) not in present:
            message = (
                f"approved by {actor} by row {row.seq} of the journal, and the state has no such approval any more"
            )
            dates = {"at": row.entry.at.date()}
            yield Proof(rule="D28", subject=digest, kept=False, kind="approved", message=message, dates=dates)


def _lifted(ports: Ports) -> Iterator[Proof]:
    """`--accept KIND=N`."""
    for row in ports.store.lifted():
        entry = row.entry
        before, after = (value if isinstance(value, dict) else {} for value in (entry.before, entry.after))
        count = f"{after.get('accepted')} accepted where {before.get('limit')} are allowed"
        yield Proof(
            rule="D28",
            subject=entry.object.partition(":")[2],
            kept=bool(entry.actor),
            kind="lifted",
            message=f"{count}, by {entry.actor} in run {entry.run_id[:12]}: {entry.reason or 'no reason was given'}",
            dates={"at": entry.at.date()},
        )


PROMISES: Mapping[str, Callable[[Ports], Audit]] = {
    "notices": _notices,
    "reuse": _reuse,
    "entitlement": _entitlement,
    "invariants": _invariants,
    "ledger": _ledger,
    "overrides": _overrides,
}
