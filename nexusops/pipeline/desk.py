"""The service desk's actions: wishes against the data, with actor and reason (R14, R45, R59, D31, D41, D43).

Disabling and its undo are carried out at once, through the same line; all others wait for the next run.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import date, datetime

from nexusops.errors import Refused
from nexusops.model.addresses import AddressState, Allocation
from nexusops.model.changes import Kind
from nexusops.model.dates import local_date, next_day
from nexusops.model.findings import box_scope, person_scope
from nexusops.model.frozen import frozen
from nexusops.model.ids import Address, PersonId
from nexusops.model.journal import Acceptance, RowChange, RunRecord
from nexusops.model.ledger import Hold, HoldKind, Ledger, NameDecision, RequestOutcome
from nexusops.model.mailboxes import ForwardOrigin, Mailbox, MailboxKind
from nexusops.model.policy import Policy
from nexusops.model.rows import rule_of
from nexusops.model.snapshot import PersonRecord
from nexusops.pipeline.act import carry_out_for
from nexusops.pipeline.inputs import Ports, accepted_tables
from nexusops.pipeline.nearby import as_known
from nexusops.pipeline.outcome import Outcome, said_of
from nexusops.pipeline.periods import periods_of
from nexusops.pipeline.stopping import Mandate
from nexusops.plan.boxes.judgement import may_own_as
from nexusops.plan.people.mailbox import mark_of
from nexusops.rules.allocation import ends_on
from nexusops.rules.entitlement import Entitlement, entitlement


@frozen
class Wish:
    """Who asks, why, and when."""

    actor: str
    reason: str
    at: datetime


class NobodyNamed(Refused):
    """Says nothing of who may be meant: whoever asked may not be allowed to know of them."""

    def __init__(self, username: str) -> None:
        super().__init__(
            f"Nobody has the username {username}.",
            next_step="Check the spelling; `nexusops explain ADDRESS` says whose an address is.",
        )
        self.username = username


@frozen
class Told:
    """What was recorded, and what comes next. ``outcome`` is set where it was carried out at once; ``undo`` is the
    command that takes it back, '' where none does.
    """

    action: str
    object: str
    message: str
    outcome: Outcome | None = None
    undo: str = ""


def disable(ports: Ports, username: str, wish: Wish, *, override: bool) -> Told:
    """R45, D41: at once; needs a cancelled card, or an override by somebody of the role security."""
    person_id, ledger, record = _person(ports, username)
    _personal_mailbox(ledger, username)
    found = _entitled(ports, ledger, record, wish)
    if override and ports.guard.security and wish.actor not in ports.guard.security:
        raise Refused(
            f"NOT_SECURITY: {wish.actor} may not override.",
            next_step="Ask somebody named under [roles] security in guard.toml: `nexusops config show` lists them.",
        )
    if found.cancelled_on is None and not override:
        raise Refused(
            f"CARD_NOT_CANCELLED: the card of {username} is not cancelled.",
            next_step="Have the card cancelled first, or use --override with the reason.",
        )
    kind, mark = HoldKind.MANUAL_DISABLE, mark_of(record.cards)
    hold = Hold(subject=person_id, kind=kind, fingerprint=mark, actor=wish.actor, reason=wish.reason)
    commit(ports, "desk disable", wish, (_change(None, hold),), person_scope(person_id))
    outcome = _at_once(ports, "desk disable", wish, person_id)
    state = said_of(outcome, Kind.DISABLE_MAILBOX, username, "disabled")
    message = f"{state}; mail to it is refused from the next routing table on"
    undo = f"nexusops desk undo-disable {username}"
    return Told(action="disable", object=username, message=message, outcome=outcome, undo=undo)


def undo_disable(ports: Ports, username: str, wish: Wish) -> Told:
    """D41: only while a card that entitles is current."""
    person_id, ledger, record = _person(ports, username)
    hold = ledger.holds.get((person_id, HoldKind.MANUAL_DISABLE))
    if hold is None:
        raise Refused(f"{username} was not disabled by the desk.", next_step=f"See `nexusops explain {username}`.")
    if not _entitled(ports, ledger, record, wish).qualifying:
        raise Refused(
            f"CARD_NOT_CURRENT: {username} has no current card that entitles to a mailbox.",
            next_step=f"A new or renewed card brings the mailbox back by itself; `nexusops explain {username}` says "
            "what is known.",
        )
    commit(ports, "desk undo-disable", wish, (_change(hold, None),), person_scope(person_id))
    outcome = _at_once(ports, "desk undo-disable", wish, person_id)
    said = said_of(outcome, Kind.ENABLE_MAILBOX, username, "enabled again")
    return Told(action="undo-disable", object=username, message=said, outcome=outcome)


def exempt_forward(ports: Ports, username: str, wish: Wish, *, exempt: bool) -> Told:
    """R59: no automatic forward while exempt, or the next hour would put it back."""
    person_id, ledger, _ = _person(ports, username)
    forward = _personal_mailbox(ledger, username).forward
    known = ledger.holds.get((person_id, HoldKind.FORWARD_EXEMPT))
    if (known is not None) is exempt:
        word = "already" if exempt else "not"
        raise Refused(f"{username} is {word} exempt.", next_step=f"See `nexusops explain {username}`.")
    kind = HoldKind.FORWARD_EXEMPT
    hold = Hold(subject=person_id, kind=kind, fingerprint="", actor=wish.actor, reason=wish.reason)
    action = "exempt-forward" if exempt else "unexempt-forward"
    change = _change(None, hold) if exempt else _change(known, None)
    commit(ports, f"desk {action}", wish, (change,), person_scope(person_id))
    message = "the next run sets the automatic forward again where one is due"
    if exempt and forward is not None and forward.origin is ForwardOrigin.AUTO:
        message = "the next run clears the automatic forward; set one back from the own-mail server"
    elif exempt:
        message = f"{username} has no automatic forward now, and gets none while exempt"
    undo = f"nexusops desk {'unexempt-forward' if exempt else 'exempt-forward'} {username}"
    return Told(action=action, object=username, message=message, undo=undo)


def shorten_winddown(ports: Ports, address: Address, on: date, wish: Wish) -> Told:
    """D43, rules.md 3.17: ends on the date given; no two months, no notice."""
    row = next(reversed(periods_of(ports.store, address)), None)
    if row is None or row.state is not AddressState.WINDDOWN:
        raise Refused(
            f"NOT_WINDING_DOWN: {address} is not in wind-down.", next_step=f"See `nexusops explain {address}`."
        )
    if on < _today(ports, wish):
        raise Refused(f"{on} has passed.", next_step="Give today or a later day with --on.")
    latest = _ends_anyway(row, ports.policy)
    if latest is not None and on >= latest:
        raise Refused(f"NOT_SHORTER: {address} ends on {latest} anyway.", next_step="Give with --on a day before that.")
    shorter = replace(
        row, delete_on=on, gate=False, notice_due_on=None, rule="D43", because=f"asked for: {wish.reason}"
    )
    hold = Hold(subject=address, kind=HoldKind.SHORTENED, fingerprint="", actor=wish.actor, reason=wish.reason)
    scope = person_scope(row.person_id or "")
    commit(ports, "desk shorten-winddown", wish, (_change(row, shorter), _change(None, hold)), scope)
    return Told(action="shorten-winddown", object=address, message=f"{address} ends on {on}, without a further notice")


def _ends_anyway(row: Allocation, policy: Policy) -> date | None:
    """The end by the rules, whatever was asked for before."""
    if row.winddown_on is None:
        return None
    return ends_on(row, row.notice_sent_on or row.notice_due_on or next_day(row.winddown_on), policy)


def decide_name(ports: Ports, request_id: str, wish: Wish, *, accept: bool) -> Told:
    """R14, D24: a request that was referred; takes effect in the next run."""
    decision = ports.store.name_decision(request_id)
    if decision is None or decision.outcome is not RequestOutcome.REFERRED:
        state = "not known" if decision is None else f"already {decision.outcome.value}"
        raise Refused(
            f"The request {request_id} is {state}.",
            next_step="Only a referred request can be decided; `nexusops explain USERNAME` shows somebody's requests.",
        )
    outcome = RequestOutcome.ACCEPTED if accept else RequestOutcome.REJECTED
    decided: NameDecision = replace(
        decision,
        outcome=outcome,
        code=None if accept else decision.code,
        decided_by=wish.actor,
        reason=wish.reason,
        applied=not accept,
    )
    commit(ports, "desk decide-name", wish, (_change(decision, decided),), person_scope(decision.person_id))
    message = f"the name {decision.wanted_local} is {outcome.value}" + (
        "; the next run makes the addresses" if accept else ""
    )
    return Told(action="decide-name", object=request_id, message=message)


def handover(ports: Ports, name: str, to: str, wish: Wish) -> Told:
    """R28, D31: holds until registration names another owner later."""
    ledger = ports.store.ledger((), {name := as_known(ports.store, name)})
    boxes = [box for box in ledger.mailboxes.values() if box.name == name and box.kind is not MailboxKind.PERSONAL]
    box = max(boxes, key=lambda found: found.generation, default=None)
    if box is None or not box.live:
        raise Refused(f"There is no live non-personal mailbox {name}.", next_step=f"See `nexusops explain {name}`.")
    hold = Hold(
        subject=name,
        kind=HoldKind.HANDOVER,
        value=eligible_owner(ports, to),
        fingerprint=_registered_owner(ports, name),
        actor=wish.actor,
        reason=wish.reason,
    )
    change = _change(ledger.holds.get((name, HoldKind.HANDOVER)), hold)
    commit(ports, "desk handover", wish, (change,), box_scope(name))
    now = next(iter(ports.store.owners({box.owner_person_id})), None) if box.owner_person_id else None
    undo = f"nexusops desk handover {name} --to {now.username}" if now is not None and now.username else ""
    return Told(action="handover", object=name, message=f"the next run hands {name} over to {to}", undo=undo)


def eligible_owner(ports: Ports, username: str) -> PersonId:
    """D31: somebody who may own a non-personal mailbox."""
    person_id, theirs, _ = _person(ports, username)
    if not may_own_as(theirs.people.get(person_id), ports.policy):
        raise Refused(
            f"OWNER_INELIGIBLE: {username} may not own a non-personal mailbox.",
            next_step="Name with --to somebody with a current card whose status may own one; `nexusops explain "
            "USERNAME` shows both.",
        )
    return person_id


def _entitled(ports: Ports, ledger: Ledger, record: PersonRecord, wish: Wish) -> Entitlement:
    """What the cards say, as a run would read them: by what counted so far."""
    state = ledger.people.get(record.person_id)
    was, held = (state.code, state.card_id) if state is not None else (None, None)
    return entitlement(record.cards, ports.policy, _today(ports, wish), was, held)


def _today(ports: Ports, wish: Wish) -> date:
    return local_date(wish.at, ports.policy.time.zone)


def _person(ports: Ports, username: str) -> tuple[PersonId, Ledger, PersonRecord]:
    person_id = ports.store.usernames({username.lower()}).get(username.lower())
    if person_id is None:
        raise NobodyNamed(username)
    record = accepted_tables(ports).slice({person_id}, {}).people.get(person_id)
    empty = PersonRecord(person_id=person_id, person=None)
    return person_id, ports.store.ledger({person_id}, ()), record or empty


def _personal_mailbox(ledger: Ledger, username: str) -> Mailbox:
    boxes = [box for box in ledger.mailboxes.values() if box.kind is MailboxKind.PERSONAL]
    box = max(boxes, key=lambda found: found.generation, default=None)
    if box is None or not box.live:
        raise Refused(f"{username} has no live mailbox.", next_step=f"See `nexusops explain {username}`.")
    return box


def _registered_owner(ports: Ports, name: str) -> str:
    """Whom registration, or the request, names as owner now; a later change of that ends the hold."""
    row = accepted_tables(ports, only=()).slice((), ports.services).nonpersonal_mailboxes.get(name)
    request = ports.services.get(name)
    owner = row.owner_person_id if row is not None else request.owner_person_id if request is not None else None
    return owner or ""


def _change(
    before: Hold | Allocation | NameDecision | None, after: Hold | Allocation | NameDecision | None
) -> RowChange:
    row = after if after is not None else before
    if row is None:
        raise AssertionError("a change has a row before or after it")
    return RowChange(before=before, after=after, rule=rule_of(row))


def commit(ports: Ports, command: str, wish: Wish, rows: tuple[RowChange, ...], scope: str) -> None:
    """One transaction: the wish, its journal rows with actor and reason, and that the next run must look there."""
    store = ports.store
    policy_hash, services_hash = store.hashes()
    run = RunRecord(
        run_id=uuid.uuid4().hex,
        at=wish.at,
        command=command,
        actor=wish.actor,
        program_version=ports.program_version,
        result="recorded",
    )
    with store.lock(command):
        store.accept(
            Acceptance(
                run=run,
                actor=wish.actor,
                reason=wish.reason,
                at=wish.at,
                expected_serial=store.serial(),
                snapshot_as_of=wish.at,
                rows=rows,
                unfinished={scope: command},
                policy_hash=policy_hash,
                services_hash=services_hash,
            )
        )


def _at_once(ports: Ports, command: str, wish: Wish, person_id: PersonId) -> Outcome:
    mandate = Mandate(command=command, actor=wish.actor, reason=wish.reason, at=wish.at, accept={}, guarded=False)
    return carry_out_for(ports, accepted_tables(ports), frozenset({person_id}), mandate)
