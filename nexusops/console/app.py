"""One request from its arrival to its answer: host, session, form, right, page. The order is the protection."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from nexusops import wiring
from nexusops.console.acting import Works
from nexusops.console.answers import Answer, Asked, Forbidden, NotFound, Redirect, TakesForms, not_of_this_session
from nexusops.console.refusals import refusal_page
from nexusops.console.rendering import STATIC, rendered
from nexusops.console.roles import Viewer, sole_viewer, viewer_of
from nexusops.console.routes import PARTS, match
from nexusops.console.security import HEADERS, OVER_TLS, from_elsewhere, own_hosts, strangers
from nexusops.console.session import Clock, Session, Sessions
from nexusops.console.settings import ConsoleSettings
from nexusops.console.shelf import Shelf
from nexusops.errors import NexusopsError

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from nexusops.console.signing_in import SigningIn

LONGEST_FORM = 100_000
TOO_LARGE = "The form is too large, or is none. Nothing was done: go back, and send it with fewer words.\n"
OTHER_NAME = (
    "This console does not answer to that name. On its own machine go to http://localhost:{port}/; a proxy passes the "
    "browser's Host header on, and [console] public_url in nexusops.toml names it.\n"
)
OTHER_USER = (
    "This console is for the user who started it. Start your own with `nexusops console`, or have people sign in "
    "([console] client_id in nexusops.toml).\n"
)
_log = logging.getLogger("nexusops.console")


@dataclass(slots=True, kw_only=True)
class Console:
    """The ASGI application. ``at`` is what the pages take for now, ``sessions`` have the real time.

    ``sole``: the actor of the single-user mode; with ``signing_in`` people sign in.
    """

    folder: Path
    settings: ConsoleSettings
    port: int
    at: Clock
    sessions: Sessions
    sole: str
    signing_in: SigningIn | None = None
    shelf: Shelf = field(default_factory=Shelf)
    works: Works = field(default_factory=Works)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            request = Request(scope, receive)
            response = await self._answered(request)
            response.headers.update({**HEADERS, **(OVER_TLS if self.settings.public_url else {})})
            if request.scope["path"].startswith("/static/"):
                response.headers["Cache-Control"] = "max-age=3600"
            await response(scope, receive, send)

    async def _answered(self, request: Request) -> Response:
        if (refused := self._stranger(request)) is not None:
            return refused
        if request.scope["path"].startswith("/static/"):
            return _static(request)
        if request.method not in ("GET", "HEAD", "POST"):
            return PlainTextResponse("GET and POST only: use a browser.\n", 405, {"Allow": "GET, HEAD, POST"})
        form = await _form(request) if request.method == "POST" else {}
        if form is None:
            return PlainTextResponse(TOO_LARGE, 413)
        return await run_in_threadpool(self._respond, request, form)

    def _stranger(self, request: Request) -> Response | None:
        """Another host's name, or another user's process in the single-user mode."""
        public_host = self.settings.public_url.removeprefix("https://")
        if request.headers.get("host", "") not in own_hosts(self.port, public_host):
            return PlainTextResponse(OTHER_NAME.format(port=self.port), 421)
        client = request.client
        if self.signing_in is None and client and strangers(client.host, client.port, self.port):
            return PlainTextResponse(OTHER_USER, 403)
        return None

    def _respond(self, request: Request, form: Mapping[str, str]) -> Response:
        session = self.sessions.read(_cookie(request, self.sessions.cookie))
        if self.signing_in is not None:
            response = self.signing_in.respond(self, request, session, form)
            if response is not None:
                return response
            if session is None:
                return RedirectResponse("/sign-in", 303)
        begun = None
        if session is None:
            session = begun = self.sessions.begin(self.sole, self.sole)
        response = self._shown(request, session, form, fresh=begun is not None)
        if begun is not None:
            self.keep(response, begun)
        return response

    def keep(self, response: Response, session: Session) -> None:
        """Sets the session's cookie."""
        response.set_cookie(
            self.sessions.cookie,
            self.sessions.written(session),
            max_age=int(self.sessions.lifetime.total_seconds()),
            httponly=True,
            samesite="lax",
            secure=self.sessions.secure,
        )

    def genuine(self, request: Request, session: Session, form: Mapping[str, str]) -> bool:
        """Whether a POST comes from a form that was given to this very browser."""
        origin = self.settings.public_url or f"http://{request.headers['host']}"
        if self.settings.public_url and request.headers["host"].startswith(("127.0.0.1", "localhost")):
            origin = f"http://{request.headers['host']}"
        same = secrets.compare_digest(form.get("csrf", "").encode(), session.csrf.encode())
        return same and not from_elsewhere(request.headers, origin)

    def _shown(self, request: Request, session: Session, form: Mapping[str, str], *, fresh: bool) -> Response:
        viewer: Viewer | None = None
        try:
            with wiring.opened(self.folder) as site:
                viewer = self._viewer(session, site)
                if request.method == "POST" and (fresh or not self.genuine(request, session, form)):
                    raise not_of_this_session()
                answer = self._page(viewer, site, request, form)
            return self.html(answer, viewer, session)
        except Exception as error:  # noqa: BLE001  # the last line of defence: told as a page, with its status
            if not isinstance(error, NexusopsError | NotFound | Forbidden | TakesForms):
                _log.exception("A page failed: %s", type(error).__name__)
            return self.html(refusal_page(error), viewer, session)

    def _viewer(self, session: Session, site: wiring.Wired) -> Viewer:
        """Roles are looked up for every request: whoever loses one loses it at once."""
        if self.signing_in is None:
            return sole_viewer(session.username)
        ports = site.ports
        return viewer_of(session.username, session.name, ports.guard, self.shelf.staff(ports))

    def _page(self, viewer: Viewer, site: wiring.Wired, request: Request, form: Mapping[str, str]) -> Answer:
        path = request.scope["path"]
        found = match(request.method, path)
        if found is None and match("POST", path) is not None:
            raise TakesForms
        if found is None:
            raise NotFound("There is no such page", "Choose one of the pages above.")
        if not viewer.may(found.route.right):
            raise Forbidden(f"Your roles do not let you {found.route.right}.")
        asked = Asked(
            viewer=viewer,
            at=self.at(),
            site=site,
            shelf=self.shelf,
            works=self.works,
            path=found.parts,
            query={name: _text(value) for name, value in request.query_params.items()},
            form=form,
        )
        return found.route.view(asked)

    def html(self, answer: Answer, viewer: Viewer | None, session: Session | None) -> Response:
        if isinstance(answer, Redirect):
            return RedirectResponse(answer.to, 303)
        values = {
            "title": answer.title,
            "here": answer.here,
            "site": self.settings.site,
            "single": self.signing_in is None,
            "viewer": viewer,
            "csrf": session.csrf if session is not None else "",
            "at": self.at(),
            "parts": [part for part in PARTS if viewer is not None and viewer.may(part[3])],
            **answer.values,
        }
        headers = {"Refresh": f"{answer.again}"} if answer.again else {}
        headers |= {"Allow": "POST"} if answer.status == 405 else {}
        return HTMLResponse(rendered(answer.template, values), answer.status, headers)


async def _form(request: Request) -> dict[str, str] | None:
    """The fields of a form, None where there is none or it is too long."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    content = b""
    async for chunk in request.stream():
        content += chunk
        if len(content) > LONGEST_FORM:
            return None
    if content and kind != "application/x-www-form-urlencoded":
        return None
    return {name: _text(value) for name, value in parse_qsl(content.decode("utf-8", "replace"), keep_blank_values=True)}


def _text(value: str) -> str:
    """As it was typed; nobody types a NUL, and no database keeps one: it is shown as what cannot be read."""
    return value.replace("\0", "\N{REPLACEMENT CHARACTER}")


def _cookie(request: Request, name: str) -> str:
    try:
        found = SimpleCookie(request.headers.get("cookie", "")).get(name)
    except CookieError:
        return ""
    return found.value if found is not None else ""


def _static(request: Request) -> Response:
    """The stylesheet; there is nothing else."""
    if request.scope["path"] != "/static/console.css" or request.method not in ("GET", "HEAD"):
        return PlainTextResponse("There is no such file.\n", 404)
    return Response((STATIC / "console.css").read_bytes(), media_type="text/css; charset=utf-8")
