"""An authority that has no token for now: azure-core would sleep as long as it is told to, an hour if need be."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any
from urllib.request import Request, urlopen

import pytest

from nexusops.tenant.auth import Translating, credential
from nexusops.tenant.faults import CredentialFault
from nexusops.tenant.settings import TenantSettings
from nexusops.tenant.transport import LONGEST

SCOPE = "https://graph.microsoft.com/.default"


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    path = tmp_path_factory.mktemp("served") / "tenant.db"
    command = [sys.executable, "-m", "nexusops", "emulator", "serve", "--tls", "--path", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield json.loads(server.stdout.readline())
        finally:
            server.terminate()


def refusing(line: dict[str, str], **fault: Any) -> None:
    body = json.dumps({"match": {"path": "oauth2"}, "kind": "status", "status": 429, **fault}).encode()
    url, headers = f"{line['authority']}/_emulator/faults", {"Content-Type": "application/json"}
    with urlopen(
        Request(url, body, headers, method="POST"), context=ssl.create_default_context(cafile=line["ca_bundle"])
    ) as answer:
        assert answer.status == 200


def signing_in(line: dict[str, str]) -> str:
    settings = TenantSettings(
        tenant_id=line["tenant_id"],
        client_id=line["client_id"],
        credential="secret",
        secret=line["client_secret"],
        authority=line["authority"],
        ca_bundle=line["ca_bundle"],
    )
    return Translating(credential(settings)).get_token(SCOPE).token


def test_a_wait_that_is_too_long_is_not_begun(line: dict[str, str]) -> None:
    refusing(line, retry_after=LONGEST + 20)
    began = time.monotonic()
    with pytest.raises(CredentialFault, match="TooManyRequests"):
        signing_in(line)
    assert time.monotonic() - began < LONGEST / 3


def test_a_short_wait_is_waited_out(line: dict[str, str]) -> None:
    refusing(line, retry_after=1)
    assert signing_in(line)
