"""The embedded tenant on loopback: ``nexusops emulator serve`` (interface.md 6)."""

from __future__ import annotations

import json
import signal
import socket
import ssl
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import uvicorn

from nexusops.emulator import faults as scripted
from nexusops.emulator.tenant import EmbeddedTenant

HOST = "127.0.0.1"


def serve(
    path: Path,
    *,
    port: int = 0,
    tls: bool = False,
    grants: Sequence[str] = (),
    accept: Sequence[str] = (),
    faults: Path | None = None,
    throttle_scale: float | None = None,
) -> None:
    """Serves until SIGTERM, with all accepted writes kept. Prints one JSON line when it accepts connections."""
    tenant = EmbeddedTenant.open(path, accept=("ox.ac.uk", "cam.ac.uk", *accept))
    if grants:
        tenant.grant_only(grants)
    if faults is not None:
        tenant.app.faults.extend(scripted.parsed(json.loads(Path(faults).read_text())))
    if throttle_scale is not None:
        tenant.app.throttle = scripted.Throttle(scale=throttle_scale)
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((HOST, port))
    listening.listen(128)
    with tempfile.TemporaryDirectory(prefix="nexusops-ca-") as folder:
        base = f"{'https' if tls else 'http'}://{'localhost' if tls else HOST}:{listening.getsockname()[1]}"
        tenant.app.base = base
        config = uvicorn.Config(tenant.app, log_level="warning", access_log=False, lifespan="off", **_tls(folder, tls))
        line = _line(tenant, base, str(Path(folder) / "ca.pem") if tls else None)
        _Server(config, line).run(sockets=[listening])
    tenant.close()


class _Server(uvicorn.Server):
    """Says where it is once it accepts connections."""

    def __init__(self, config: uvicorn.Config, line: str) -> None:
        super().__init__(config)
        self._line = line

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        sys.stdout.write(self._line + "\n")
        sys.stdout.flush()

    def handle_exit(self, sig: int, frame: Any) -> None:
        # uvicorn raises the signal again at the end; a plain stop is what was asked for.
        self.should_exit = True
        if sig == signal.SIGINT:
            super().handle_exit(sig, frame)


def _tls(folder: str, wanted: bool) -> dict[str, Any]:
    """A certificate of an authority of its own, for localhost and 127.0.0.1."""
    if not wanted:
        return {}
    import trustme

    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", HOST)
    root = Path(folder)
    authority.cert_pem.write_to_path(str(root / "ca.pem"))
    certificate.private_key_pem.write_to_path(str(root / "key.pem"))
    for number, blob in enumerate(certificate.cert_chain_pems):
        blob.write_to_path(str(root / "cert.pem"), append=number > 0)
    return {
        "ssl_keyfile": str(root / "key.pem"),
        "ssl_certfile": str(root / "cert.pem"),
        "ssl_version": ssl.PROTOCOL_TLS_SERVER,
    }


def _line(tenant: EmbeddedTenant, base: str, ca_bundle: str | None) -> str:
    found = {
        "authority": base,
        "graph": f"{base}/v1.0",
        "exchange": base,
        "tenant_id": tenant.tenant_id,
        "client_id": tenant.client_id,
        "client_secret": tenant.client_secret,
    }
    return json.dumps(found | ({"ca_bundle": ca_bundle} if ca_bundle else {}))
