"""How notices go out. A failing channel leaves the notice owed; a repeat bears the same identity (interface.md 9)."""

from __future__ import annotations

import hashlib
import smtplib
import ssl
from collections.abc import Callable, Iterator, Sequence
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Protocol

from nexusops.model.changes import SendNotice
from nexusops.model.journal import Step, StepOutcome, StepResult
from nexusops.notify.templates import Message, Templates


class NotSent(Exception):
    """The channel did not accept the message; why stands in the text."""


class Channel(Protocol):
    """Accepts a message, or raises NotSent."""

    def send(self, message: Message) -> None: ...

    def close(self) -> None: ...


class Outbox:
    """The Notifier of ports.py: templates in front, one channel behind."""

    def __init__(self, channel: Channel, templates: Templates, sender: str) -> None:
        self._channel = channel
        self._templates = templates
        self._sender = sender

    def perform(self, steps: Sequence[Step]) -> Iterator[StepOutcome]:
        for step in steps:
            yield self._one(step)

    def _one(self, step: Step) -> StepOutcome:
        change = step.change
        if not isinstance(change, SendNotice):
            return _outcome(step, StepResult.FAILED, "it is no notice")
        if not change.to:
            return _outcome(step, StepResult.SET_ASIDE, "needs a human: there is no address to which it could be sent")
        try:
            self._channel.send(self._templates.render(change, self._sender))
        except NotSent as error:
            return _outcome(step, StepResult.FAILED, str(error))
        return _outcome(step, StepResult.DONE, "")

    def close(self) -> None:
        self._channel.close()


def _outcome(step: Step, result: StepResult, message: str) -> StepOutcome:
    return StepOutcome(change_id=step.change_id, step=step.name, result=result, message=message)


def identity(key: str) -> str:
    """The identity as a word that may stand in a header: made from the key alone, telling nothing of the person."""
    return hashlib.sha256(key.encode()).hexdigest()[:40]


def composed(message: Message) -> EmailMessage:
    """The message as RFC 5322 has it, with text and HTML parts."""
    mail = EmailMessage()
    mail["From"] = message.sender
    mail["To"] = ", ".join(message.to)
    mail["Subject"] = message.subject
    mail["Message-ID"] = f"<{identity(message.key)}@{message.sender.partition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text)
    mail.add_alternative(message.html, subtype="html")
    return mail


class FolderChannel:
    """One .eml file for each notice; the same notice is the same file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, message: Message) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            path = self._folder / f"{identity(message.key)}.eml"
            path.with_suffix(".part").write_bytes(composed(message).as_bytes())
            path.with_suffix(".part").replace(path)
        except OSError as error:
            raise NotSent(f"{self._folder}: {error.strerror}") from error

    def close(self) -> None:
        return


class SmtpChannel:
    """A submission server; STARTTLS unless it is switched off."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        username: str | None = None,
        password: str | None = None,
        starttls: bool = True,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._host, self._port = host, port
        self._username, self._password = username, password
        self._context = (context or ssl.create_default_context()) if starttls else None
        self._open: smtplib.SMTP | None = None

    def send(self, message: Message) -> None:
        try:
            self._connected().send_message(composed(message))
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise NotSent(f"{self._host}:{self._port}: {error}") from error

    def _connected(self) -> smtplib.SMTP:
        if self._open is None:
            client = smtplib.SMTP(self._host, self._port, timeout=30)
            self._open = client
            if self._context is not None:
                client.starttls(context=self._context)
            if self._username is not None:
                client.login(self._username, self._password or "")
        return self._open

    def close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None


class TenantChannel:
    """Graph's sendMail in the name of the notices' sender; recognised by the header x-nexusops-notice.

    ``send_mail`` takes the sender and Graph's message; ``errors`` are what it raises when it is not accepted.
    """

    def __init__(self, send_mail: Callable[[str, dict[str, Any]], None], errors: tuple[type[Exception], ...]) -> None:
        self._send_mail = send_mail
        self._errors = errors

    def send(self, message: Message) -> None:
        try:
            self._send_mail(message.sender, _graph_message(message))
        except self._errors as error:
            raise NotSent(str(error)) from error

    def close(self) -> None:
        return


def _graph_message(message: Message) -> dict[str, Any]:
    return {
        "subject": message.subject,
        "body": {"contentType": "HTML", "content": message.html},
        "toRecipients": [{"emailAddress": {"address": address}} for address in message.to],
        "internetMessageHeaders": [{"name": "x-nexusops-notice", "value": identity(message.key)}],
    }
