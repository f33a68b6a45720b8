"""New-Mailbox, Set-Mailbox, Remove-Mailbox, Set-CASMailbox (tenant-api.md 4.6 to 4.10)."""

from __future__ import annotations

import re
from typing import Any

from nexusops.emulator import mailboxes
from nexusops.emulator.accounts import put_user, taken
from nexusops.emulator.birth import INITIAL_DOMAIN
from nexusops.emulator.book import Object
from nexusops.emulator.exchange import addresses
from nexusops.emulator.exchange.errors import failed, invalid_operation, object_exists, parameters_refused, proxy_exists
from nexusops.emulator.exchange.paging import Rows, Window
from nexusops.emulator.exchange.parameters import Parameters, changed_list
from nexusops.emulator.exchange.recipients import find_mailbox, named, recipient_name
from nexusops.emulator.exchange.scopes import row_of
from nexusops.emulator.graph.deleted import soft_delete
from nexusops.emulator.graph.licences import has_exchange_plan
from nexusops.emulator.wire import Call, Refusal

NO_OP = "The command completed successfully but no settings of '{}' have been modified."
_TYPES = {"Shared": "SharedMailbox", "Regular": "UserMailbox", "Room": "RoomMailbox", "Equipment": "EquipmentMailbox"}
_RECIPIENTS = {
    "AcceptMessagesOnlyFrom", "AcceptMessagesOnlyFromSendersOrMembers", "GrantSendOnBehalfTo", "RejectMessagesFrom",
    "RejectMessagesFromSendersOrMembers",
}  # fmt: skip
_ALIAS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")


def new_mailbox(call: Call, given: Parameters, _window: Window) -> Rows:
    """A shared (or room, equipment) mailbox with an account of its own; a user's with a password and a name to sign in
    with, or else by a licence.
    """
    kind = next((_TYPES[name] for name in ("Shared", "Room", "Equipment") if given.get(name)), None)
    if kind is None and given.get("Password") and given.get("MicrosoftOnlineServicesID"):
        kind = "UserMailbox"  # without a licence for now, as the real service makes it
    if kind is None:
        raise parameters_refused("Password, MicrosoftOnlineServicesID")
    book, name = call.book, given["Name"]
    alias = given.get("Alias") or re.sub(r"[^A-Za-z0-9._-]", "", name)
    if len(name) > 64 or len(alias) > 64 or not _ALIAS.fullmatch(alias):
        raise failed("Microsoft.Exchange.Data.DataValidationException", f'The property value "{alias}" is not valid.')
    _refuse_taken_name(call, name)
    usual = given["MicrosoftOnlineServicesID"] if kind == "UserMailbox" else f"{alias}@{INITIAL_DOMAIN}"
    address = given.get("PrimarySmtpAddress") or usual
    mailbox = mailboxes.fresh(call, name, alias, given.get("DisplayName") or name, kind)
    mailbox["EmailAddresses"] = addresses.checked(book, {"id": ""}, [f"SMTP:{address}"])
    # No source says which name the account of a shared mailbox gets: one by which nobody can send for it.
    upn = given.get("MicrosoftOnlineServicesID") or f"{alias}@{INITIAL_DOMAIN}"
    if taken(book, upn):
        raise proxy_exists(f"SMTP:{upn}", named(book, book.holder(upn) or ""))
    user = mailboxes.make_shared(call, mailbox, upn)
    if call.lag:
        call.used.add("lag")
        book.wait("mailbox", user["id"], call.lag)
        book.wait("user", user["id"], call.lag)
    return Rows([row_of(user, mailbox)])


def _refuse_taken_name(call: Call, name: str) -> None:
    """A soft-deleted mailbox keeps its addresses, but not its name."""
    if any(call.book.is_live("mailbox", object_id) for object_id in call.book.ids("mailbox", "Name", name)):
        raise object_exists("name", name)


def set_mailbox(call: Call, given: Parameters, _window: Window) -> Rows:
    """Empty; a no-op is a warning (5.3)."""
    user, before = find_mailbox(call, given["Identity"])
    names = [name for name in given if name != "Identity"]
    if user.get("onPremisesSyncEnabled") and names and not before["IsExchangeCloudManaged"]:
        raise _synced(given["Identity"], names[0])
    after, account = dict(before), dict(user)
    for name in names:
        _set(call, account, after, name, given[name])
    if after == before and account == user:
        call.warnings.append(NO_OP.format(given["Identity"]))
        return Rows([])
    mailboxes.write(call.book, account, after, user)
    return Rows([])


