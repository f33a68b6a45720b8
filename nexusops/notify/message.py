"""A notice put into words, and its forms: RFC 5322 (SMTP, folder) and Graph's JSON (sendMail).

What names it, Message-ID and header, is made from the notice's identity alone, so that a repeat bears the same names
whatever else has changed (interface.md 9).
"""

from __future__ import annotations

import hashlib
import re
import textwrap
from collections.abc import Iterator
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from nexusops.model.frozen import frozen

HEADER = "x-nexusops-notice"
WIDTH = 72
_DATE = re.compile(r"\b\d{1,2} [A-Z][a-z]+ \d{4}\b")
_UNBROKEN = "\0"


@frozen
class Message:
    """``key`` is the notice's identity. ``html`` None: it goes out as text alone."""

    key: str
    sender: str
    to: tuple[str, ...]
    subject: str
    text: str
    html: str | None


def identity(key: str) -> str:
    """The identity as a word that may stand in a header: made from the key alone, telling nothing of the person."""
    return hashlib.sha256(key.encode()).hexdigest()[:40]


def composed(message: Message, at: datetime) -> EmailMessage:
    """The message as RFC 5322 has it, with text and HTML parts; ``at`` is when it is sent, aware.

    Raises ValueError for an address that would say more than an address, such as the end of a line.
    """
    if strange := [one for one in (message.sender, *message.to) if not one.isprintable()]:
        raise ValueError(f"{strange[0]!r} is no address")
    mail = EmailMessage()
    mail["From"] = message.sender
    mail["To"] = ", ".join(message.to)
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(at)
    # The reserved domain keeps a sender that is changed between two attempts out of it.
    mail["Message-ID"] = f"<{identity(message.key)}@nexusops.invalid>"
    mail["Auto-Submitted"] = "auto-generated"
    mail[HEADER] = identity(message.key)
    mail.set_content("".join(f"{line}\n" for line in _lines(message.text)))
    if message.html is not None:
        mail.add_alternative(message.html, subtype="html")
    return mail


def _lines(text: str) -> Iterator[str]:
    """The text as a mail has it (RFC 5322, 2.1.1: 78 characters at most, where words allow it). No date is broken."""
    for line in text.splitlines():
        whole = _DATE.sub(lambda day: day[0].replace(" ", _UNBROKEN), line)
        indent = " " * 2 * (len(line) - len(line.lstrip()))
        parts = textwrap.wrap(
            whole, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
        ) or [""]
        yield from (part.replace(_UNBROKEN, " ") for part in parts)


def graph_message(message: Message) -> dict[str, Any]:
    """The message as Graph's sendMail takes it (tenant-api.md 4.14): one body; only headers that begin with x-."""
    body = {"contentType": "text", "content": message.text}
    if message.html is not None:
        body = {"contentType": "html", "content": message.html}
    return {
        "subject": message.subject,
        "body": body,
        "toRecipients": [{"emailAddress": {"address": address}} for address in message.to],
        "internetMessageHeaders": [{"name": HEADER, "value": identity(message.key)}],
    }
