"""sendMail: accepted, kept where it can be inspected, refused where the app may not send so (4.12, 4.14)."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from nexusops.emulator.accounts import accepted, find_user, smtp_of, visible
from nexusops.emulator.book import Object
from nexusops.emulator.exchange import scopes
from nexusops.emulator.wire import Answer, Call, Refusal, access_denied, bad_request, refused

_ADDRESS = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_MESSAGE = frozenset(
    {"subject", "body", "toRecipients", "ccRecipients", "bccRecipients", "replyTo", "from", "sender", "importance",
     "internetMessageHeaders", "attachments", "categories", "inferenceClassification", "isReadReceiptRequested",
     "isDeliveryReceiptRequested", "flag", "singleValueExtendedProperties", "multiValueExtendedProperties",
     "internetMessageId", "hasAttachments", "isRead"}
)  # fmt: skip
MOST_RECIPIENTS = 1000


def send_mail(call: Call, key: str) -> Answer:
    """``POST /users/{sender}/sendMail``: 202 without a body."""
    mailbox = mailbox_of(call, find_user(call, key))
    if not scopes.app_may(call, mailbox, "Mail.Send"):
        raise access_denied()
    message = _mime(call) if _is_mime(call) else _message(call.body)
    _check_from(call, mailbox, message)
    sent = {"sender": mailbox["PrimarySmtpAddress"], "at": call.stamp, "app": call.app_id, **message}
    call.book.note("mail", sent)
    return Answer(202)


def mailbox_of(call: Call, user: Object) -> Object:
    """The mailbox behind a user, with what scopes look at; 404 where there is none (9.9)."""
    mailbox = call.book.get("mailbox", user["id"])
    if mailbox is None or not visible(call, "mailbox", user["id"]):
        text = "The mailbox is either inactive, soft-deleted, or is hosted on-premise."
        raise refused(404, "MailboxNotEnabledForRESTAPI", text)
    return scopes.row_of(user, mailbox)


def _is_mime(call: Call) -> bool:
    return call.headers.get("content-type", "").startswith("text/plain")


def _mime(call: Call) -> Object:
    try:
        text = base64.b64decode(b"".join(call.content.split()), validate=True)
    except binascii.Error as error:
        raise refused(400, "ErrorMimeContentInvalidBase64String", "Invalid base64 string for MIME content.") from error
    return {"mime": text.decode("utf-8", "replace"), "saveToSentItems": True}


def _message(body: Any) -> Object:
    """The message as it is kept: ``{"message", "saveToSentItems"}``. A message may stand alone (example 5)."""
    message = body.get("message", body.get("Message")) if isinstance(body, dict) else None
    if message is None and isinstance(body, dict) and "toRecipients" in body:
        body = {"message": body}
        message = body["message"]
    if not isinstance(message, dict):
        raise _invalid("The parameter 'Message' is missing from the request payload.")
    names = {name for name in message if not name.startswith("@")}
    if unknown := names - _MESSAGE:
        raise _invalid(f"The property '{min(unknown)}' does not exist on type 'microsoft.graph.message'.")
    recipients = [r for name in ("toRecipients", "ccRecipients", "bccRecipients") for r in message.get(name) or ()]
    if not recipients:
        raise _no_recipients("At least one recipient is required.")
    if len(recipients) > MOST_RECIPIENTS:
        raise refused(400, "ErrorExceededMaxRecipientLimit", "The maximum number of recipients has been exceeded.")
    for recipient in recipients:
        _check_recipient(recipient)
    for header in message.get("internetMessageHeaders") or ():
        if not str(header.get("name", "")).lower().startswith("x-"):
            name = header.get("name")
            raise refused(
                400,
                "InvalidInternetMessageHeader",
                f"The internet message header name '{name}' should start with 'x-' or 'X-'.",
            )
    said = message.get("body") or {}
    if not isinstance(said, dict) or str(said.get("contentType", "text")).lower() not in ("text", "html"):
        raise _invalid("The property 'body' is no text and no html.")
    save = body.get("saveToSentItems", body.get("SaveToSentItems", True))
    save = {"true": True, "false": False}.get(save.lower(), save) if isinstance(save, str) else save
    if not isinstance(save, bool):
        raise _invalid("The parameter 'SaveToSentItems' is not a boolean.")
    return {"message": message, "saveToSentItems": save}


def _invalid(message: str) -> Refusal:
    return refused(400, "RequestBodyRead", message)


def _no_recipients(message: str) -> Refusal:
    return refused(400, "ErrorInvalidRecipients", message)


def _check_recipient(recipient: Any) -> None:
    """9.10."""
    address = (recipient.get("emailAddress") or {}).get("address") if isinstance(recipient, dict) else None
    if not isinstance(address, str) or not _ADDRESS.fullmatch(address) or ".@" in address:
        text = (
            f"At least one recipient is not valid., Recipient '{address}' is not resolved. "
            "All recipients must be resolved before a message can be submitted."
        )
        raise _no_recipients(text)


def _check_from(call: Call, mailbox: Object, message: Object) -> None:
    """Another sender than the mailbox itself needs SendAs (9.11); an alias is rewritten to the primary address."""
    wanted = (message.get("message") or {}).get("from")
    address = ((wanted or {}).get("emailAddress") or {}).get("address")
    if address is None or address.lower() in {a.lower() for a in smtp_of(mailbox["EmailAddresses"])}:
        return
    if not accepted(call.book, address.partition("@")[2]):
        raise bad_request("The from address is not of this organization.")
    text = (
        "The user account which was used to submit this request does not have the right to send mail on behalf of the "
        "specified sending account., Cannot submit message."
    )
    raise refused(403, "ErrorSendAsDenied", text)
