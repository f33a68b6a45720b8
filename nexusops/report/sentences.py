"""Every kind of change in words: a whole sentence, and the few words that stand beside its target in a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from nexusops.model.addresses import receives_until
from nexusops.model.changes import (
    AddAddress,
    Change,
    ClearForward,
    CreateMailbox,
    DeleteMailbox,
    DisableMailbox,
    EnableMailbox,
    GrantAccess,
    PublishRecords,
    RemoveAddress,
    RestoreMailbox,
    RetireRecords,
    ReviveAddress,
    RevokeAccess,
    SendNotice,
    SetForward,
    SetSender,
    WindDownAddress,
)
from nexusops.model.dns import SigningStep
from nexusops.model.mailboxes import MailboxKind
from nexusops.model.notices import NoticeKind

_NOTICES = {
    NoticeKind.WINDDOWN: "of the wind-down of {which}, which {end} on {day}",
    NoticeKind.WINDDOWN_CANCELLED: "that the wind-down of {which} is called off",
    NoticeKind.CANCELLED: "that the card counts as cancelled, and the mailbox is disabled on {day}",
    NoticeKind.STATUS_CHANGE: "that the new status has no mailbox, and the present one is deleted on {day}",
    NoticeKind.EXPIRY_WARNING: "that the card is about to expire, and the mailbox is disabled on {day}",
    NoticeKind.ORPHANED: "that the mailbox of {which} has no owner, and is deleted on {day}",
}
"""What a notice tells; ``which`` are its addresses."""


def state_words(state: str) -> str:
    """A state of an address, mailbox or domain as it is said."""
    return "in wind-down" if state == "winddown" else state.replace("_", " ")


def describe(change: Change) -> str:
    """One plain English sentence: what will be done, to what, and until when."""
    match change:
        case CreateMailbox():
            kind = "SaaS" if change.mailbox.kind is MailboxKind.SAAS else change.mailbox.kind.value
            return f"Create the {kind} mailbox {change.mailbox.name}{_with(change)}."
        case EnableMailbox():
            return f"Enable the mailbox {change.mailbox.name}: it can sign in, send and receive again."
        case DisableMailbox():
            if change.reply is not None:
                return f"Disable the mailbox {change.mailbox.name}: it can no longer sign in or send, and says so."
            return f"Disable the mailbox {change.mailbox.name}: it can no longer sign in, send or receive."
        case DeleteMailbox():
            return f"Delete the mailbox {change.mailbox.name}{_with_it(change.addresses)}."
        case RestoreMailbox():
            as_it_was = ", disabled as it was" if change.disabled else ""
            return f"Restore the deleted mailbox {change.mailbox.name} with its contents{as_it_was}."
        case AddAddress():
            return f"Give the mailbox {change.mailbox.name} the address {change.address}."
        case WindDownAddress():
            return f"Wind down {change.address}: it {receives_until(change.delete_on)}, and no longer sends."
        case ReviveAddress():
            return f"Make {change.address} active again; it was {state_words(change.was)}."
        case RemoveAddress():
            return f"Remove the address {change.address} from the mailbox {change.mailbox.name}."
        case SetSender():
            return f"Let the mailbox {change.mailbox.name} send as {change.becomes}{_instead(change.was)}."
        case SetForward():
            return f"Forward mail for {change.mailbox.name} to {change.becomes}{_instead(change.was)}."
        case ClearForward():
            return f"Stop forwarding mail for {change.mailbox.name} to {change.was}."
        case SendNotice():
            return f"Tell {_listed(change.to) or 'nobody, for nobody can be reached,'} {_news(change)}."
        case GrantAccess():
            way = f"through {_through(change.connection)}{_also(change)}"
            return f"Let an application use the mailbox {change.mailbox.name}, and no other, {way}."
        case RevokeAccess():
            return f"Take the mailbox {change.mailbox.name} away from its application."
        case PublishRecords():
            return _SIGNING[change.signing].format(
                records=_records(change), domain=change.domain, way=published_as(change.publish_as)
            )
        case RetireRecords():
            stops = "Let Exchange sign no longer, and retire" if change.signs else "Retire"
            return f"{stops} {_records(change)} of {change.domain} as {published_as(change.publish_as)}."
        case _:
            assert_never(change)


def effect(change: Change) -> str:
    """What becomes of the target, in the few words that stand beside it; its kind stands there too."""
    match change:
        case CreateMailbox():
            return f"new {change.mailbox.kind} mailbox{_with(change)}"
        case EnableMailbox():
            return "disabled -> active"
        case DisableMailbox():
            return "active -> disabled"
        case DeleteMailbox():
            return f"deleted{_with_it(change.addresses)}"
        case RestoreMailbox():
            return "deleted -> disabled" if change.disabled else "deleted -> active"
        case AddAddress():
            return f"added to {change.mailbox.name}"
        case WindDownAddress():
            return f"{state_words(change.was)} -> in wind-down, {receives_until(change.delete_on)}"
        case ReviveAddress():
            return f"{state_words(change.was)} -> active"
        case RemoveAddress():
            return f"removed from {change.mailbox.name}"
        case SetSender() | SetForward():
            return f"{change.was or 'none'} -> {change.becomes}"
        case ClearForward():
            return f"{change.was} -> none"
        case SendNotice():
            return f"{change.notice} to {_listed(change.to) or 'nobody'}{_about(change)}"
        case GrantAccess():
            return f"an application may use it, and no other, through {_through(change.connection)}{_also(change)}"
        case RevokeAccess():
            return "its application may no longer use it"
        case PublishRecords(signing=SigningStep.ENABLE | SigningStep.DISABLE):
            return "Exchange signs" if change.signing is SigningStep.ENABLE else "Exchange signs no longer"
        case PublishRecords() | RetireRecords():
            lines = "; ".join(f"{record.name} {record.type} {record.value}" for record in change.records)
            return f"{published_as(change.publish_as)}: {lines}{_aliases(change)}"
        case _:
            assert_never(change)


def _with(change: CreateMailbox) -> str:
    if change.mailbox.kind is MailboxKind.PERSONAL:
        return f" for {change.display_name or 'somebody without a name'}, signing in as {change.user_principal_name}"
    address = f" with the address {change.address}" if change.address else " without an address"
    return address + (f", unit {change.unit_id}" if change.unit_id else "")


def _with_it(addresses: Sequence[str]) -> str:
    return f", and with it {_listed(addresses)}" if addresses else ""


def _news(change: SendNotice) -> str:
    short = " (short notice)" if change.short_notice else ""
    end = "ends" if len(change.addresses) == 1 else "end"
    which = _listed(change.addresses) or "no address"
    day = change.delete_on or "a day still to be told"
    return _NOTICES[change.notice].format(which=which, end=end, day=day) + short


def _about(change: SendNotice) -> str:
    which = f": {', '.join(change.addresses)}" if change.addresses else ""
    when = f", {change.delete_on}" if change.delete_on else ""
    return which + when + (", short notice" if change.short_notice else "")


def _records(change: PublishRecords | RetireRecords) -> str:
    number = len(change.records)
    return f"{number} DNS record{'' if number == 1 else 's'}"


_SIGNING = {
    SigningStep.NONE: "Publish {records} of {domain} as {way}.",
    SigningStep.CONFIGURE: "Publish {records} of {domain} as {way}, and with them the two that Exchange signs with.",
    SigningStep.ENABLE: "Let Exchange sign the mail of {domain}.",
    SigningStep.DISABLE: "Let Exchange sign the mail of {domain} no longer.",
}


def _aliases(change: PublishRecords | RetireRecords) -> str:
    """What is still to come: only Exchange knows its aliases, and only once it has made them (R87)."""
    making = isinstance(change, PublishRecords) and change.signing is SigningStep.CONFIGURE
    return f"; selector1 and selector2._domainkey.{change.domain} CNAME, as Exchange names them" if making else ""


def _also(change: GrantAccess) -> str:
    """What becomes of that which it signs in with."""
    renewed = "; it gets a new secret" if change.renew and not change.certificate else ""
    return renewed + ("; what else it could sign in with is withdrawn" if change.withdraw else "")


def _through(connection: str) -> str:
    return {"exo": "Exchange Online", "ms_smtp": "Microsoft SMTP"}.get(connection, connection)


def published_as(publish_as: str) -> str:
    """How records are handed on, in words."""
    return {"zone_lines": "zone lines", "dynamic_update": "a dynamic update", "ticket": "a ticket"}.get(
        publish_as, publish_as
    )


def _listed(words: Sequence[str]) -> str:
    """``a, b and c``"""
    if len(words) < 2:
        return "".join(words)
    return ", ".join(words[:-1]) + " and " + words[-1]


def _instead(was: str | None) -> str:
    return f" instead of {was}" if was is not None else ""
