"""The steps of each kind of change, in their order (architecture.md, Journal: one row pair a step).

A change without steps is a promise: it alters the ledger only.
"""

from __future__ import annotations

from typing import assert_never

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

USER = "user"
LICENCE = "licence"
MAILBOX = "mailbox"
SETTINGS = "settings"
NOTE = "note"
"""Only looks: what a disabling will alter stands in the journal before anything is written."""
BLOCK = "block"
REVOKE_SESSIONS = "revoke"
PROTOCOLS = "protocols"
HIDE = "hide"
REPLY = "reply"
REPLY_BEFORE = "automaticReply"
"""The key under which a disabling's note keeps the automatic reply that it found."""
UNHIDE = "unhide"
UNBLOCK = "unblock"
APPLICATION = "application"
SCOPE = "scope"
SUBMISSION = "submission"
CREDENTIAL = "credential"
WITHDRAWAL = "withdrawal"
GRANT_STEPS = (APPLICATION, SCOPE, SUBMISSION, CREDENTIAL)
"""What an application signs in with comes last: before that, nobody can use what is not yet limited."""
REVOKE_STEPS = (SUBMISSION, SCOPE, APPLICATION)
PUBLISH = "publish"
RETIRE = "retire"
SIGNING_STEPS = frozenset(SigningStep) - {SigningStep.NONE}
"""What Exchange does of PublishRecords and RetireRecords; the rest of them is the DNS's."""


def steps_of(change: Change) -> tuple[str, ...]:
    """The names of the steps of a change, first to last. A personal mailbox has a user and a licence, others have
    not.
    """
    match change:
        case CreateMailbox():
            personal = change.mailbox.kind is MailboxKind.PERSONAL
            return (USER, LICENCE, MAILBOX) if personal else (MAILBOX, SETTINGS)
        case DisableMailbox():
            answering = () if change.reply is None else (REPLY,)
            return (NOTE, BLOCK, REVOKE_SESSIONS, PROTOCOLS, *answering, HIDE)  # by the last one it is seen to be done
        case EnableMailbox():
            answering = () if change.reply is None else (REPLY,)
            return (*answering, PROTOCOLS, UNHIDE, UNBLOCK)
        case WindDownAddress() | ReviveAddress():
            return ()
        case DeleteMailbox() | RestoreMailbox() | AddAddress() | RemoveAddress() | SetSender():
            return (_ADDRESSES_AND_ENDS[type(change)],)
        case SetForward() | ClearForward():
            return ("forward",)
        case SendNotice():
            return ("send",)
        case GrantAccess():
            return (*GRANT_STEPS, WITHDRAWAL) if change.withdraw else GRANT_STEPS
        case RevokeAccess():
            return REVOKE_STEPS
        case PublishRecords():
            return _PUBLISHING[change.signing]
        case RetireRecords():
            return (SigningStep.DISABLE.value, RETIRE) if change.signs else (RETIRE,)
        case _:
            assert_never(change)


_PUBLISHING: dict[SigningStep, tuple[str, ...]] = {
    SigningStep.NONE: (PUBLISH,),
    SigningStep.CONFIGURE: (SigningStep.CONFIGURE.value, PUBLISH),
    SigningStep.ENABLE: (SigningStep.ENABLE.value,),
    SigningStep.DISABLE: (SigningStep.DISABLE.value,),
}
_ADDRESSES_AND_ENDS: dict[type[Change], str] = {
    DeleteMailbox: "delete",
    RestoreMailbox: "restore",
    AddAddress: "add",
    RemoveAddress: "remove",
    SetSender: "primary",
}
