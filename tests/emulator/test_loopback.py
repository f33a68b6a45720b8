"""On loopback, in a process of its own, with the real clients: msal, azure-identity, msgraph-sdk (stack.md 3)."""

from __future__ import annotations

import asyncio
import base64
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from building.certificates import in_base64, self_signed
from building.patience import PATIENCE
from emulator.asking import person

SERVE = (
    "import sys, json; from pathlib import Path; from nexusops.emulator.server import serve; "
    "serve(Path(sys.argv[1]), **json.loads(sys.argv[2]))"
)
GRAPH = "https://graph.microsoft.com/.default"


@contextmanager
def serving(file: Path, **options: Any) -> Iterator[dict[str, str]]:
    command = [sys.executable, "-c", SERVE, str(file), json.dumps(options)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=PATIENCE) == 0


@pytest.fixture(autouse=True)
def own_bundle_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """requests prefers a bundle named in the environment to the one that msal was given."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with serving(tmp_path_factory.mktemp("secure") / "tenant.db", tls=True) as line:
        yield line


def token_of(line: dict[str, str]) -> dict[str, str]:
    form = {
        "grant_type": "client_credentials",
        "client_id": line["client_id"],
        "client_secret": line["client_secret"],
        "scope": GRAPH,
    }
    answer = httpx.post(f"{line['authority']}/{line['tenant_id']}/oauth2/v2.0/token", data=form, verify=trusting(line))
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def trusting(line: dict[str, str]) -> Any:
    import ssl

    return ssl.create_default_context(cafile=line["ca_bundle"]) if "ca_bundle" in line else True


def test_accepted_writes_are_kept_and_a_dropped_connection_is_one(tmp_path: Path) -> None:
    file = tmp_path / "tenant.db"
    with serving(file) as line:
        assert set(line) == {"authority", "graph", "exchange", "tenant_id", "client_id", "client_secret"}
        headers = token_of(line)
        script = [{"match": {"method": "POST"}, "kind": kind} for kind in ("drop_before", "drop_after", "truncate")]
        with httpx.Client(base_url=line["graph"], headers=headers) as client:
            assert httpx.post(f"{line['exchange']}/_emulator/faults", json=script).status_code == 200
            for name, error in (("a", httpx.ReadError), ("b", httpx.ReadError), ("c", httpx.RemoteProtocolError)):
                with pytest.raises(error):
                    client.post("/users", json=person(name))
            page = client.get("/users?$top=1").json()
            assert page["@odata.nextLink"].startswith(line["graph"])
    with serving(file) as line:
        found = httpx.get(f"{line['graph']}/users?$select=mailNickname", headers=token_of(line)).json()["value"]
        assert sorted(user["mailNickname"] for user in found) == ["b", "c"]


def test_a_limited_client_and_a_fault_script_come_with_the_start(tmp_path: Path) -> None:
    script = [{"match": {"path": "/organization"}, "kind": "status", "status": 503}]
    with serving(tmp_path / "tenant.db", grants=["User.Read.All"], faults=script) as line:
        headers = token_of(line)
        statuses = [
            httpx.get(line["graph"] + p, headers=headers).status_code for p in ("/organization", "/users", "/domains")
        ]
        assert statuses == [503, 200, 403]


def test_msal_gets_tokens_for_the_secret_and_is_refused_for_a_wrong_one(secure: dict[str, str]) -> None:
    import msal  # type: ignore[import-untyped]

    def ask(secret: str) -> dict[str, Any]:
        client = msal.ConfidentialClientApplication(
            secure["client_id"],
            client_credential=secret,
            authority=f"{secure['authority']}/{secure['tenant_id']}",
            instance_discovery=False,
            verify=secure["ca_bundle"],
        )
        return dict(client.acquire_token_for_client([GRAPH]))

    assert "access_token" in ask(secure["client_secret"])
    wrong = ask("wrong")
    assert (wrong["error"], wrong["error_codes"]) == ("invalid_client", [7000215])


@pytest.fixture(scope="module")
def certificate(secure: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PEM file with key and certificate, registered with the printed client."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key, now = rsa.generate_private_key(public_exponent=65537, key_size=2048), datetime.now(UTC)
    made = self_signed(key, now - timedelta(days=1), now + timedelta(days=1))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = tmp_path_factory.mktemp("certificate") / "app.pem"
    file.write_bytes(key.private_bytes(*form) + made.public_bytes(serialization.Encoding.PEM))
    credential = {"type": "AsymmetricX509Cert", "usage": "Verify", "key": in_base64(made), "displayName": "test"}
    with httpx.Client(base_url=secure["graph"], headers=token_of(secure), verify=trusting(secure)) as client:
        app = client.get(f"/applications(appId='{secure['client_id']}')").json()["id"]
        assert client.patch(f"/applications/{app}", json={"keyCredentials": [credential]}).status_code == 204
    return file


@pytest.mark.parametrize("thumbprint", [False, True])
def test_msal_gets_tokens_for_the_certificate(secure: dict[str, str], certificate: Path, thumbprint: bool) -> None:
    """PS256 with x5t#S256, and the older RS256 with x5t."""
    import msal  # type: ignore[import-untyped]
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    pem = certificate.read_text()
    begin = pem.index("-----BEGIN CERTIFICATE")
    sha1 = x509.load_pem_x509_certificate(pem[begin:].encode()).fingerprint(hashes.SHA1()).hex()
    credential = {
        "private_key": pem[:begin],
        **({"thumbprint": sha1} if thumbprint else {"public_certificate": pem[begin:]}),
    }
    client = msal.ConfidentialClientApplication(
        secure["client_id"],
        client_credential=credential,
        authority=f"{secure['authority']}/{secure['tenant_id']}",
        instance_discovery=False,
        verify=secure["ca_bundle"],
    )
    assert "access_token" in client.acquire_token_for_client([GRAPH])


