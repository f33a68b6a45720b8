"""A tenant on loopback, over TLS, whose answers can be spoiled on their way to the real adapter."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import trustme
import uvicorn

from building.patience import PATIENCE
from nexusops.emulator.tenant import EmbeddedTenant

Message = MutableMapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """``cut``: the connection ends before the announced length has come."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes
    cut: bool = False

    def saying(self, body: bytes, **headers: str) -> Answered:
        """The same with another body, of the length that it has."""
        found = {**self.headers, b"content-length": str(len(body)).encode()}
        found |= {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
        return replace(self, headers=found, body=body)


Spoil = Callable[[Answered], Answered]


@dataclass(slots=True)
class Spoiling:
    """The embedded tenant's application, and what becomes of its answers: number of the request -> spoil."""

    app: Any
    spoils: dict[int, Spoil] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    met: int = 0

    def spoil(self, spoils: dict[int, Spoil]) -> None:
        """These answers are spoiled, counted from now on."""
        self.spoils, self.asked, self.met = spoils, [], 0

    async def __call__(self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Any) -> None:
        number = len(self.asked)
        self.asked.append(f"{scope['method']} {scope['path']}")
        spoil = self.spoils.get(number)
        if spoil is None:
            await self.app(scope, receive, send)
            return
        self.met += 1
        sent: list[Message] = []

        async def keep(message: Message) -> None:
            sent.append(message)

        await self.app(scope, receive, keep)
        whole = Answered(
            status=sent[0]["status"],
            headers=dict(sent[0]["headers"]),
            body=b"".join(message.get("body", b"") for message in sent[1:]),
        )
        await _answer(spoil(whole), receive, send)


async def _answer(answer: Answered, receive: Callable[[], Awaitable[Message]], send: Any) -> None:
    headers = list(answer.headers.items())
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body, "more_body": answer.cut})
    if answer.cut:
        send.__self__.transport.abort()
        await receive()


async def _serve(server: uvicorn.Server, bound: socket.socket) -> None:
    await server.serve(sockets=[bound])
    # Connections that are kept alive are closed politely, which over TLS takes until the other side does so too.
    for transport in list(asyncio.get_running_loop()._transports.values()):  # type: ignore[attr-defined]
        transport.abort()
    await asyncio.sleep(0.05)


@contextmanager
def served(folder: Path) -> Iterator[tuple[Spoiling, str, Path]]:
    """While the block lasts: what answers, where, and the CA to trust there."""
    authority = trustme.CA()
    bundle = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    spoiling = Spoiling(None)
    config = uvicorn.Config(
        spoiling, http="h11", lifespan="off", log_level="critical", access_log=False, timeout_graceful_shutdown=1
    )
    config.load()
    config.ssl = context
    server = uvicorn.Server(config)
    bound = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=asyncio.run, args=(_serve(server, bound),), daemon=True)
    thread.start()
    try:
        yield spoiling, f"https://localhost:{bound.getsockname()[1]}", bundle
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
        bound.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class FarSite:
    """A site whose tenant is asked over TLS, with the real credentials and clients; ``configured`` makes it so."""

    spoiling: Spoiling
    configured: Callable[[Path], None]

    @contextmanager
    def answering(self, config: Path) -> Iterator[Spoiling]:
        """While the block lasts this site's own tenant answers; afterwards the site has it embedded again."""
        main = config / "nexusops.toml"
        embedded = main.read_text("utf-8")
        self.configured(config)
        with EmbeddedTenant.open(config / "state" / "tenant.db") as tenant:
            self.spoiling.app = tenant.app
            self.spoiling.spoil({})
            yield self.spoiling
        main.write_text(embedded, "utf-8")


@contextmanager
def far_tenant(folder: Path, config: Path) -> Iterator[FarSite]:
    """``config``: a site that stands still, of which copies are made. The secret goes by way of a file."""
    with EmbeddedTenant.open(config / "state" / "tenant.db") as tenant:
        ids = f'tenant_id = "{tenant.tenant_id}"\nclient_id = "{tenant.client_id}"\n'
        (folder / "secret").write_text(tenant.client_secret, "utf-8")
    with served(folder) as (spoiling, base, bundle):
        table = (
            f'kind = "microsoft365"\n{ids}credential = "secret"\nsecret = "file:{folder / "secret"}"\n'
            f'authority = "{base}"\ngraph_base_url = "{base}/v1.0"\nexchange_base_url = "{base}"\n'
            f'ca_bundle = "{bundle}"\n# '
        )

        def configured(config: Path) -> None:
            main = config / "nexusops.toml"
            before, _, rest = main.read_text("utf-8").partition('kind = "embedded"')
            main.write_text(before + table + rest.replace('path = "state/tenant.db"', "", 1), "utf-8")

        yield FarSite(spoiling=spoiling, configured=configured)
