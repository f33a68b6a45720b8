"""tenant-api.md 3.1: each credential of nexusops.toml through the real azure-identity, for both audiences.

Secret and certificate against ``emulator serve --tls``; what a platform lends against an authority that notes what it
is asked, since a tenant cannot be made to trust a cluster from here.
"""

from __future__ import annotations

import base64
import json
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
import trustme
from building.certificates import self_signed
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from nexusops import tenant
from nexusops.errors import TenantUnreadable
from nexusops.model.tenant import Actual, Wanted
from nexusops.tenant.auth import Translating, credential
from nexusops.tenant.faults import CredentialFault
from nexusops.tenant.settings import CLOUDS, TenantSettings

NOBODY = Wanted(boxes={"nobody": None})
WORD = "pass phrase"


@pytest.fixture(autouse=True)
def own_bundle_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """requests prefers a bundle named in the environment to the one that it was given."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TenantSettings]:
    """An embedded tenant over TLS, and the settings of its client with a secret."""
    file = tmp_path_factory.mktemp("tenant") / "tenant.db"
    command = [sys.executable, "-m", "nexusops", "emulator", "serve", "--tls", "--path", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = json.loads(process.stdout.readline())
            yield TenantSettings(
                tenant_id=line["tenant_id"],
                client_id=line["client_id"],
                credential="secret",
                secret=line["client_secret"],
                authority=line["authority"],
                graph_base_url=line["graph"],
                exchange_base_url=line["exchange"],
                ca_bundle=line["ca_bundle"],
            )
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def made(key: rsa.RSAPrivateKey, end: datetime) -> x509.Certificate:
    return self_signed(key, end - timedelta(days=2), end)


@pytest.fixture(scope="module")
def certificate(key: rsa.RSAPrivateKey) -> x509.Certificate:
    return made(key, datetime.now(UTC) + timedelta(days=1))


@pytest.fixture(scope="module")
def ended(key: rsa.RSAPrivateKey) -> x509.Certificate:
    return made(key, datetime(2025, 10, 31, tzinfo=UTC))


@pytest.fixture(scope="module")
def registered(served: TenantSettings, certificate: x509.Certificate, ended: x509.Certificate) -> TenantSettings:
    """Both certificates are registered with the application."""
    ders = [one.public_bytes(serialization.Encoding.DER) for one in (certificate, ended)]
    keys = [{"type": "AsymmetricX509Cert", "usage": "Verify", "key": base64.b64encode(der).decode()} for der in ders]
    body = {"keyCredentials": keys}
    token = credential(served).get_token(f"{served.graph_base_url.removesuffix('/v1.0')}/.default").token
    verify = ssl.create_default_context(cafile=served.ca_bundle)
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=served.graph_base_url, headers=headers, verify=verify) as client:
        app = client.get(f"/applications(appId='{served.client_id}')").json()["id"]
        client.patch(f"/applications/{app}", json=body).raise_for_status()
    return replace(served, credential="certificate", secret=None)


def read(settings: TenantSettings) -> Actual:
    """Through Graph and Exchange, so for both audiences."""
    with closing(tenant.microsoft365(settings)) as live:
        live._run(live._graph.skus())
        return live.read(NOBODY)


def test_a_secret_opens_graph_and_exchange(served: TenantSettings) -> None:
    assert read(served) == Actual()


@pytest.mark.parametrize("form", ["pem", "encrypted pem", "pfx", "pfx with a pass phrase"])
def test_a_certificate_opens_graph_and_exchange(
    registered: TenantSettings, key: rsa.RSAPrivateKey, certificate: x509.Certificate, form: str, tmp_path: Path
) -> None:
    word = WORD if form in ("encrypted pem", "pfx with a pass phrase") else None
    closed = serialization.BestAvailableEncryption(WORD.encode()) if word else serialization.NoEncryption()
    file = tmp_path / "app"
    if "pem" in form:
        pem = serialization.Encoding.PEM
        private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, closed)
        file.write_bytes(private + certificate.public_bytes(pem))
    else:
        file.write_bytes(pkcs12.serialize_key_and_certificates(b"app", key, certificate, None, closed))
    assert read(replace(registered, certificate_path=str(file), certificate_password=word)) == Actual()


def test_a_certificate_that_has_ended_is_told_by_what_to_do(
    registered: TenantSettings, key: rsa.RSAPrivateKey, ended: x509.Certificate, tmp_path: Path
) -> None:
    """interface.md 1: exit 8; Entra's own words name a thumbprint, which says nothing to whoever reads them."""
    file = tmp_path / "app.pfx"
    closed = serialization.BestAvailableEncryption(WORD.encode())
    file.write_bytes(pkcs12.serialize_key_and_certificates(b"app", key, ended, None, closed))
    settings = replace(registered, certificate_path=str(file), certificate_password=WORD)
    with closing(tenant.microsoft365(settings)) as live, pytest.raises(TenantUnreadable) as no:
        live.read(NOBODY)
    said = f"The tenant could not be read: the certificate in {file} ended on 2025-10-31: make a new one"
    assert no.value.message.startswith(said)
    assert "AADSTS700027" in no.value.message
    assert no.value.next_step.startswith("The certificate is not registered with this application, or has ended: ")
    assert WORD not in no.value.message


