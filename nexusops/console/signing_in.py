"""The four addresses around a session: the door, out to the authority, back from it, and sign out."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from nexusops import wiring
from nexusops.console.answers import Page, not_of_this_session
from nexusops.console.oidc import Identity, OpenIdConnect, SignInFailed
from nexusops.console.refusals import refusal_page
from nexusops.console.session import Session
from nexusops.errors import NexusopsError

if TYPE_CHECKING:
    from nexusops.console.app import Console

DOOR, OUT, BACK, LEAVE = "/sign-in", "/sign-in/begin", "/sign-in/done", "/sign-out"
NOTHING_DONE = "Your session has ended. Nothing was done with what you sent: sign in, and repeat it."
MINUTES, MOST = 10, 1000
"""A dialogue takes so long at most; of more than so many at once the oldest are given up: whoever begins many in vain
does not shut the door for everybody.
"""


@dataclass(frozen=True, slots=True)
class _Open:
    flow: dict[str, Any] = field(repr=False)
    until: float


@dataclass(slots=True)
class SigningIn:
    """Open dialogues stay on this side; the browser has their number in a cookie, so that none ends in another's."""

    oidc: OpenIdConnect
    most: int = MOST
    _open: dict[str, _Open] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def respond(
        self, console: Console, request: Request, session: Session | None, form: Mapping[str, str]
    ) -> Response | None:
        """None: it is none of the four."""
        match request.method, request.scope["path"]:
            case "GET" | "HEAD", "/sign-in":
                trouble = NOTHING_DONE if "ended" in request.query_params else ""
                return console.html(Page(template="sign_in", title="Sign in", values={"trouble": trouble}), None, None)
            case "POST", path if session is None and path != LEAVE:
                return RedirectResponse(f"{DOOR}?ended", 303)
            case "GET", "/sign-in/begin":
                return self._out(console, request)
            case "GET", "/sign-in/done":
                return self._back(console, request)
            case "POST", "/sign-out" if session is not None:
                if not console.genuine(request, session, form):
                    return console.html(refusal_page(not_of_this_session()), None, None)
                console.sessions.end(session)
                response = RedirectResponse(DOOR, 303)
                response.delete_cookie(console.sessions.cookie, secure=console.sessions.secure, httponly=True)
                return response
        return None

    def _out(self, console: Console, request: Request) -> Response:
        base = console.settings.public_url or f"http://localhost:{console.port}"
        if not console.settings.public_url and not request.headers["host"].startswith("localhost"):
            # Entra takes http for the name localhost alone, and a cookie belongs to one name.
            return RedirectResponse(f"{base}{OUT}", 303)
        try:
            flow = self.oidc.begin(f"{base}{BACK}")
        except SignInFailed as error:
            return _failed(console, error)
        key = secrets.token_urlsafe(24)
        with self._lock:
            self._open[key] = _Open(flow, console.sessions.clock().timestamp() + MINUTES * 60)
            while len(self._open) > self.most:
                del self._open[next(iter(self._open))]
        response = RedirectResponse(flow["auth_uri"], 303)
        secure = console.sessions.secure
        response.set_cookie(
            _cookie(secure=secure), key, max_age=MINUTES * 60, httponly=True, samesite="lax", secure=secure
        )
        return response

    def _back(self, console: Console, request: Request) -> Response:
        secure = console.sessions.secure
        with self._lock:
            known = self._open.pop(request.cookies.get(_cookie(secure=secure), ""), None)
        if known is None or known.until <= console.sessions.clock().timestamp():
            return _failed(console, SignInFailed("This sign-in was not begun here, or took too long."))
        try:
            identity = self.oidc.finish(known.flow, request.query_params)
            with wiring.opened(console.folder) as site:
                username = _username(identity, console.settings.fallback_domain, site)
        except SignInFailed as error:
            return _failed(console, error)
        except NexusopsError as error:  # the state is away, or the configuration is wrong
            return console.html(refusal_page(error), None, None)
        response = RedirectResponse("/", 303)
        response.delete_cookie(_cookie(secure=secure), secure=secure, httponly=True)
        console.keep(response, console.sessions.begin(username, identity.name))
        return response


def _username(identity: Identity, fallback_domain: str, site: wiring.Wired) -> str:
    """The username that the identity stands for: its principal name is ours, and its object is the one we know."""
    username, _, domain = identity.upn.partition("@")
    if domain != fallback_domain or not username:
        raise SignInFailed("The account's name is not username@" + fallback_domain + ".")
    store = site.ports.store
    person_id = store.usernames({username}).get(username)
    boxes = store.ledger({person_id}, ()).mailboxes.values() if person_id is not None else ()
    known = {box.user_id for box in boxes if box.user_id is not None}
    if known and identity.oid not in known:
        raise SignInFailed(f"The account is not the one that nexusops knows as {username}.")
    return username


def _cookie(*, secure: bool) -> str:
    return "__Host-nexusops-sign-in" if secure else "nexusops-sign-in"


def _failed(console: Console, error: SignInFailed) -> Response:
    page = Page(template="sign_in", title="Sign in", values={"trouble": str(error)}, status=403)
    return console.html(page, None, None)
