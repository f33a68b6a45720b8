"""On 127.0.0.1 with uvicorn, until SIGTERM or SIGINT; one JSON line when it accepts connections (interface.md 3)."""

from __future__ import annotations

import json
import logging
import signal
import socket
import sys
import threading
from pathlib import Path

import uvicorn

from nexusops.config import load
from nexusops.console.app import Console
from nexusops.console.oidc import OpenIdConnect
from nexusops.console.session import Clock, Sessions
from nexusops.console.settings import console_settings
from nexusops.console.signing_in import SigningIn


def serve(folder: Path, *, port: int, at: Clock, clock: Clock, sole: str) -> None:
    """``at``: what the pages take for now; ``clock``: the real time, of sessions. Raises OSError for a taken port."""
    settings = console_settings(load(folder))
    bound = socket.create_server(("127.0.0.1", port), backlog=128)
    port = bound.getsockname()[1]
    sessions = Sessions(clock=clock, lifetime=settings.lifetime, secure=bool(settings.public_url))
    signing_in = SigningIn(OpenIdConnect(settings.sign_in)) if settings.sign_in is not None else None
    console = Console(
        folder=folder, settings=settings, port=port, at=at, sessions=sessions, sole=sole, signing_in=signing_in
    )
    config = uvicorn.Config(
        console,
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=5,
    )
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    if threading.current_thread() is threading.main_thread():
        # uvicorn raises the signal again once it has shut down; by then it must not end the process any more.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: None)
    _Announcing(config, f"http://127.0.0.1:{port}/").run(sockets=[bound])


class _Announcing(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, url: str) -> None:
        super().__init__(config)
        self._url = url

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        sys.stdout.write(json.dumps({"url": self._url}) + "\n")
        sys.stdout.flush()