def _synced(identity: str, name: str) -> Refusal:
    return invalid_operation(
        f"The operation on mailbox \"{identity}\" failed because it's out of the current user's write scope. The "
        f"action 'Set-Mailbox', '{name}', can't be performed on the object '{identity}' because the object is being "
        "synchronized from your on-premises organization. This action should be performed on the object in your "
        "on-premises organization."
    )


def _set(call: Call, user: Object, box: Object, name: str, value: Any) -> None:
    """One parameter."""
    book = call.book
    match name:
        case "EmailAddresses":
            box["EmailAddresses"] = addresses.changed(book, user, box["EmailAddresses"], value)
        case "WindowsEmailAddress":
            box["EmailAddresses"] = addresses.primary_changed(book, user, box["EmailAddresses"], value)
        case "MicrosoftOnlineServicesID":
            _rename(call, user, value)
        case "ForwardingSmtpAddress":
            # Not validated, typos and loops included (4.8).
            box[name] = "smtp:" + re.sub(r"^smtp:", "", value, flags=re.IGNORECASE) if value else None
        case "ForwardingAddress":
            box[name] = recipient_name(call, value) if value else None
        case "Type":
            _convert(call, user, box, value)
        case "AccountDisabled":
            user["accountEnabled"] = not value
        case "Name":
            if value.lower() != box["Name"].lower():
                _refuse_taken_name(call, value)
            box[name] = value
        case _ if name in _RECIPIENTS:
            _set_recipients(call, box, name, value)
        case _ if isinstance(value, dict):
            box[name] = changed_list(box.get(name) or [], value)
        case _ if name.startswith("CustomAttribute"):
            box[name] = value or ""
        case _:
            box[name] = value


def _set_recipients(call: Call, box: Object, name: str, value: Any) -> None:
    """A list of recipients, kept by name; each must be one."""
    if isinstance(value, dict):
        parts = {key: value[key] for key in value if "@" not in key}
        value = {key: [recipient_name(call, i) for i in ([v] if isinstance(v, str) else v)] for key, v in parts.items()}
        box[name] = changed_list(box.get(name) or [], value)
    else:
        items = [value] if isinstance(value, str) else value or []
        box[name] = [recipient_name(call, item) for item in items]


def _rename(call: Call, user: Object, upn: str) -> None:
    if taken(call.book, upn, user["id"]):
        raise proxy_exists(f"SMTP:{upn}", named(call.book, call.book.holder(upn) or ""))
    user["userPrincipalName"] = upn


def _convert(call: Call, user: Object, box: Object, wanted: str) -> None:
    kind = _TYPES.get(wanted)
    if kind is None:
        raise invalid_operation(f"A mailbox can't be converted to {wanted}.")
    if kind == "UserMailbox" and not has_exchange_plan(call.book, user):
        raise invalid_operation("The mailbox can't be converted to a regular one: its user has no Exchange licence.")
    box["RecipientTypeDetails"] = kind


def remove_mailbox(call: Call, given: Parameters, _window: Window) -> Rows:
    """Soft-deletes user and mailbox; -PermanentlyDelete takes only what is soft-deleted, and not on hold."""
    if not given.get("PermanentlyDelete"):
        soft_delete(call, find_mailbox(call, given["Identity"])[0])
        return Rows([])
    user, mailbox = find_mailbox(call, given["Identity"], soft_deleted=True)
    if mailbox["LitigationHoldEnabled"] or mailbox["InPlaceHolds"]:
        raise invalid_operation(f'The mailbox "{mailbox["Name"]}" is on hold and can\'t be permanently deleted.')
    mailboxes.purge(call.book, user["id"])
    return Rows([])


def set_cas_mailbox(call: Call, given: Parameters, _window: Window) -> Rows:
    """Protocols on and off; SmtpClientAuthenticationDisabled null: as the organisation has it (4.10)."""
    user, before = find_mailbox(call, given["Identity"])
    cas = {**before["_cas"]}
    for name, value in given.items():
        if name != "Identity":
            cas[name] = changed_list(cas.get(name) or [], value) if isinstance(value, dict) else value
    if cas == before["_cas"]:
        call.warnings.append(NO_OP.format(given["Identity"]))
        return Rows([])
    call.book.put("mailbox", user["id"], {**before, "_cas": cas})
    put_user(call.book, user, user)
    return Rows([])
