"""The embedded tenant on loopback, with uvicorn (interface.md 6)."""

from __future__ import annotations

import json
import signal
import socket
import ssl
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from nexusops.emulator.tenant import ACCEPTED, EmbeddedTenant


def serve(
    path: Path | None,
    *,
    port: int = 0,
    tls: bool = False,
    smtp: bool = False,
    grants: Sequence[str] = (),
    accept: Sequence[str] = (),
    faults: Path | Sequence[Any] | None = None,
    throttle_scale: float | None = None,
) -> None:
    """Serves on 127.0.0.1 until SIGTERM or SIGINT; prints one JSON line when it accepts connections.

    ``path`` None: a file that is thrown away. ``smtp``: submission too, whose place is in the line. ``accept`` adds to
    ox.ac.uk and cam.ac.uk. ``faults``: a script, or the file with one. ``throttle_scale``: the documented limits apply,
    on a clock so many times as fast; None: they are off until ``POST /_emulator/throttle``. Raises ValueError for an
    unknown grant or a script that cannot be read.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = path or Path(folder) / "tenant.db"
        suffixes = (*ACCEPTED, *accept)
        with EmbeddedTenant.open(file, accept=suffixes, grants=grants, throttle_scale=throttle_scale) as tenant:
            if faults is not None:
                tenant.set_faults(json.loads(faults.read_text()) if isinstance(faults, Path) else list(faults))
            _run(tenant, file, port, tls=tls, smtp=smtp)


def _run(tenant: EmbeddedTenant, file: Path, port: int, *, tls: bool, smtp: bool) -> None:
    import uvicorn

    class Announcing(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets=sockets)
            sys.stdout.write(json.dumps(line) + "\n")
            sys.stdout.flush()

    bound = socket.create_server(("127.0.0.1", port), backlog=512)
    config = uvicorn.Config(
        tenant.app,
        http="h11",
        lifespan="off",
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        # Idle TLS connections are waited for; what was answered is committed already.
        timeout_graceful_shutdown=1,
    )
    config.load()
    bundle = file.with_name(file.name + ".ca.pem") if tls else None
    if bundle is not None:
        config.ssl = _context(bundle)
    line = _line(tenant, bound.getsockname()[1], bundle)
    if threading.current_thread() is threading.main_thread():
        # uvicorn raises the signal again once it has shut down; by then it must not end the process any more.
        signal.signal(signal.SIGTERM, _ignore)
        signal.signal(signal.SIGINT, _ignore)
    with ExitStack() as closing:
        if smtp:
            _, number = closing.enter_context(tenant.submission(config.ssl))
            line["smtp"] = f"{'localhost' if bundle else '127.0.0.1'}:{number}"
        Announcing(config).run(sockets=[bound])


def _ignore(_number: int, _frame: object) -> None:
    return


def _line(tenant: EmbeddedTenant, port: int, bundle: Path | None) -> dict[str, str]:
    base = f"https://localhost:{port}" if bundle else f"http://127.0.0.1:{port}"
    line = {
        "authority": base,
        "graph": f"{base}/v1.0",
        "exchange": base,
        "tenant_id": tenant.tenant_id,
        "client_id": tenant.client_id,
        "client_secret": tenant.client_secret,
    }
    return {**line, "ca_bundle": str(bundle.resolve())} if bundle else line


def _context(bundle: Path) -> ssl.SSLContext:
    """A certificate for localhost and 127.0.0.1 of an own CA, whose certificate is written where clients find it."""
    import trustme

    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(bundle))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    return context