def test_a_wrong_secret_is_told_by_what_to_do(served: TenantSettings) -> None:
    """interface.md 1: exit 8, with the next step; the secret stands nowhere."""
    with closing(tenant.microsoft365(replace(served, secret="hunter2"))) as live, pytest.raises(TenantUnreadable) as no:
        live.read(NOBODY)
    assert "AADSTS7000215" in no.value.message
    assert no.value.next_step.startswith("The client secret is wrong.")
    assert "hunter2" not in f"{no.value.message} {no.value.next_step}"


class Authority(BaseHTTPRequestHandler):
    """Notes what it is asked for tokens: as Entra's token endpoint, or as a platform's own."""

    asked: list[dict[str, str]]
    elsewhere: str

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path.endswith("openid-configuration"):
            whole = f"https://{self.headers['Host']}/t"
            self.answer({name: f"{whole}/oauth2/v2.0/{name}" for name in ("token_endpoint", "authorization_endpoint")})
            return
        self.asked.append({**dict(parse_qsl(url.query)), "header": self.headers.get("X-IDENTITY-HEADER", "")})
        self.answer({"access_token": "lent", "expires_on": "4102444800", "token_type": "Bearer"})

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append(dict(parse_qsl(content.decode())))
        if self.elsewhere:
            self.send_response(307)
            self.send_header("Location", self.elsewhere)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.answer({"access_token": "exchanged", "expires_in": 3600, "token_type": "Bearer"})

    def answer(self, body: dict[str, object]) -> None:
        content = json.dumps({"issuer": "https://issuer.example/t", **body}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: object) -> None:
        """A test says nothing."""


@contextmanager
def listening(tls: trustme.LeafCert | None = None, elsewhere: str = "") -> Iterator[tuple[str, list[dict[str, str]]]]:
    asked: list[dict[str, str]] = []
    noting = type("Noting", (Authority,), {"asked": asked, "elsewhere": elsewhere})
    server = ThreadingHTTPServer(("127.0.0.1", 0), noting)
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.configure_cert(context)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def scopes_of(settings: TenantSettings) -> list[str]:
    host = settings.graph_base_url.removesuffix("/v1.0")
    return [f"{host}/.default", f"{settings.exchange_base_url}/.default"]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_workload_hands_in_the_token_that_its_platform_wrote(
    cloud: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And is given one for each audience of its cloud (3.4)."""
    (tmp_path / "token").write_text("signed by the cluster")
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(tmp_path / "token"))
    ca = trustme.CA()
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    places = CLOUDS[cloud]
    with listening(ca.issue_cert("127.0.0.1")) as (url, asked):
        settings = TenantSettings(
            tenant_id="t",
            client_id="client",
            credential="workload_identity",
            authority=url,
            graph_base_url=places.graph_base_url,
            exchange_base_url=places.exchange_base_url,
            ca_bundle=str(tmp_path / "ca.pem"),
        )
        with closing(Translating(credential(settings))) as lent:
            tokens = {lent.get_token(scope).token for scope in scopes_of(settings)}
    assert tokens == {"exchanged"}
    assert [(a["scope"].split()[0], a["client_assertion"], a["client_id"]) for a in asked] == [
        (scope, "signed by the cluster", "client") for scope in scopes_of(settings)
    ]


def test_an_authority_that_sends_us_elsewhere_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """interface.md 9: what we prove ourselves with would go there."""
    (tmp_path / "token").write_text("signed by the cluster")
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(tmp_path / "token"))
    ca = trustme.CA()
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    cert = ca.issue_cert("127.0.0.1")
    with listening(cert) as (other, asked_there), listening(cert, f"{other}/token") as (url, asked):
        settings = TenantSettings(
            tenant_id="t",
            client_id="client",
            credential="workload_identity",
            authority=url,
            ca_bundle=str(tmp_path / "ca.pem"),
        )
        with closing(Translating(credential(settings))) as lent, pytest.raises(CredentialFault) as raised:
            lent.get_token("https://graph.microsoft.com/.default")
    assert raised.value.message == "No response content from Microsoft Entra ID"
    assert (len(asked), asked_there) == (1, [])


@pytest.mark.parametrize("client_id", ["", "of-the-identity"])
def test_a_managed_identity_asks_its_platform(client_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's, or one of the user's by its client id; no secret is kept anywhere."""
    with listening() as (url, asked):
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{url}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "of the platform")
        settings = TenantSettings(tenant_id="t", client_id=client_id, credential="managed_identity")
        with closing(Translating(credential(settings))) as lent:
            tokens = {lent.get_token(scope).token for scope in scopes_of(settings)}
    assert tokens == {"lent"}
    assert [(a["resource"], a.get("client_id", ""), a["header"]) for a in asked] == [
        (scope.removesuffix("/.default"), client_id, "of the platform") for scope in scopes_of(settings)
    ]
