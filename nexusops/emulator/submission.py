"""SMTP submission: XOAUTH2 only, for mailboxes that may, refused as the real service does (tenant-api.md 4.11)."""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
import socket
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.utils import parseaddr
from ssl import SSLContext
from typing import TYPE_CHECKING, Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from nexusops.emulator import tokens
from nexusops.emulator.accounts import smtp_of
from nexusops.emulator.book import Object, new_id
from nexusops.emulator.exchange import scopes
from nexusops.emulator.roles import EXCHANGE_APP
from nexusops.emulator.wire import Call

if TYPE_CHECKING:
    from nexusops.emulator.service import Service

SUBMIT = "SMTP.SendAsApp"
LONGEST_LINE = 65_536
"""A token is longer than a command was ever meant to be (RFC 4954 section 4 asks for 12288 octets)."""
GOODBYE = 2.0
"""Seconds that a conversation may still take when the endpoint ends."""
BASIC = "535 5.7.139 Authentication unsuccessful, basic authentication is disabled."
UNSUCCESSFUL = "535 5.7.3 Authentication unsuccessful"
DISABLED = "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the {0}."
ANONYMOUS = "530 5.7.57 Client not authenticated to send mail."
NOT_AS = "550 5.7.60 SMTP; Client does not have permissions to send as this sender"


