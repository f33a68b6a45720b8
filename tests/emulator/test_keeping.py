"""The file: kept, opened again, and quick."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest
from emulator.asking import Asking, person

from nexusops.emulator.tenant import EmbeddedTenant


def test_a_tenant_that_is_opened_again_is_the_same(tmp_path: Path) -> None:
    seen: list[Any] = []
    for _ in range(2):
        with EmbeddedTenant.open(tmp_path / "tenant.db") as tenant:
            asking = Asking(tenant)
            if not seen:
                asking.licensed("a")
            rows = asking.rows("Get-Mailbox")
            seen.append((tenant.tenant_id, tenant.client_id, tenant.client_secret, rows))
            asking.close()
    assert seen[0] == seen[1]


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "tenant.db") as other:
        other.execute("CREATE TABLE object (id TEXT)")
    other.close()
    with pytest.raises(ValueError, match="not an embedded tenant of this version"):
        EmbeddedTenant.open(tmp_path / "tenant.db")


def test_a_further_domain_and_all_beneath_it_can_be_accepted(tmp_path: Path) -> None:
    with EmbeddedTenant.open(tmp_path / "tenant.db", accept=["example.edu"]) as tenant:
        asking = Asking(tenant)
        statuses = [
            asking.graph("POST", "/users", person("a", domain)).status_code
            for domain in ("x.y.example.edu", "ox.ac.uk")
        ]
        asking.close()
    assert statuses == [201, 400]


def test_a_single_request_costs_well_under_two_milliseconds(ask: Asking) -> None:
    user = ask.licensed("a")
    body = {"CmdletInput": {"CmdletName": "Set-Mailbox", "Parameters": {"Identity": user, "CustomAttribute1": ""}}}
    url = f"https://outlook.office365.com/adminapi/beta/{ask.tenant.tenant_id}/InvokeCommand"
    graph, exchange = ask.token("https://graph.microsoft.com"), ask.token("https://outlook.office365.com")

    async def reads_and_writes() -> tuple[float, float]:
        """The quickest of five rounds, and only our own work: what else the machine does is not measured."""
        read = write = 1.0
        for _ in range(5):
            began = time.process_time()
            for _ in range(20):
                await ask.client.get(f"https://graph.microsoft.com/v1.0/users/{user}", headers=graph)
            middle = time.process_time()
            for n in range(20):
                body["CmdletInput"]["Parameters"]["CustomAttribute1"] = str(n)  # type: ignore[index]
                await ask.client.post(url, json=body, headers=exchange)
            read = min(read, (middle - began) / 20)
            write = min(write, (time.process_time() - middle) / 20)
        return read, write

    read, write = ask.loop.run_until_complete(reads_and_writes())
    assert (read < 0.002, write < 0.002) == (True, True), (read, write)
