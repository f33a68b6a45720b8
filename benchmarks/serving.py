"""The embedded tenant in a process of its own, with the documented limits, and what is told of a measurement."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from nexusops.model import pace
from nexusops.tenant.settings import TenantSettings

LATENCY_MS = 100
PERMITTED = pace.WRITES / pace.WRITES_SECONDS


@dataclass(frozen=True, slots=True)
class Served:
    """The embedded tenant in a process of its own."""

    line: dict[str, str]

    @property
    def trusting(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.line["ca_bundle"])

    @property
    def settings(self) -> TenantSettings:
        line = self.line
        return TenantSettings(
            tenant_id=line["tenant_id"],
            client_id=line["client_id"],
            credential="secret",
            secret=line["client_secret"],
            authority=line["authority"],
            graph_base_url=line["graph"],
            exchange_base_url=line["exchange"],
            ca_bundle=line["ca_bundle"],
        )

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        url = f"{self.line['exchange']}/_emulator/{path}"
        answer = httpx.request(method, url, json=body, verify=self.trusting, timeout=120)
        answer.raise_for_status()
        return answer.json()

    def asked(self) -> list[int]:
        """The status of every request so far, those in a batch one by one."""
        return [r["status"] for one in self.ask("GET", "requests") for r in one.get("items") or [one]]


@contextmanager
def serving(file: Path, scale: float) -> Iterator[Served]:
    command = [sys.executable, "-m", "nexusops", "emulator", "serve", "--tls", "--path", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            served = Served(json.loads(process.stdout.readline()))
            served.ask("POST", "throttle", {"enabled": True, "scale": scale, "latency_ms": LATENCY_MS})
            yield served
        finally:
            process.terminate()


def told(
    name: str, changes: int, writes: int, seconds: float, cpu: float, statuses: Sequence[int], scale: float
) -> None:
    rate, refused = writes / seconds / scale, statuses.count(429)
    print(
        f"{name:28} {changes:6,} changes {writes:7,} writes {seconds * scale:7.0f} s  {rate:5.2f} a second"
        f"  {rate / PERMITTED:6.1%} of permitted  429: {refused / len(statuses):.2%} of {len(statuses):,}"
        f"  {cpu / changes * 1000:5.2f} ms CPU a change",
        flush=True,
    )
