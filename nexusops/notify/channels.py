"""How notices go out. A failing channel leaves the notice owed; a repeat bears the same identity (interface.md 9)."""

from __future__ import annotations

import os
import smtplib
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Protocol

from nexusops.errors import UsageError
from nexusops.model.changes import SendNotice
from nexusops.model.journal import Step, StepOutcome, StepResult
from nexusops.model.pace import MAIL_A_RUN
from nexusops.notify.message import Message, composed, graph_message, identity
from nexusops.notify.templates import Templates
from nexusops.notify.turns import Turns
from nexusops.whole import whole


class NotSent(Exception):
    """The channel did not accept the message; why stands in the text."""


class NotYet(NotSent):
    """Nothing is wrong with the message: its turn comes with a later run."""


class NotReached(NotSent):
    """The channel itself did not answer, or lets nobody send, whatever the message."""


DOWN_AFTER = 3
"""Messages in a row that the channel did not look at, after which no more is tried: the run must come to an end."""
HANGS_UP = 421
"""What a server answers that ends the dialogue (RFC 5321, 3.8)."""


class Channel(Protocol):
    """Accepts a message, or raises NotSent. Says what staff should know of an accepted one; mostly nothing."""

    def send(self, message: Message) -> str: ...

    def reached(self) -> str:
        """Where notices go, once it was seen that they can. Nothing is sent. Raises NotSent."""

    def close(self) -> None: ...


class Outbox:
    """The Notifier of ports.py: templates in front, one channel behind."""

    def __init__(self, channel: Channel, templates: Templates, sender: str) -> None:
        self._channel = channel
        self._templates = templates
        self._sender = sender
        self._in_vain = 0

    def perform(self, steps: Sequence[Step]) -> Iterator[Sequence[StepOutcome]]:
        for step in steps:
            yield (self._one(step),)

    def _one(self, step: Step) -> StepOutcome:
        change = step.change
        if not isinstance(change, SendNotice):
            return _outcome(step, StepResult.FAILED, "it is no notice")
        if not change.to:
            return _outcome(step, StepResult.SET_ASIDE, "needs a human: there is no address to which it could be sent")
        if self._in_vain >= DOWN_AFTER:
            told = f"not tried, since the channel of notices took none of the {self._in_vain} messages before it"
            return replace(_outcome(step, StepResult.FAILED, told), unreachable=True)
        try:
            said = self._channel.send(self._templates.render(change, self._sender))
        except NotYet as error:
            return _outcome(step, StepResult.WAITING, str(error))
        except NotReached as error:
            self._in_vain += 1
            return _outcome(step, StepResult.FAILED, str(error))
        except (NotSent, UsageError) as error:
            self._in_vain = 0
            return _outcome(step, StepResult.FAILED, str(error))
        self._in_vain = 0
        return _outcome(step, StepResult.DONE, said)

    def close(self) -> None:
        self._channel.close()


def _outcome(step: Step, result: StepResult, message: str) -> StepOutcome:
    return StepOutcome(change_id=step.change_id, step=step.name, result=result, message=message)


class FolderChannel:
    """One .eml file for each notice; the same notice is the same file. ``at``: the run's instant, its date.

    It is about a person: for its owner and group, as far as the umask allows.
    """

    def __init__(self, folder: Path, *, at: datetime) -> None:
        self._folder = folder
        self._at = at

    def send(self, message: Message) -> str:
        content = _written(message, self._at).as_bytes()
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            path = self._folder / f"{identity(message.key)}.eml"
            with whole(path, 0o640) as part:
                part.write_bytes(content)
        except OSError as error:
            raise NotSent(f"the folder {self._folder} does not take it: {error.strerror}") from error
        return ""

    def reached(self) -> str:
        there = next(place for place in (self._folder, *self._folder.parents) if place.exists())
        if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
            raise NotSent(f"the folder {self._folder} cannot be written to")
        return f"are written to {self._folder}, one file each"

    def close(self) -> None:
        return


class SmtpChannel:
    """A submission server; STARTTLS unless it is switched off. ``at`` as for the folder."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        at: datetime,
        username: str | None = None,
        password: str | None = None,
        starttls: bool = True,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._host, self._port = host, port
        self._username, self._password = username, password
        self._context = (context or ssl.create_default_context()) if starttls else None
        self._at = at
        self._open: smtplib.SMTP | None = None

    def send(self, message: Message) -> str:
        """What the server says to one message is no silence: the next one is tried."""
        mail, place = _written(message, self._at), f"{self._host}:{self._port}"
        with self._answering():
            client = self._connected()
            try:
                refused = client.send_message(mail)
            except smtplib.SMTPRecipientsRefused as error:
                raise NotSent(f"{place} refuses {_refusals(error.recipients)}") from error
            except smtplib.SMTPNotSupportedError as error:  # of an address that is not ASCII
                raise NotSent(f"{place}: {error}") from error
            except smtplib.SMTPDataError as error:
                if error.smtp_code == HANGS_UP:
                    raise
                raise NotSent(f"{place}: {error}") from error
        return f"{place} refuses {_refusals(refused)}" if refused else ""

    def reached(self) -> str:
        with self._answering():
            self._connected()
        return f"go to {self._host}:{self._port}, which answers" + (" and accepts our sign-in" * bool(self._username))

    @contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise NotReached(f"{self._host}:{self._port}: {error}") from error

    def _connected(self) -> smtplib.SMTP:
        if self._open is not None and not _alive(self._open):
            self.close()
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


def _written(message: Message, at: datetime) -> EmailMessage:
    try:
        return composed(message, at)
    except (ValueError, LookupError, AttributeError) as error:  # what the standard library says to an address
        raise NotSent(f"it cannot be put into a message: {error}") from error


def _alive(client: smtplib.SMTP) -> bool:
    """Servers hang up on the idle; to ask costs less than to say that a message was lost."""
    try:
        return client.noop()[0] == 250
    except (smtplib.SMTPException, OSError):
        return False


def _refusals(recipients: dict[str, tuple[int, bytes]]) -> str:
    return "; ".join(f"{to}: {code} {text.decode('utf-8', 'replace')}" for to, (code, text) in recipients.items())


class TenantChannel:
    """Graph's sendMail in the name of the notices' sender; recognised by the header x-nexusops-notice.

    ``send_mail`` takes the sender and Graph's message; ``errors`` are what it raises when it is not accepted.
    ``turns``: the sender's; None: it has no limits. ``of_all``: whether an error is what every message would meet.
    """

    def __init__(
        self,
        send_mail: Callable[[str, dict[str, Any]], None],
        errors: tuple[type[Exception], ...],
        turns: Turns | None = None,
        of_all: Callable[[Exception], bool] = lambda _: False,
    ) -> None:
        self._send_mail = send_mail
        self._errors = errors
        self.turns = turns
        self._of_all = of_all

    def send(self, message: Message) -> str:
        if self.turns is not None:
            if self.turns.over:
                raise NotYet(f"{MAIL_A_RUN} messages have gone out in this run: its turn comes with the next one")
            self.turns.wait()
        try:
            self._send_mail(message.sender, graph_message(message))
        except self._errors as error:
            raise (NotReached if self._of_all(error) else NotSent)(str(error)) from error
        finally:
            if self.turns is not None:
                self.turns.took()
        return ""

    def reached(self) -> str:
        return "are sent through the tenant"

    def close(self) -> None:
        return