@contextmanager
def submission(service: Service, tls: SSLContext | None = None) -> Iterator[tuple[str, int]]:
    """Listens on a free port of 127.0.0.1, in a thread of its own, until the end of the block."""
    logging.getLogger("mail.log").setLevel(logging.ERROR)
    loop, bound = asyncio.new_event_loop(), socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    door, sessions = _Door(service), list[_Smtp]()

    def session() -> _Smtp:
        made = _Smtp(
            door,
            hostname="nexusops",
            ident="Microsoft ESMTP MAIL Service ready",
            tls_context=tls,
            require_starttls=tls is not None,
            auth_require_tls=tls is not None,
            auth_exclude_mechanism=["PLAIN"],
            authenticator=_no_password,
            loop=loop,
        )
        sessions.append(made)
        return made

    async def listen() -> asyncio.Server:
        return await loop.create_server(session, sock=bound)

    server = asyncio.run_coroutine_threadsafe(listen(), loop).result()
    try:
        yield "127.0.0.1", bound.getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(_ended(server, sessions), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _ended(server: asyncio.Server, sessions: list[_Smtp]) -> None:
    """Whoever says goodbye is heard; whoever does not is hung up on."""
    server.close()
    talking = asyncio.all_tasks() - {task for task in (asyncio.current_task(),) if task}
    if talking:
        await asyncio.wait(talking, timeout=GOODBYE)
    for task in talking:
        task.cancel()
    await asyncio.gather(*talking, return_exceptions=True)
    for session in sessions:
        if session.transport is not None:
            session.transport.close()
    await server.wait_closed()
    for _ in range(3):  # what was closed tells its protocol in the next turns of the loop
        await asyncio.sleep(0)


class _Smtp(SMTP):
    line_length_limit = LONGEST_LINE

    def __init__(self, handler: _Door, **options: Any) -> None:
        super().__init__(handler, **options)
        self.command_size_limits = defaultdict(lambda: LONGEST_LINE)


def _no_password(*_: Any) -> AuthResult:
    """Basic authentication: refused whatever was given (4.10)."""
    return AuthResult(success=False, handled=False, message=BASIC)


class _Door:
    """What the service says to each command; names are aiosmtpd's."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:
        blob = args[1] if len(args) == 2 else await server.challenge_auth("", log_client_response=False)
        if not isinstance(blob, str | bytes):
            return AuthResult(success=False, handled=True)
        with self._service.lock:
            refusal, who = _admitted(self._service, _asked(blob))
        return AuthResult(success=refusal is None, handled=False, message=refusal, auth_data=who)

    async def handle_MAIL(
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if not session.authenticated:
            return ANONYMOUS
        envelope.mail_from = address
        return "250 2.1.0 Sender OK"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.original_content or b""
        who: Object = session.auth_data or {}
        with self._service.lock:
            return _accepted(self._service, who, envelope, content)


def _asked(blob: str | bytes) -> tuple[str, str]:
    """(mailbox, token) of ``user=…^Aauth=Bearer …^A^A``; empty where it cannot be read."""
    try:
        text = (base64.b64decode(blob, validate=True) if isinstance(blob, str) else blob).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    fields = dict(part.partition("=")[::2] for part in text.split("\x01") if part)
    kind, _, token = fields.get("auth", "").partition(" ")
    return fields.get("user", "").lower(), token if kind.lower() == "bearer" else ""


def _admitted(service: Service, asked: tuple[str, str]) -> tuple[str | None, Object | None]:
    """The refusal, or None and who has signed in. SMTP AUTH of the mailbox is looked at before the right to it."""
    user, token = asked
    call = Call(book=service.book, method="SMTP", path="", query={}, headers={"authorization": f"Bearer {token}"})
    if not token or tokens.authorise(call, EXCHANGE_APP) is not None:
        return UNSUCCESSFUL, None
    mailbox = _mailbox(service, user)
    if mailbox is None:
        return UNSUCCESSFUL, None
    off = mailbox["_cas"].get("SmtpClientAuthenticationDisabled")
    if off is None and service.book.setting("smtp_disabled") is not False:
        return DISABLED.format("Tenant"), None
    if off:
        return DISABLED.format("Mailbox"), None
    if not _may(call, mailbox):
        return UNSUCCESSFUL, None
    return None, {"app": call.app_id, "mailbox": mailbox}


def _mailbox(service: Service, address: str) -> Object | None:
    """The live mailbox with this address, with what scopes look at, and its protocols."""
    holder = service.book.holder(address) if address else None
    user = service.book.get("user", holder) if holder else None
    mailbox = service.book.get("mailbox", holder) if holder else None
    if user is None or mailbox is None or user.get("deletedDateTime"):
        return None
    return {**scopes.row_of(user, mailbox), "_cas": mailbox["_cas"], "_id": user["id"]}


def _may(call: Call, mailbox: Object) -> bool:
    """By a scoped role; or by consent in Entra together with FullAccess on the mailbox (4.11)."""
    held = scopes.assignments_of(call.book, call.app_id, f"Application {SUBMIT}")
    if any(scopes.in_scope(call.book, assignment, mailbox) for assignment in held):
        return True
    pointers = {p["ObjectId"] for p in call.book.find("exchangePrincipal", "AppId", call.app_id)}
    rights = call.book.find("permission", "Mailbox", mailbox["Guid"])
    full = any(right.get("User") in pointers and "FullAccess" in right["AccessRights"] for right in rights)
    return SUBMIT in call.roles and full


def _accepted(service: Service, who: Object, envelope: Envelope, content: bytes) -> str:
    """250, or the refusal of a sender that is not the mailbox's own."""
    mailbox = who["mailbox"]
    own = {address.lower() for address in smtp_of(mailbox["EmailAddresses"])}
    message = message_from_bytes(content, policy=policy.default)
    shown = parseaddr(str(message["From"] or ""))[1].lower()
    if {(envelope.mail_from or "").lower(), shown} - own:
        return NOT_AS
    stamp = service.book.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    sent = {
        "sender": mailbox["PrimarySmtpAddress"],
        "at": stamp,
        "app": who["app"],
        "to": list(envelope.rcpt_tos),
        "mime": content.decode("utf-8", "replace"),
        "saveToSentItems": False,
    }
    service.book.begin()
    try:
        service.book.note("mail", sent)
        service.book.commit()
    finally:
        service.book.rollback()
    return f"250 2.0.0 OK <{new_id()}@nexusops> [Hostname=nexusops]"
