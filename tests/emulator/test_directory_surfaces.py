"""Federated credentials, rolled certificates, the audit log, settings of one user, user mailboxes with a password."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from building.certificates import in_base64, self_signed
from cryptography.hazmat.primitives.asymmetric import rsa
from emulator.asking import Asking, kind_of

FEDERATION = {
    "name": "github-main",
    "issuer": "https://token.actions.githubusercontent.com/",
    "subject": "repo:contoso/mail:ref:refs/heads/main",
    "audiences": ["api://AzureADTokenExchange"],
}


@pytest.mark.parametrize("option", ["$filter=bogus eq 'a'", "$filter=startswith(bogus,'a')", "$orderby=bogus"])
@pytest.mark.parametrize(
    "path",
    [
        *("/users", "/users/$count", "/applications", "/applications/$count", "/servicePrincipals/$count"),
        *("/directory/deletedItems/microsoft.graph.user", "/directory/deletedItems/microsoft.graph.application"),
        *("/auditLogs/directoryAudits", "/domains", "/organization", "/subscribedSkus"),
    ],
)
def test_a_property_that_is_not_there_is_refused_though_there_is_nothing_to_ask_it_of(
    ask: Asking, path: str, option: str
) -> None:
    """tenant-api.md 4.1: the clause is read before any object is."""
    answer = ask.graph("GET", f"{path}?{option}", ConsistencyLevel="eventual")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "Request_BadRequest")


def application(ask: Asking) -> str:
    body = {"displayName": "Worktribe", "signInAudience": "AzureADMyOrg"}
    return str(ask.graph("POST", "/applications", body).json()["id"])


def test_a_federated_credential_is_added_read_changed_and_removed(ask: Asking) -> None:
    """tenant-api.md 4.13"""
    where = f"/applications/{application(ask)}/federatedIdentityCredentials"
    made = ask.graph("POST", where, FEDERATION)
    assert (made.status_code, made.json()["subject"]) == (201, FEDERATION["subject"])
    assert [one["name"] for one in ask.graph("GET", where).json()["value"]] == ["github-main"]
    one = f"{where}/{made.json()['id']}"
    assert ask.graph("PATCH", one, {"audiences": ["api://other"]}).status_code == 204
    assert ask.graph("GET", one).json()["audiences"] == ["api://other"]
    assert ask.graph("DELETE", one).status_code == 204
    assert ask.graph("GET", one).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [{}, {"name": "other"}, {"issuer": ""}, {"name": "n" * 121}, {"subject": "x", "audiences": "y"}, {"secret": "z"}],
)
def test_a_federated_credential_that_the_directory_would_not_take(ask: Asking, wrong: dict[str, Any]) -> None:
    """The name is unique, and so are issuer and subject together."""
    where = f"/applications/{application(ask)}/federatedIdentityCredentials"
    ask.graph("POST", where, FEDERATION)
    assert ask.graph("POST", where, {**FEDERATION, **wrong}).status_code == 400


def certified() -> tuple[rsa.RSAPrivateKey, str]:
    """A key, and its certificate as Graph takes it."""
    key, now = rsa.generate_private_key(public_exponent=65537, key_size=2048), datetime.now(UTC)
    return key, in_base64(self_signed(key, now, now + timedelta(days=90)))


def test_a_certificate_is_rolled_with_a_proof_by_the_one_before(ask: Asking) -> None:
    """tenant-api.md 4.13, addKey"""
    app = application(ask)
    (key, first), (_, second) = certified(), certified()
    credential = {"type": "AsymmetricX509Cert", "usage": "Verify"}
    keys = {"keyCredentials": [{**credential, "key": first}]}
    assert ask.graph("PATCH", f"/applications/{app}", keys).status_code == 204
    now = int(time.time())
    claims = {"aud": "00000002-0000-0000-c000-000000000000", "iss": app, "nbf": now, "exp": now + 600}
    asked = {"keyCredential": {**credential, "key": second}, "passwordCredential": None}
    for changed, status in (({"iss": "another"}, 400), ({"exp": now + 3600}, 400), ({}, 200)):
        proof = jwt.encode({**claims, **changed}, key, algorithm="RS256")
        assert ask.graph("POST", f"/applications/{app}/addKey", {**asked, "proof": proof}).status_code == status
    assert len(ask.graph("GET", f"/applications/{app}").json()["keyCredentials"]) == 2


def test_the_audit_log_says_who_changed_what_the_newest_first(ask: Asking) -> None:
    """tenant-api.md 1, 31"""
    user = ask.licensed("ball1234")
    ask.graph("PATCH", f"/users/{user}", {"accountEnabled": False})
    rows = ask.graph("GET", "/auditLogs/directoryAudits").json()["value"]
    assert [(row["activityDisplayName"], row["targetResources"][0]["id"]) for row in rows] == [
        ("Update user", user),
        ("Change user license", user),
        ("Add user", user),
    ]
    assert {row["initiatedBy"]["app"]["appId"] for row in rows} == {ask.tenant.client_id}
    chosen = ask.graph("GET", "/auditLogs/directoryAudits?$filter=activityDisplayName eq 'Add user'").json()["value"]
    assert len(chosen) == 1
    first = ask.graph("GET", "/auditLogs/directoryAudits?$top=2").json()
    rest = ask.graph("GET", first["@odata.nextLink"]).json()
    assert [row["id"] for row in (*first["value"], *rest["value"])] == [row["id"] for row in rows]
    token = ask.app_token("User.Read.All")
    assert ask.graph("GET", "/auditLogs/directoryAudits", token=token).status_code == 403


def test_mailbox_settings_are_a_property_of_one_user_and_of_no_list(ask: Asking) -> None:
    """tenant-api.md 4.1: 501 on a collection"""
    user = ask.licensed("ball1234")
    found = ask.graph("GET", f"/users/{user}?$select=id,mailboxSettings").json()
    assert found["mailboxSettings"]["automaticRepliesSetting"]["status"] == "disabled"
    assert ask.graph("GET", "/users?$select=id,mailboxSettings").status_code == 501


def test_a_users_mailbox_is_made_with_a_password_and_a_name_to_sign_in_with(ask: Asking) -> None:
    """tenant-api.md 5.6; without the name the parameters do not fit together."""
    (row,) = ask.rows(
        "New-Mailbox", Name="ada", Password="Correct-Horse-7", MicrosoftOnlineServicesID="ada@nexus.ox.ac.uk"
    )
    assert (row["RecipientTypeDetails"], row["PrimarySmtpAddress"]) == ("UserMailbox", "ada@nexus.ox.ac.uk")
    assert kind_of(ask.exchange("New-Mailbox", Name="bob")) == "AmbiguousParameterSetException"
    assert "Correct-Horse-7" not in str(ask.tenant.requests())


def test_a_fifth_mail_at_once_from_one_mailbox_is_too_many(ask: Asking) -> None:
    """tenant-api.md 7.1, 9.2: 4 concurrent requests for each application and mailbox, where limits are switched on."""
    for name in ("postmaster", "reception"):
        ask.rows("New-Mailbox", Shared=True, Name=name, PrimarySmtpAddress=f"{name}@ox.ac.uk")
        ask.rows("Set-Mailbox", Identity=name, MicrosoftOnlineServicesID=f"{name}@ox.ac.uk")
    ask.send("POST", "http://any/_emulator/throttle", json={"enabled": True, "latency_ms": 50})
    recipients = [{"emailAddress": {"address": "a@example.org"}}]
    body = {"message": {"subject": "x", "body": {"content": "x"}, "toRecipients": recipients}}
    headers = ask.token("https://graph.microsoft.com")

    async def together(*senders: str) -> list[tuple[int, str, set[str]]]:
        urls = [f"{ask.tenant.graph_base_url}/users/{sender}@ox.ac.uk/sendMail" for sender in senders]
        answers = await asyncio.gather(*(ask.client.post(url, json=body, headers=headers) for url in urls))
        return [
            (a.status_code, error.get("code", ""), set(error.get("innerError", ())))
            for a in answers
            for error in ([a.json()["error"]] if a.content else [dict[str, str]()])
        ]

    told = ask.loop.run_until_complete(together(*["postmaster"] * 5, "reception"))
    named = {"date", "request-id", "client-request-id"}
    assert sorted(told, key=lambda one: one[0]) == [(202, "", set())] * 5 + [(429, "ApplicationThrottled", named)]
