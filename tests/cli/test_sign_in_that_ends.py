"""The certificate that a site signs in with is watched by its file, whatever the tenant says."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from building.certificates import self_signed
from cli.conftest import CommandSite
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

END = datetime(2025, 10, 31, 12, tzinfo=UTC)
WORD = b"pass phrase"


@pytest.fixture(scope="session")
def kept() -> dict[str, bytes]:
    """A key with a certificate that ends at END, as sites keep them."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    certificate = self_signed(key, datetime(2024, 10, 1, tzinfo=UTC), END)
    pem = certificate.public_bytes(Encoding.PEM)
    locked = BestAvailableEncryption(WORD)
    return {
        "pem": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + pem,
        "encrypted pem": pem + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked),
        "encrypted pfx": pkcs12.serialize_key_and_certificates(b"app", key, certificate, None, locked),
        "pfx without certificate": pkcs12.serialize_key_and_certificates(b"app", key, None, None, locked),
    }


def signing_in_with(site: CommandSite, content: bytes, word: bytes = WORD) -> None:
    """A site of Microsoft 365 that nobody answers."""
    app, secret = site.folder.parent / "app", site.folder.parent / "word"
    app.write_bytes(content)
    secret.write_bytes(word)
    path = site.folder / "nexusops.toml"
    nobody = "00000000-0000-0000-0000-000000000000"
    away = f'kind = "microsoft365"\ntenant_id = "{nobody}"\nclient_id = "{nobody}"\nauthority = "https://127.0.0.1:9"\n'
    away += f'certificate_path = "{app}"\ncertificate_password = "file:{secret}" '
    path.write_text(path.read_text("utf-8").replace('kind = "embedded" ', away), "utf-8")


def problems(site: CommandSite, at: str) -> list[str]:
    said = site.type("health", "--max-age", "1000000", "--at", at, "--format", "json")
    assert said.err == ""
    told: list[str] = said.document["problems"]
    return told


@pytest.mark.parametrize("form", ["pem", "encrypted pem", "encrypted pfx"])
def test_health_tells_of_a_certificate_a_month_before_it_ends(
    begun: CommandSite, kept: dict[str, bytes], form: str
) -> None:
    signing_in_with(begun, kept[form])
    assert problems(begun, "2025-10-01T11:00:00Z") == []
    (soon,) = problems(begun, "2025-10-02T11:00:00Z")
    signs_in = "The certificate that the site signs in with"
    assert soon.startswith(f"{signs_in} ends on 2025-10-31, in 29 days: make a new one,")
    (over,) = problems(begun, "2025-11-02T11:00:00Z")
    assert over.startswith(f"{signs_in} ended on 2025-10-31: make a new one,")


@pytest.mark.parametrize(("form", "word"), [("encrypted pfx", b"hunter2"), ("pfx without certificate", WORD)])
def test_a_certificate_that_cannot_be_read_is_told_with_what_to_do(
    begun: CommandSite, kept: dict[str, bytes], form: str, word: bytes
) -> None:
    """interface.md 1: no traceback, and the passphrase stands nowhere."""
    signing_in_with(begun, kept[form], word)
    (said,) = problems(begun, "2025-10-01T11:00:00Z")
    assert "tenant.certificate_path: " in said
    assert "Give a PEM file with the RSA key and its certificate, or a PFX file, with its passphrase" in said
    assert word.decode() not in said


@pytest.mark.parametrize("form", ["encrypted pem", "encrypted pfx"])
def test_whoever_is_not_given_the_passphrase_hears_of_what_stands_open(
    begun: CommandSite, kept: dict[str, bytes], form: str
) -> None:
    """Monitoring needs none of a site's secrets: that a PFX stays shut to it is no problem of the site's."""
    signing_in_with(begun, kept[form])
    (begun.folder.parent / "word").unlink()
    assert len(problems(begun, "2025-10-02T11:00:00Z")) == (1 if form == "encrypted pem" else 0)


def test_doctor_tells_of_it_where_the_tenant_does_not_answer(begun: CommandSite, kept: dict[str, bytes]) -> None:
    """It may be the reason; without Application.Read.All nobody else tells."""
    signing_in_with(begun, kept["encrypted pfx"])
    for at, told in (("2025-10-02T11:00:00Z", "ends on 2025-10-31, in 29 days"), ("2025-11-02T11:00:00Z", "ended on")):
        said = begun.type("doctor", "--at", at, "--format", "json")
        ends = [check for check in said.document["checks"] if check["name"] == "credentials"]
        assert [(one["ok"], told in one["message"]) for one in ends] == [(False, True)]
        assert said.code == 8
