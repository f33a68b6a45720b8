"""A bundle of one's own: what cannot be used is told as the configuration's fault; and who is not believed, is told."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from building.embedded import Slept
from building.scripted import Clients, Credential
from building.spoiled import served

from nexusops.errors import UsageError
from nexusops.tenant import microsoft365
from nexusops.tenant.exchange import Exchange
from nexusops.tenant.faults import FaultClass, TenantFault, unreadable
from nexusops.tenant.graph import Graph
from nexusops.tenant.settings import TenantSettings
from nexusops.tenant.transport import Retry


@pytest.mark.parametrize("text", [None, "no certificate\n"], ids=["not there", "not one"])
def test_a_bundle_that_cannot_be_used_names_its_key(text: str | None, tmp_path: Path) -> None:
    """interface.md 1: exit 2, before anything is asked."""
    bundle = tmp_path / "ca.pem"
    if text is not None:
        bundle.write_text(text, "utf-8")
    settings = TenantSettings(tenant_id="t", client_id="c", secret="s", ca_bundle=str(bundle))
    with pytest.raises(UsageError) as refused:
        microsoft365(settings)
    assert f"tenant.ca_bundle: {bundle} cannot be used" in refused.value.message


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Somebody who answers with a certificate of an authority of their own, and that."""
    with served(tmp_path_factory.mktemp("stranger")) as (_, base, bundle):
        yield base, bundle


@pytest.mark.parametrize("service", ["Graph", "Exchange"])
@pytest.mark.parametrize(
    ("trusted", "name", "says"),
    [
        (False, "localhost", "unable to get local issuer certificate"),
        (True, "127.0.0.1", "certificate is not valid for '127.0.0.1'"),
    ],
    ids=["another authority", "another name"],
)
def test_whoever_cannot_prove_to_be_the_service_is_asked_once_and_told_of(
    stranger: tuple[str, Path], service: str, trusted: bool, name: str, says: str
) -> None:
    """Somebody in between: it was taken for a service that asks for fewer requests, and asked six times."""
    base, slept = stranger[0].replace("localhost", name), Slept()
    verify = ssl.create_default_context(cafile=stranger[1] if trusted else None)
    retry = Retry(sleep=slept)

    async def asked() -> None:
        if service == "Graph":
            await Graph(f"{base}/v1.0", Credential(), retry, verify=verify).users()
        await Exchange(base, "t", lambda _: "token", retry, verify=verify).all_mailboxes()

    with pytest.raises(TenantFault) as raised:
        asyncio.run(asked())
    told = unreadable(raised.value)
    assert (raised.value.fault, slept.seconds) == (FaultClass.FOREIGN_HOST, [])
    assert "its certificate is not believed: " in told.message
    assert says in told.message
    assert "who answers at these addresses" in told.next_step


def test_a_service_that_cannot_be_reached_does_not_ask_for_fewer_requests() -> None:
    """What to do next is to look at the way there."""
    clients = Clients(*[httpx.ConnectError("refused")] * 6)
    with pytest.raises(TenantFault) as raised:
        clients.get()
    assert unreadable(raised.value).next_step.startswith("Look at the network, the firewall and the proxy")
