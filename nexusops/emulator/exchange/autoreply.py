"""Automatic replies: the same setting that Graph's mailboxSettings shows (tenant-api.md 4.15)."""

from __future__ import annotations

from nexusops.emulator.exchange.errors import failed
from nexusops.emulator.exchange.paging import Rows, Window
from nexusops.emulator.exchange.parameters import Parameters
from nexusops.emulator.exchange.recipients import find_mailbox
from nexusops.emulator.wire import Call


def get_autoreply(call: Call, given: Parameters, _window: Window) -> Rows:
    user, mailbox = find_mailbox(call, given["Identity"])
    return Rows([{"Identity": mailbox["Name"], "MailboxOwnerId": user["id"], **mailbox["_autoReply"]}])


def set_autoreply(call: Call, given: Parameters, _window: Window) -> Rows:
    user, mailbox = find_mailbox(call, given["Identity"])
    reply = {**mailbox["_autoReply"], **{name: value for name, value in given.items() if name != "Identity"}}
    if reply["AutoReplyState"] == "Scheduled" and not (reply["StartTime"] and reply["EndTime"]):
        text = "The start time and the end time of a scheduled automatic reply must be given."
        raise failed("Microsoft.Exchange.Management.StoreTasks.InvalidScheduledOofDuration", text)
    call.book.put("mailbox", user["id"], {**mailbox, "_autoReply": reply})
    return Rows([])
