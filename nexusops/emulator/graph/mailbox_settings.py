"""mailboxSettings: automatic replies and the mailbox's purpose (tenant-api.md 4.15), as Exchange has them."""

from __future__ import annotations

from typing import Any

from nexusops.emulator.accounts import find_user
from nexusops.emulator.book import Object
from nexusops.emulator.exchange import scopes
from nexusops.emulator.graph import odata, working_hours
from nexusops.emulator.graph.mail import mailbox_of
from nexusops.emulator.wire import Answer, Call, Refusal, access_denied, refused

_STATES = {"disabled": "Disabled", "alwaysEnabled": "Enabled", "scheduled": "Scheduled"}
_AUDIENCES = {"none": "None", "contactsOnly": "Known", "all": "All"}
_PURPOSES = {"UserMailbox": "user", "SharedMailbox": "shared", "RoomMailbox": "room", "EquipmentMailbox": "equipment"}
_REPLY = {
    "status",
    "externalAudience",
    "internalReplyMessage",
    "externalReplyMessage",
    "scheduledStartDateTime",
    "scheduledEndDateTime",
}
_WRITABLE = {
    "automaticRepliesSetting",
    "timeZone",
    "language",
    "workingHours",
    "dateFormat",
    "timeFormat",
    "delegateMeetingMessageDeliveryOptions",
}
_ALL = (
    "automaticRepliesSetting",
    "dateFormat",
    "delegateMeetingMessageDeliveryOptions",
    "language",
    "timeFormat",
    "timeZone",
    "userPurpose",
    "workingHours",
)


def get_settings(call: Call, key: str) -> Answer:
    """``GET /users/{id}/mailboxSettings``."""
    user = find_user(call, key)
    mailbox = mailbox_of(call, user)
    _permitted(call, mailbox, writing=False)
    names = [n for n in call.query.get("$select", "").split(",") if n] or list(_ALL)
    settings = _settings(call.book.get("mailbox", user["id"]) or {})
    for name in names:
        if name not in settings:
            raise refused(
                400,
                "RequestBroker--ParseUri",
                f"Could not find a property named '{name}' on type 'microsoft.graph.mailboxSettings'.",
            )
    where = odata.context(call, f"users('{user['id']}')/mailboxSettings")
    return Answer(200, {"@odata.context": where, **{name: settings[name] for name in names}})


def settings_of(call: Call, user: Object) -> Object:
    """The settings as a property of one user (``$select=mailboxSettings``)."""
    _permitted(call, mailbox_of(call, user), writing=False)
    settings = _settings(call.book.get("mailbox", user["id"]) or {})
    return {name: settings[name] for name in _ALL}


def get_one(call: Call, key: str, name: str) -> Answer:
    """``GET /users/{id}/mailboxSettings/timeZone`` and its like: an object as it is, anything else as ``value``."""
    call.query["$select"] = name
    answer = get_settings(call, key)
    value = answer.body[name]
    where = f"{answer.body['@odata.context']}/{name}"
    return Answer(200, {"@odata.context": where, **(value if isinstance(value, dict) else {"value": value})})


def change_settings(call: Call, key: str) -> Answer:
    """``PATCH /users/{id}/mailboxSettings``: 200 with what was set."""
    user = find_user(call, key)
    _permitted(call, mailbox_of(call, user), writing=True)
    body = call.body
    names = {name for name in body if not name.startswith("@")} if isinstance(body, dict) else set()
    if not names or names - _WRITABLE:
        raise _invalid(
            f"The property '{min(names - _WRITABLE, default='')}' cannot be set on 'microsoft.graph.mailboxSettings'."
        )
    mailbox = call.book.get("mailbox", user["id"]) or {}
    plain = {n: body[n] for n in names - {"automaticRepliesSetting", "workingHours"}}
    if "workingHours" in names:
        plain["workingHours"] = working_hours.changed(_settings(mailbox)["workingHours"], body["workingHours"])
    mailbox["_settings"] = {**mailbox.get("_settings", {}), **plain}
    if "automaticRepliesSetting" in names:
        mailbox["_autoReply"] = {**mailbox["_autoReply"], **_reply(body["automaticRepliesSetting"])}
    call.book.put("mailbox", user["id"], mailbox)
    where = odata.context(call, f"users('{user['id']}')/mailboxSettings")
    return Answer(200, {"@odata.context": where, **{name: _settings(mailbox)[name] for name in sorted(names)}})


def _permitted(call: Call, mailbox: Object, *, writing: bool) -> None:
    roles = ["MailboxSettings.ReadWrite"] if writing else ["MailboxSettings.Read", "MailboxSettings.ReadWrite"]
    if not any(scopes.app_may(call, mailbox, role) for role in roles):
        raise access_denied()


def _invalid(message: str) -> Refusal:
    return refused(400, "RequestBodyRead", message)


def _reply(given: Any) -> Object:
    """Graph's setting in Exchange's words; raises 400 for a word that is none of the enumeration's."""
    if not isinstance(given, dict) or {n for n in given if not n.startswith("@")} - _REPLY:
        raise _invalid("The property does not exist on type 'microsoft.graph.automaticRepliesSetting'.")
    reply: Object = {}
    for name, target, words in (
        ("status", "AutoReplyState", _STATES),
        ("externalAudience", "ExternalAudience", _AUDIENCES),
    ):
        if name in given:
            known = {word.lower(): theirs for word, theirs in words.items()}  # Microsoft's own example has "Scheduled".
            if str(given[name]).lower() not in known:
                raise _invalid(f"Requested value '{given[name]}' was not found.")
            reply[target] = known[str(given[name]).lower()]
    for name, target in (
        ("internalReplyMessage", "InternalMessage"),
        ("externalReplyMessage", "ExternalMessage"),
        ("scheduledStartDateTime", "StartTime"),
        ("scheduledEndDateTime", "EndTime"),
    ):
        if name in given:
            reply[target] = given[name]
    if reply.get("AutoReplyState") == "Scheduled" and not (reply.get("StartTime") and reply.get("EndTime")):
        raise refused(
            400, "ErrorInvalidArgument", "A scheduled reply needs scheduledStartDateTime and scheduledEndDateTime."
        )
    return reply


def _settings(mailbox: Object) -> Object:
    reply = mailbox["_autoReply"]
    states = {v: k for k, v in _STATES.items()}
    audiences = {v: k for k, v in _AUDIENCES.items()}
    never = {"dateTime": "2020-01-01T00:00:00.0000000", "timeZone": "UTC"}
    settings: Object = {
        "automaticRepliesSetting": {
            "status": states[reply["AutoReplyState"]],
            "externalAudience": audiences[reply["ExternalAudience"]],
            "scheduledStartDateTime": _moment(reply["StartTime"]) or never,
            "scheduledEndDateTime": _moment(reply["EndTime"]) or never,
            "internalReplyMessage": reply["InternalMessage"],
            "externalReplyMessage": reply["ExternalMessage"],
        },
        "dateFormat": "dd/MM/yyyy",
        "delegateMeetingMessageDeliveryOptions": "sendToDelegateOnly",
        "language": {"locale": "en-GB", "displayName": "English (United Kingdom)"},
        "timeFormat": "HH:mm",
        "timeZone": "GMT Standard Time",
        "workingHours": working_hours.USUAL,
        "userPurpose": _PURPOSES.get(mailbox["RecipientTypeDetails"], "unknown"),
    }
    return {**settings, **mailbox.get("_settings", {})}


def _moment(value: Any) -> Any:
    return {"dateTime": value, "timeZone": "UTC"} if isinstance(value, str) else value
