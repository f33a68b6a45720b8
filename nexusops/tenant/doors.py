"""How a product goes in: a token of its own, Graph's sendMail, SMTP with XOAUTH2 (tenant-api.md 4.11, 4.14)."""

from __future__ import annotations

import base64
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec

from nexusops.model.frozen import frozen
from nexusops.model.services import SignIn
from nexusops.tenant.faults import NOT_UNDERSTOOD, CredentialFault, FaultClass
from nexusops.tenant.size import bounded
from nexusops.tenant.trust import Verify

SECONDS = 60


@frozen
class Doors:
    """Where a product asks. ``tls`` None: submission without STARTTLS, in process only."""

    authority: str
    graph_base_url: str
    exchange_base_url: str
    submission: Callable[[], AbstractContextManager[tuple[str, int]]]
    tls: ssl.SSLContext | None
    transport: httpx.AsyncBaseTransport | None = None
    verify: Verify = True


class _Token(msgspec.Struct):
    access_token: str = ""
    error: str = ""
    error_description: str = ""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(error={self.error!r})"


class _Refusal(msgspec.Struct):
    error: dict[str, Any] = {}


def _client(doors: Doors) -> httpx.AsyncClient:
    hooks = {"response": [bounded]}
    return httpx.AsyncClient(transport=doors.transport, verify=doors.verify, timeout=SECONDS, event_hooks=hooks)


async def token(doors: Doors, who: SignIn, base_url: str) -> str:
    """A token of the product itself for Graph or Exchange. Raises CredentialFault with the authority's words."""
    parts = urlsplit(base_url)
    form = {
        "grant_type": "client_credentials",
        "client_id": who.client_id,
        "client_secret": who.client_secret,
        "scope": f"{parts.scheme}://{parts.netloc}/.default",
    }
    url = f"{doors.authority}/{who.tenant_id}/oauth2/v2.0/token"
    try:
        async with _client(doors) as client:
            answer = await client.post(url, data=form)
        found = msgspec.json.decode(answer.content, type=_Token)
    except (httpx.HTTPError, *NOT_UNDERSTOOD) as error:
        raise CredentialFault(FaultClass.AUTH, f"the authority did not answer: {error}") from error
    if not found.access_token:
        said = found.error_description.splitlines() or [found.error or f"status {answer.status_code}"]
        raise CredentialFault(FaultClass.AUTH, said[0])
    return found.access_token


async def send_mail(doors: Doors, bearer: str, mailbox: str, message: dict[str, Any]) -> tuple[int, str]:
    """(status, code or reason) of Graph's sendMail as the product; a message without recipients cannot be sent."""
    body = {"message": message, "saveToSentItems": False}
    url = f"{doors.graph_base_url}/users/{mailbox}/sendMail"
    try:
        async with _client(doors) as client:
            answer = await client.post(url, json=body, headers={"Authorization": f"Bearer {bearer}"})
    except httpx.HTTPError as error:
        return 0, f"no answer: {error}"
    if answer.status_code < 300:
        return answer.status_code, answer.reason_phrase
    try:
        refusal = msgspec.json.decode(answer.content, type=_Refusal).error
    except NOT_UNDERSTOOD:
        return answer.status_code, answer.reason_phrase
    return answer.status_code, f"{refusal.get('code')}: {refusal.get('message')}"


def submitted(doors: Doors, bearer: str, mailbox: str, message: EmailMessage | None) -> list[tuple[str, int, str]]:
    """The dialogue with submission, as (command, code, text); it ends with the first refusal. Without a message only
    the sign-in is tried.
    """
    said: list[tuple[str, int, str]] = []
    try:
        with doors.submission() as (host, port), smtplib.SMTP(host, port, timeout=SECONDS) as client:
            client.ehlo()
            if doors.tls is not None:
                client.starttls(context=doors.tls)
                client.ehlo()
            blob = base64.b64encode(f"user={mailbox}\x01auth=Bearer {bearer}\x01\x01".encode()).decode()
            code, text = client.docmd("AUTH", f"XOAUTH2 {blob}")
            if code == 334:  # an error in JSON, which an empty line ends
                code, text = client.docmd("")
            said.append(("AUTH XOAUTH2", code, _text(text)))
            if code != 235 or message is None:
                return said
            for command, (code, text) in _sending(client, mailbox, message):
                said.append((command, code, _text(text)))
                if code not in (250, 251):
                    break
    except (smtplib.SMTPException, OSError) as error:
        said.append(("connect", 0, f"no answer: {error}"))
    return said


def _sending(client: smtplib.SMTP, mailbox: str, message: EmailMessage) -> Iterator[tuple[str, tuple[int, bytes]]]:
    yield "MAIL FROM", client.mail(mailbox)
    yield "RCPT TO", client.rcpt(str(message["To"]))
    yield "DATA", client.data(message.as_bytes())


def _text(said: bytes) -> str:
    return " ".join(said.decode("utf-8", "replace").split())
