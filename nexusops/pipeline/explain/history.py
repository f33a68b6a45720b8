"""Journal rows in words, as somebody would tell them who knows neither the ledger nor the tenant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from nexusops.model.addresses import AddressState, receives_until
from nexusops.model.findings import people_in
from nexusops.model.ids import MailboxKey, PersonId
from nexusops.model.journal import Entry, JournalRow, JsonObject, Phase
from nexusops.model.ledger import HoldKind, Standing
from nexusops.model.mailboxes import MailboxState
from nexusops.model.notices import NoticeState
from nexusops.pipeline.explain.decided import HELD
from nexusops.pipeline.explain.facts import word
from nexusops.pipeline.inputs import Ports
from nexusops.plan.holding import things_told
from nexusops.report.explain import Event


def told(rows: Iterable[JournalRow], names: Mapping[str, str]) -> Iterator[Event]:
    """``names``: what the keys of mailboxes are called. Steps that simply succeeded are details."""
    for row in rows:
        entry = row.entry
        what = words(entry, names)
        if what and entry.phase is not Phase.INTENT:
            detail = entry.phase is Phase.DONE
            yield Event(at=entry.at, what=what, rule=entry.rule, actor=entry.actor, reason=entry.reason, detail=detail)


def words(entry: Entry, names: Mapping[str, str]) -> str:
    """A row in words; '' where nothing changed that a person would ask about."""
    return _became(entry, names) if entry.phase is Phase.PROMISE else _step(entry, names)


def did(entry: Entry, names: Mapping[str, str]) -> str:
    """A row in words among those of one run, where a decision must say whom it is about."""
    kind, _, key = entry.object.partition(":")
    about = f", about {key.rpartition(':')[0]}" if kind == "holds" else ""
    what = words(entry, names)
    return f"{what}{about}" if what else ""


def noted(entry: Entry, names: Mapping[str, str]) -> str:
    """What became another in a row of which there is nothing else to say: its fields by their names."""
    was, now = _images(entry)
    kind, _, key = entry.object.partition(":")
    fields = [_FIELDS.get(name, word(name)) for name in (now or was) if now.get(name) != was.get(name)]
    return f"{word(kind)} {names.get(key, key)}: {', '.join(fields) or 'nothing'} noted"


def _images(entry: Entry) -> tuple[JsonObject, JsonObject]:
    """The row before and after; where there was none, or is none any more, nothing."""
    before, after = entry.before, entry.after
    return before if isinstance(before, dict) else {}, after if isinstance(after, dict) else {}


def mailbox_names(ports: Ports, rows: Iterable[JournalRow]) -> dict[str, str]:
    """What the keys of the mailboxes are called that these rows are about."""
    things = (row.entry.object.partition(":") for row in rows)
    keys = {MailboxKey(key) for kind, _, key in things if kind == "mailbox"}
    return {box.key: box.name for box in ports.store.reached((), keys) if box.name}


def decisions(subjects: Iterable[str]) -> list[str]:
    """What the journal calls the desk's decisions about these."""
    return [f"holds:{subject}:{kind}" for subject in subjects for kind in HoldKind]


_STEPS = {
    "user": "the directory user of {} made or taken over",
    "licence": "the licence of {} assigned",
    "mailbox": "the mailbox {} made",
    "add": "{} added to the mailbox",
    "remove": "{} taken away from the mailbox",
    "primary": "the sender of {} set",
    "forward": "the forward of {} set",
    "send": "a notice sent",
    "delete": "the mailbox {} deleted",
    "restore": "the mailbox {} restored",
    "settings": "the settings of {} set",
    "note": "what {} was like before",
    "block": "sign-in of {} refused",
    "unblock": "sign-in of {} allowed",
    "revoke": "the sessions of {} ended",
    "protocols": "the protocols of {} switched",
    "hide": "{} taken out of the address book",
    "unhide": "{} put back into the address book",
    "reply": "the automatic reply of {} set",
}
_GUARD = {
    "approve": "the plan {} approved",
    "use": "the approved plan {} accepted",
    "accept": "the limit {} lifted",
}
_FIELDS = {"due_on": "the next day to look at it", "user_id": "its directory user", "exchange_guid": "its mailbox"}
"""What a row keeps for the program's own use, in words."""


def _step(entry: Entry, names: Mapping[str, str]) -> str:
    kind, _, key = entry.object.partition(":")
    if entry.step in _GUARD:
        return _GUARD[entry.step].format(key)
    name = names.get(key, key) if kind == "mailbox" else key
    what = _STEPS.get(entry.step or "", f"{word(entry.step or '')} of {{}}").format(name)
    ends = {Phase.DONE: "", Phase.INTENT: " — begun"}.get(entry.phase, f" — {word(entry.phase)}")
    return f"in the tenant: {what}{ends}"