def azure_options(secure: dict[str, str]) -> dict[str, Any]:
    return {
        "authority": secure["authority"],
        "disable_instance_discovery": True,
        "connection_verify": secure["ca_bundle"],
    }


def test_azure_identity_gets_tokens_for_secret_and_certificate(secure: dict[str, str], certificate: Path) -> None:
    from azure.core.exceptions import ClientAuthenticationError
    from azure.identity import CertificateCredential, ClientSecretCredential

    ids, options = (secure["tenant_id"], secure["client_id"]), azure_options(secure)
    by_certificate = CertificateCredential(*ids, str(certificate), **options)
    by_secret = ClientSecretCredential(*ids, secure["client_secret"], **options)
    tokens = [credential.get_token(GRAPH).token for credential in (by_certificate, by_secret)]
    for token in tokens:
        headers = {"Authorization": f"Bearer {token}"}
        assert httpx.get(secure["graph"] + "/organization", headers=headers, verify=trusting(secure)).status_code == 200
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
        ClientSecretCredential(*ids, "wrong", **options).get_token(GRAPH)


def test_an_assertion_is_taken_once_and_only_for_this_authority(secure: dict[str, str], certificate: Path) -> None:
    """With padded segments too: azure.identity.aio sends them so."""
    import uuid

    import jwt
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    pem = certificate.read_text()
    begin = pem.index("-----BEGIN CERTIFICATE")
    digest = x509.load_pem_x509_certificate(pem[begin:].encode()).fingerprint(hashes.SHA256())
    url = f"{secure['authority']}/{secure['tenant_id']}/oauth2/v2.0/token"

    def assertion(audience: str, expires: int = 600) -> str:
        now = int(datetime.now(UTC).timestamp())
        claims = {"aud": audience, "iss": secure["client_id"], "sub": secure["client_id"], "jti": uuid.uuid4().hex}
        thumbprint = base64.urlsafe_b64encode(digest).decode()
        return jwt.encode({**claims, "exp": now + expires}, pem[:begin], "PS256", {"x5t#S256": thumbprint})

    def ask(signed: str) -> Any:
        form = {
            "grant_type": "client_credentials",
            "client_id": secure["client_id"],
            "scope": GRAPH,
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": signed,
        }
        return httpx.post(url, data=form, verify=trusting(secure)).json().get("error_codes")

    good = assertion(url)
    asked = [ask(good), ask(good), ask(assertion("https://login.example/token")), ask(assertion(url, -10))]
    assert asked == [None, [700030], [700211], [700024]]


def test_the_graph_sdk_makes_and_reads_users(secure: dict[str, str]) -> None:
    from azure.identity import ClientSecretCredential
    from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
    from msgraph.generated.models.password_profile import PasswordProfile
    from msgraph.generated.models.user import User
    from msgraph.graph_request_adapter import GraphRequestAdapter
    from msgraph.graph_service_client import GraphServiceClient

    credential = ClientSecretCredential(
        secure["tenant_id"], secure["client_id"], secure["client_secret"], **azure_options(secure)
    )
    provider = AzureIdentityAuthenticationProvider(credential, scopes=[GRAPH])

    async def make_and_read() -> tuple[str, list[str], str]:
        async with httpx.AsyncClient(verify=trusting(secure), base_url=secure["graph"]) as transport:
            adapter = GraphRequestAdapter(provider, transport)
            adapter.base_url = secure["graph"] + "/"
            client = GraphServiceClient(request_adapter=adapter)
            profile = PasswordProfile(password="not-a-secret-1", force_change_password_next_sign_in=True)
            name = "sdk@nexus.ox.ac.uk"
            user = User(account_enabled=True, display_name="S", mail_nickname="sdk", user_principal_name=name)
            user.password_profile = profile
            made = await client.users.post(user)
            listed = await client.users.get()
            changed = await client.users.delta.get()
            assert made is not None
            assert listed is not None
            assert changed is not None
            assert made.id is not None
            read = await client.users.by_user_id(made.id).get()
            names = [str(u.user_principal_name) for u in listed.value or ()]
            return made.id, names, str(read.display_name if read else changed)

    made, names, shown = asyncio.run(make_and_read())
    assert (len(made), names, shown) == (36, ["sdk@nexus.ox.ac.uk"], "S")
