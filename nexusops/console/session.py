"""A signed cookie that says who signed in, and until when; a session that was ended is not taken again."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import jwt

from nexusops.model.frozen import frozen

Clock = Callable[[], datetime]


@frozen
class Session:
    """``csrf`` stands in every form of the session; ``expires`` is in seconds since 1970."""

    sid: str = field(repr=False)
    username: str
    name: str
    csrf: str = field(repr=False)
    expires: int


@dataclass(slots=True, kw_only=True)
class Sessions:
    """The key is this process's own: a restart ends every session. ``secure``: the browser comes over TLS."""

    clock: Clock
    lifetime: timedelta
    secure: bool
    key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    _ended: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def cookie(self) -> str:
        """The browser itself keeps a ``__Host-`` cookie from every other host and from plain http."""
        return "__Host-nexusops" if self.secure else "nexusops-console"

    def begin(self, username: str, name: str) -> Session:
        return Session(
            sid=secrets.token_urlsafe(24),
            username=username,
            name=name,
            csrf=secrets.token_urlsafe(24),
            expires=int((self.clock() + self.lifetime).timestamp()),
        )

    def written(self, session: Session) -> str:
        """The value of the cookie."""
        claims = {"jti": session.sid, "sub": session.username, "name": session.name, "csrf": session.csrf}
        return jwt.encode({**claims, "exp": session.expires}, self.key, algorithm="HS256")

    def read(self, value: str) -> Session | None:
        """None: not ours, expired, or ended."""
        options = {"verify_exp": False, "require": ["exp", "jti", "sub"]}
        try:
            claims = jwt.decode(value, self.key, algorithms=["HS256"], options=options)  # type: ignore[arg-type]
        except jwt.PyJWTError:
            return None
        if claims["exp"] <= self._now() or claims["jti"] in self._ended:
            return None
        return Session(
            sid=claims["jti"],
            username=claims["sub"],
            name=claims["name"],
            csrf=claims["csrf"],
            expires=claims["exp"],
        )

    def end(self, session: Session) -> None:
        now = self._now()
        with self._lock:  # of two that sign out at once neither may stay
            known = {sid: until for sid, until in self._ended.items() if until > now}
            self._ended = known | {session.sid: session.expires}

    def _now(self) -> float:
        return self.clock().timestamp()
