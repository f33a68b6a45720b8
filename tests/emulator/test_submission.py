"""SMTP submission of the embedded tenant, spoken to by smtplib (tenant-api.md 4.10, 4.11)."""

from __future__ import annotations

import base64
import smtplib
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from building.patience import PATIENCE

from nexusops.emulator.tenant import EmbeddedTenant
from nexusops.emulator.tokens import issue

EXCHANGE = "https://outlook.office365.com"
OWN, OTHER, OFF = "own@ox.ac.uk", "other@ox.ac.uk", "off@ox.ac.uk"


@pytest.fixture
def tenant(tmp_path: Path) -> Iterator[EmbeddedTenant]:
    """The printed client's application may submit as OWN; SMTP AUTH is on for OWN and OTHER, off for OFF."""
    with EmbeddedTenant.open(tmp_path / "tenant.db") as made:
        ids = {address: made.ensure_mailbox(address, address) for address in (OWN, OTHER, OFF)}
        (principal,) = made._book.find("servicePrincipal", "appId", made.client_id)
        pointer = {"id": "p1", "AppId": made.client_id, "ObjectId": principal["id"], "DisplayName": "app"}
        scope = {"Name": "own", "RecipientFilter": f"ExternalDirectoryObjectId -eq '{ids[OWN]}'"}
        role = {
            "id": "r1",
            "Name": "r1",
            "Role": "Application SMTP.SendAsApp",
            "App": principal["id"],
            "CustomResourceScope": "own",
        }

        def furnish() -> None:
            made._book.put("exchangePrincipal", "p1", pointer)
            made._book.put("scope", "own", scope)
            made._book.put("roleAssignment", "r1", role)
            for assignment in made._book.find("assignment", "principalId", principal["id"]):
                made._book.erase("assignment", assignment["id"])
            for address, off in ((OWN, False), (OTHER, False), (OFF, True)):
                mailbox = made._book.get("mailbox", ids[address])
                assert mailbox is not None
                mailbox["_cas"]["SmtpClientAuthenticationDisabled"] = off
                made._book.put("mailbox", ids[address], mailbox)

        made._write(furnish)
        yield made


def blob(tenant: EmbeddedTenant, user: str, token: str | None = None) -> str:
    bearer = token if token is not None else issue(tenant._book, tenant.client_id, EXCHANGE)
    return base64.b64encode(f"user={user}\x01auth=Bearer {bearer}\x01\x01".encode()).decode()


def signed_in(tenant: EmbeddedTenant, user: str, token: str | None = None) -> tuple[int, str]:
    with tenant.submission() as place, smtplib.SMTP(*place, timeout=PATIENCE) as client:
        client.ehlo()
        code, text = client.docmd("AUTH", f"XOAUTH2 {blob(tenant, user, token)}")
        return code, text.decode()


UNSUCCESSFUL = (535, "5.7.3 Authentication unsuccessful")


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        (OWN, (235, "2.7.0 Authentication successful")),
        (OTHER, UNSUCCESSFUL),
        ("nobody@ox.ac.uk", UNSUCCESSFUL),
        (
            OFF,
            (535, "5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox."),
        ),
    ],
)
def test_only_the_mailbox_in_scope_lets_it_in(tenant: EmbeddedTenant, user: str, expected: tuple[int, str]) -> None:
    assert signed_in(tenant, user) == expected


def test_what_the_organisation_has_switched_off_is_off_for_everybody(tenant: EmbeddedTenant) -> None:
    def inherit() -> None:
        held = tenant._book.holder(OWN)
        mailbox: dict[str, Any] = tenant._book.get("mailbox", str(held)) or {}
        mailbox["_cas"]["SmtpClientAuthenticationDisabled"] = None
        tenant._book.put("mailbox", str(held), mailbox)

    tenant._write(inherit)
    code, text = signed_in(tenant, OWN)
    assert (code, text) == (
        535,
        "5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.",
    )


@pytest.mark.parametrize("token", ["", "not-a-token"])
def test_a_token_that_is_none_is_refused(tenant: EmbeddedTenant, token: str) -> None:
    assert signed_in(tenant, OWN, token) == UNSUCCESSFUL


def test_a_token_for_graph_does_not_open_submission(tenant: EmbeddedTenant) -> None:
    graph = issue(tenant._book, tenant.client_id, "https://graph.microsoft.com")
    assert signed_in(tenant, OWN, graph) == UNSUCCESSFUL


def test_a_password_is_refused(tenant: EmbeddedTenant) -> None:
    """R64: modern authentication only."""
    with tenant.submission() as place, smtplib.SMTP(*place, timeout=PATIENCE) as client:
        with pytest.raises(smtplib.SMTPAuthenticationError) as refused:
            client.login(OWN, "secret")
        assert (refused.value.smtp_code, refused.value.smtp_error) == (
            535,
            b"5.7.139 Authentication unsuccessful, basic authentication is disabled.",
        )


def test_nobody_sends_without_signing_in_or_as_somebody_else(tenant: EmbeddedTenant) -> None:
    with tenant.submission() as place, smtplib.SMTP(*place, timeout=PATIENCE) as client:
        client.ehlo()
        assert client.mail(OWN) == (530, b"5.7.57 Client not authenticated to send mail.")
        client.docmd("AUTH", f"XOAUTH2 {blob(tenant, OWN)}")
        for sender, shown in ((OWN, OTHER), (OTHER, OWN)):
            client.rset()
            client.mail(sender)
            client.rcpt("a@example.com")
            code, text = client.data(f"From: {shown}\r\nTo: a@example.com\r\n\r\nHello\r\n")
            assert (code, text) == (
                550,
                b"5.7.60 SMTP; Client does not have permissions to send as this sender",
            )
        client.rset()
        client.sendmail(OWN, ["a@example.com"], f"From: {OWN}\r\nTo: a@example.com\r\n\r\nHello\r\n")
    (sent,) = tenant._book.notes("mail")
    assert (sent["sender"], sent["to"], "Hello" in sent["mime"]) == (OWN, ["a@example.com"], True)


def test_with_tls_nothing_is_said_before_it(tenant: EmbeddedTenant) -> None:
    """STARTTLS, as smtp.office365.com:587 wants it."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    with tenant.submission(context) as (host, port), smtplib.SMTP(host, port, timeout=PATIENCE) as client:
        client.ehlo()
        assert client.docmd("AUTH", f"XOAUTH2 {blob(tenant, OWN)}")[0] == 530
        client.starttls(context=trusting)
        client.ehlo()
        assert client.docmd("AUTH", f"XOAUTH2 {blob(tenant, OWN)}")[0] == 235
