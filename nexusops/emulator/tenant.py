"""The embedded tenant in process: opened on its file, reached through ``httpx.ASGITransport(app=tenant.app)``."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nexusops.emulator import birth, control, mailboxes, tokens
from nexusops.emulator.accounts import accepted
from nexusops.emulator.app import Application
from nexusops.emulator.book import Book
from nexusops.emulator.service import Service
from nexusops.emulator.throttle import Throttle
from nexusops.emulator.wire import Call

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from ssl import SSLContext
    from types import TracebackType

    from azure.core.credentials import AccessToken

ACCEPTED = ("ox.ac.uk", "cam.ac.uk")


class EmbeddedTenant:
    """A tenant in a file. The base urls are those of the real services: in process no name is looked up."""

    authority = "https://login.microsoftonline.com"
    graph_base_url = "https://graph.microsoft.com/v1.0"
    exchange_base_url = "https://outlook.office365.com"

    def __init__(self, book: Book, throttle: Throttle) -> None:
        self._book = book
        self._service = Service(book, throttle)
        self.app = Application(self._service)
        self.tenant_id: str = book.setting("tenant_id")
        self.client_id: str = book.setting("client_id")
        self.client_secret: str = book.setting("client_secret")

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        accept: Sequence[str] = ACCEPTED,
        grants: Sequence[str] = (),
        throttle_scale: float | None = None,
    ) -> EmbeddedTenant:
        """Makes the file, or opens it again.

        ``accept``: suffixes; all domains beneath them are accepted too. ``grants``: the printed client's permissions
        and roles, all where there are none; ValueError for an unknown one. ``throttle_scale``: the documented limits
        apply, on a clock so many times as fast.
        """
        book = Book(Path(path))
        book.begin()
        try:
            if book.setting("tenant_id") is None:
                birth.furnish(book)
            if sorted(grants) != (book.setting("grants") or []):
                birth.grant(book, grants)
                book.keep("grants", sorted(grants))
            _accept(book, accept)
            mailboxes.purge_due(book)
            book.commit()
        except BaseException:
            book.close()
            raise
        return cls(book, Throttle(enabled=throttle_scale is not None, scale=throttle_scale or 1.0))

    def __enter__(self) -> EmbeddedTenant:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def credential(self) -> EmbeddedCredential:
        """For in-process use: msal and azure-identity speak https only."""
        return EmbeddedCredential(self)

    def token(self, audience: str) -> str:
        """A token for the printed client; the roles that it has now are baked in."""
        with self._service.lock:
            return tokens.issue(self._book, self.client_id, audience, audience)

    def accept_domain(self, name: str) -> None:
        """Adds a verified domain that Exchange accepts mail for."""
        self._write(lambda: _verify(self._book, name.lower()))

    def publish_records(self, domain: str) -> None:
        """The records that Exchange looks for in the DNS of a domain are found from now on."""
        self._write(lambda: control.published(self._book, [domain]))

    def ensure_mailbox(self, address: str, display_name: str) -> str:
        """A shared mailbox with this address, if no object has it; returns the object id of the one that does."""
        with self._service.lock:
            held = self._book.holder(address)
            if held is None:
                self._write(lambda: _shared_mailbox(self._book, address, display_name))
            return held or str(self._book.holder(address))

    def set_clock(self, instant: datetime | None) -> None:
        """Directory time from now on (None: real time); what is due by then is purged. Token lifetimes stay real."""
        self._write(lambda: control.set_clock(self._book, instant))

    def submission(self, tls: SSLContext | None = None) -> AbstractContextManager[tuple[str, int]]:
        """SMTP submission on loopback while the block lasts: its host and port. ``tls``: with STARTTLS."""
        from nexusops.emulator.submission import submission

        return submission(self._service, tls)

    def set_faults(self, script: Any) -> None:
        """Replaces the fault script; raises ValueError for one that cannot be read."""
        from nexusops.emulator import faults

        self._write(lambda: self._book.keep("faults", faults.checked(script)))

    def requests(self) -> list[dict[str, Any]]:
        """What was asked, in order, without tokens and secrets."""
        with self._service.lock:
            return self._book.notes("asked")

    def close(self) -> None:
        self._book.close()

    def _write(self, change: Any) -> None:
        with self._service.lock:
            self._book.begin()
            try:
                change()
                self._book.commit()
            finally:
                self._book.rollback()


def _accept(book: Book, names: Sequence[str]) -> None:
    suffixes = [*book.setting("suffixes")]
    for name in (n.lower() for n in names):
        if name not in suffixes:
            suffixes.append(name)
        _verify(book, name)
    book.keep("suffixes", suffixes)


def _verify(book: Book, name: str) -> None:
    found = book.get("domain", name)
    if found is None or not found["isVerified"] or "Email" not in found["supportedServices"]:
        book.put("domain", name, birth.domain(name, verified=True))


def _shared_mailbox(book: Book, address: str, display_name: str) -> None:
    local, _, domain = address.partition("@")
    if not accepted(book, domain):
        _verify(book, domain.lower())
    call = Call(book=book, method="POST", path="", query={}, headers={})
    name = local if not book.find("mailbox", "Name", local) else address
    mailbox = mailboxes.fresh(call, name, local, display_name, "SharedMailbox")
    mailbox["EmailAddresses"] = [f"SMTP:{address}"]
    mailboxes.make_shared(call, mailbox, address)


class EmbeddedCredential:
    """An azure-style credential that takes its tokens straight from the tenant; refreshed 300 s before they end."""

    def __init__(self, tenant: EmbeddedTenant) -> None:
        self._tenant = tenant
        self._known: dict[str, AccessToken] = {}

    def get_token(self, *scopes: str, **_options: Any) -> AccessToken:
        """A token for the resource of the one scope. Raises ValueError for another resource than Graph and Exchange."""
        from azure.core.credentials import AccessToken

        audience = scopes[0].removesuffix("/.default")
        known = self._known.get(audience)
        now = int(time.time())
        if known is None or known.expires_on < now + 300:
            known = AccessToken(self._tenant.token(audience), now + tokens.LIFETIME)
            self._known[audience] = known
        return known

    def close(self) -> None:
        self._known.clear()
