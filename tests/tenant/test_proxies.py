"""A tenant behind a proxy: whoever asks it goes the way that the environment names (HTTPS_PROXY, NO_PROXY)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from building.killed import DAYS, KilledSite
from building.proxy import Proxy, proxying
from building.spoiled import far_tenant

from nexusops import wiring
from nexusops.cli import call
from nexusops.config import load
from nexusops.model.services import SignIn
from nexusops.tenant import _doors
from nexusops.tenant.doors import token
from nexusops.tenant.trust import trusting


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    with proxying() as found:
        monkeypatch.setenv("HTTPS_PROXY", found.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        yield found


def test_everybody_who_asks_the_tenant_goes_through_the_proxy(
    proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Graph, Exchange and the authority; what records them; and a product that is tried."""
    site = KilledSite.made(tmp_path / "site")
    config = site.folder / "config"
    with wiring.opened(config) as opened:
        opened.ports.tenant()
    with far_tenant(tmp_path, config) as far, far.answering(config):
        settings = wiring.tenant_settings(load(config))
        place = urlsplit(settings.graph_base_url).netloc
        words = ["--config", str(config)]

        def through(*command: str) -> int:
            proxy.reached.clear()
            assert call([*words, *command]) == 0
            assert set(proxy.reached) <= {place}
            return len(proxy.reached)

        def tried() -> int:
            proxy.reached.clear()
            doors = _doors(settings, None, trusting(settings.ca_bundle))
            who = settings.tenant_id, settings.client_id, settings.secret or ""
            signing_in = SignIn(tenant_id=who[0], client_id=who[1], client_secret=who[2])
            assert asyncio.run(token(doors, signing_in, settings.graph_base_url))
            return len(proxy.reached)

        plan = ("plan", "--at", DAYS[0], "--snapshot", str(site.folder / DAYS[0][:10]))
        record = ("cassette", "record", str(tmp_path / "reads.jsonl"), "--person", "1000001", "--replace")
        # One connection of each is that for the token.
        assert (through(*plan) > 1, through(*record) > 1, tried() == 1) == (True, True, True)
        monkeypatch.setenv("NO_PROXY", "localhost")
        assert (through(*plan), through(*record), tried()) == (0, 0, 0)
