"""interface.md 2, [tenant]; tenant-api.md 3.1, 3.4: which credential is made of which settings. Nobody is asked yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509 import load_pem_x509_certificate

from nexusops.errors import UsageError
from nexusops.tenant.auth import Translating, credential
from nexusops.tenant.faults import CredentialFault
from nexusops.tenant.settings import CLOUDS, TenantSettings

SETTINGS = TenantSettings(
    tenant_id="11111111-1111-4111-8111-111111111111", client_id="22222222-2222-4222-8222-222222222222"
)


def pem(folder: Path, made: trustme.LeafCert) -> Path:
    path = folder / "app.pem"
    path.write_bytes(made.private_key_and_cert_chain_pem.bytes())
    return path


def pfx(folder: Path, made: trustme.LeafCert) -> Path:
    key = load_pem_private_key(made.private_key_pem.bytes(), None)
    certificate = load_pem_x509_certificate(made.cert_chain_pems[0].bytes())
    path = folder / "app.pfx"
    path.write_bytes(
        pkcs12.serialize_key_and_certificates(b"app", key, certificate, None, BestAvailableEncryption(b"pass phrase"))  # type: ignore[arg-type]
    )
    return path


@pytest.mark.parametrize("kept", [pem, pfx])
@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
def test_a_certificate_is_read_from_pem_or_pfx(kept: Callable[[Path, trustme.LeafCert], Path], tmp_path: Path) -> None:
    made = trustme.CA().issue_cert("app.example", key_type=trustme.KeyType.RSA)
    word = "pass phrase" if kept is pfx else None
    settings = replace(SETTINGS, certificate_path=str(kept(tmp_path, made)), certificate_password=word)
    assert type(credential(settings)).__name__ == "CertificateCredential"


@pytest.mark.parametrize(("locked", "word"), [(True, None), (True, "wrong"), (False, "needless")])
def test_a_passphrase_that_does_not_fit_the_key_is_told(tmp_path: Path, *, locked: bool, word: str | None) -> None:
    """interface.md 1: exit 2, with the key path; it was taken for a defect."""
    made = trustme.CA().issue_cert("app.example", key_type=trustme.KeyType.RSA)
    lock = BestAvailableEncryption(b"pass phrase") if locked else NoEncryption()
    key = load_pem_private_key(made.private_key_pem.bytes(), None)
    path = tmp_path / "app.pem"
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock) + made.cert_chain_pems[0].bytes())
    with pytest.raises(UsageError, match=r"tenant\.certificate_path"):
        credential(replace(SETTINGS, certificate_path=str(path), certificate_password=word))


def test_a_secret(tmp_path: Path) -> None:
    settings = replace(SETTINGS, credential="secret", secret="hunter2")
    assert type(credential(settings)).__name__ == "ClientSecretCredential"
    assert "hunter2" not in repr(settings)


def test_identities_that_the_platform_lends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(tmp_path / "token"))
    names = [
        type(credential(replace(SETTINGS, credential=kind, client_id=client))).__name__
        for kind, client in [("workload_identity", "a"), ("managed_identity", "a"), ("managed_identity", "")]
    ]
    assert names == ["WorkloadIdentityCredential", "ManagedIdentityCredential", "ManagedIdentityCredential"]


@pytest.mark.parametrize("said", ["Expecting value: line 1 column 1 (char 0)", "None"], ids=["a page", "no token"])
def test_an_authority_that_is_none_is_told_in_words(said: str) -> None:
    class Misled:
        def get_token(self, *scopes: str, **options: Any) -> AccessToken:
            raise ClientAuthenticationError(f"Authentication failed: {said}")

    with pytest.raises(CredentialFault) as raised:
        Translating(Misled()).get_token("s")
    assert raised.value.message == "Authentication failed: what answers at the authority's address is not it"


def test_a_token_is_asked_for_once_until_it_is_about_to_end_or_claims_ask_for_another() -> None:
    """tenant-api.md 3.1: continuous access evaluation asks with claims."""
    now, asked = 1000.0, []

    class Authority:
        def get_token(self, *scopes: str, **options: Any) -> AccessToken:
            asked.append((scopes[0], options.get("claims")))
            return AccessToken(f"token-{len(asked)}", int(now) + 3600)

    known = Translating(Authority(), now=lambda: now)
    given = [known.get_token(scope).token for scope in ("graph", "exchange", "graph")]
    given.append(known.get_token("graph", claims="{}").token)
    now += 3301
    given += [known.get_token("exchange").token for _ in range(2)]
    assert given == ["token-1", "token-2", "token-1", "token-3", "token-4", "token-4"]
    assert asked == [("graph", None), ("exchange", None), ("graph", "{}"), ("exchange", None)]


WRONG = {
    "no path": (SETTINGS, "tenant.certificate_path: it is missing"),
    "no file": (replace(SETTINGS, certificate_path="/nowhere.pem"), "tenant.certificate_path: /nowhere.pem cannot be"),
    "no secret": (replace(SETTINGS, credential="secret"), "tenant.secret: it is missing"),
    "unknown": (replace(SETTINGS, credential="password"), "tenant.credential: 'password' is not known"),
    "not lent": (replace(SETTINGS, credential="workload_identity"), "tenant.credential: workload identity is not set"),
    "http": (
        replace(SETTINGS, credential="secret", secret="hunter2", authority="http://127.0.0.1:1"),
        "tenant.authority: http://127.0.0.1:1 is not https",
    ),
}


@pytest.mark.parametrize(("settings", "told"), WRONG.values(), ids=WRONG)
def test_what_is_missing_is_told_by_its_key(
    settings: TenantSettings, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """interface.md 1: exit 2, with the key path; credentials only go over https."""
    monkeypatch.delenv("AZURE_FEDERATED_TOKEN_FILE", raising=False)
    with pytest.raises(UsageError) as raised:
        credential(settings)
    assert raised.value.message.startswith(f"nexusops.toml, {told}")
    assert "hunter2" not in str(raised.value)


def test_a_cloud_sets_the_three_addresses_together() -> None:
    """tenant-api.md 3.4: tokens of one are worth nothing in another."""
    assert {name: (c.authority, c.graph_base_url, c.exchange_base_url) for name, c in CLOUDS.items()} == {
        "global": (
            "https://login.microsoftonline.com",
            "https://graph.microsoft.com/v1.0",
            "https://outlook.office365.com",
        ),
        "usgov": (
            "https://login.microsoftonline.us",
            "https://graph.microsoft.us/v1.0",
            "https://outlook.office365.us",
        ),
        "usgov_dod": (
            "https://login.microsoftonline.us",
            "https://dod-graph.microsoft.us/v1.0",
            "https://outlook-dod.office365.us",
        ),
        "china": (
            "https://login.chinacloudapi.cn",
            "https://microsoftgraph.chinacloudapi.cn/v1.0",
            "https://outlook.office365.cn",
        ),
    }