def _became(entry: Entry, names: Mapping[str, str]) -> str:
    """What changed in a row, in words; '' where nothing that a person would ask about did."""
    was, now = _images(entry)
    kind, _, key = entry.object.partition(":")
    if kind == "address":
        changed, subject = _address(was, now), key
    elif kind == "mailbox":
        changed, subject = _mailbox(was, now), f"the mailbox {now.get('name') or names.get(key) or '(no username yet)'}"
    elif kind == "person":
        changed, subject = _person(was, now), f"{now.get('username') or key}"
    elif kind == "notice":
        return _notice(was, now)
    elif kind == "holds":
        return _decision(was, now)
    else:
        changed, subject = _state(was, now), key
    return f"{subject} {' and '.join(changed)}" if changed else ""


_ADDRESS: Mapping[tuple[str | None, str], str] = {
    (None, AddressState.ACTIVE): "is given",
    (AddressState.WINDDOWN, AddressState.ACTIVE): "is back: its wind-down is called off",
    (None, AddressState.WINDDOWN): "is taken over, winding down",
}


def _address(was: JsonObject, now: JsonObject) -> list[str]:
    before, state = was.get("state"), f"{now.get('state')}"
    if state != before:
        if state == AddressState.WINDDOWN and before is not None:
            return [f"winds down: it {receives_until(str(now.get('delete_on')))} and no longer sends"]
        if state == AddressState.DELETED:
            return ["ends"]
        known = before if isinstance(before, str) else None
        return [_ADDRESS.get((known, state), f"is {word(state)}")]
    if _new(was, now, "notice_sent_on"):
        return [f"is announced to end on {now.get('delete_on')}"]
    return [f"is to end on {now['delete_on']}"] if _new(was, now, "delete_on") else []


_MAILBOX: Mapping[str, str] = {
    MailboxState.PENDING: "is planned",
    MailboxState.ACTIVE: "is active",
    MailboxState.DISABLED: "is disabled: it neither signs in, sends nor receives",
    MailboxState.DELETED: "is deleted",
    MailboxState.PURGED: "is purged: its content is gone",
    MailboxState.ORPHANED: "has no owner any more",
}


def _mailbox(was: JsonObject, now: JsonObject) -> list[str]:
    found = []
    state = f"{now.get('state')}"
    if state != was.get("state"):
        again = was.get("state") not in (None, MailboxState.PENDING) and state == MailboxState.ACTIVE
        found.append("is active again" if again else _MAILBOX.get(state, "is in its grace"))
    if _new(was, now, "sender"):
        found.append(f"sends as {now['sender']}")
    forward, before = now.get("forward"), was.get("forward")
    if forward != before:
        found.append(f"forwards to {forward.get('to')}" if isinstance(forward, dict) else "forwards no longer")
    ends = {"disable_on": "disabled", "delete_on": "deleted", "purge_on": "purged by the tenant"}
    found += [f"is to be {end} on {now[name]}" for name, end in ends.items() if _new(was, now, name)]
    return found


_STANDING: Mapping[str, str] = {
    Standing.ENTITLED: "is entitled to a mailbox",
    Standing.OUT: "is no longer entitled to a mailbox",
    Standing.GRACE: "is no longer entitled, and in a time of grace",
    Standing.MISSING_HOLD: "is on hold, for the card is missing",
}


def _person(was: JsonObject, now: JsonObject) -> list[str]:
    found = []
    state = f"{now.get('state')}"
    if state != was.get("state") and state != Standing.FROZEN:
        found.append(_STANDING.get(state, f"is {word(state)}"))
    if _new(was, now, "base"):
        found.append(f"has addresses that begin with {now['base']}")
    if _new(was, now, "frozen"):
        found.append(f"is frozen ({now['frozen']})")
    if _new(was, now, "left_on"):
        found.append(f"left on {now['left_on']}")
    return found


def _notice(was: JsonObject, now: JsonObject) -> str:
    kind = f"{now.get('kind')}".replace("winddown", "wind-down").replace("_", " ")
    if now.get("state") == NoticeState.SENT and was.get("state") != NoticeState.SENT:
        return f"a notice ({kind}) went to {now.get('to')}"
    return f"a notice ({kind}) is due on {now.get('due_on')}" if not was else ""


def _decision(was: JsonObject, now: JsonObject) -> str:
    """The desk's; the event has its actor and reason."""
    kind = HoldKind(f"{(now or was).get('kind')}")
    what = HELD[kind][0]
    value = f"{now.get('value') or ''}"
    if kind is HoldKind.UNDONE:
        value = things_told(value)
    return f"decided: {what}{f' ({value})' if value else ''}" if now else f"no longer decided: {what}"


def _state(was: JsonObject, now: JsonObject) -> list[str]:
    state = f"{now.get('state')}"
    return [f"is {word(state)}"] if _new(was, now, "state") else []


def _new(was: JsonObject, now: JsonObject, name: str) -> bool:
    return now.get(name) is not None and now.get(name) != was.get(name)


def own_rows(rows: Iterable[JournalRow], person_id: PersonId) -> Iterator[JournalRow]:
    """Without those about somebody else who was given one of their addresses since (R19)."""
    for row in rows:
        entry = row.entry
        images = [image for image in (entry.before, entry.after) if isinstance(image, dict)]
        owners = {image.get("person_id") for image in images} - {None, person_id}
        others = people_in([entry.scope]) - {person_id}
        if not (entry.object.startswith("address:") and (owners or others)):
            yield row
