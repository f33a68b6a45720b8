"""Applications, domains, mail, batches (tenant-api.md 4.11 to 4.16, 7.4)."""

from __future__ import annotations

from typing import Any

import pytest
from emulator.asking import Asking, kind_of, person

MESSAGE = {
    "message": {
        "subject": "Your address",
        "body": {"contentType": "Text", "content": "It will go."},
        "toRecipients": [{"emailAddress": {"address": "a@example.com"}}],
        "internetMessageHeaders": [{"name": "x-nexusops-notice", "value": "1"}],
    },
    "saveToSentItems": False,
}


def test_an_application_is_found_again_by_its_unique_name(ask: Asking) -> None:
    body = {"displayName": "Worktribe", "uniqueName": "worktribe", "signInAudience": "AzureADMyOrg"}
    made = ask.graph("POST", "/applications", body)
    assert made.status_code == 201
    for key in ("(uniqueName='worktribe')", f"(appId='{made.json()['appId']}')", "/" + made.json()["id"]):
        assert ask.graph("GET", f"/applications{key}").json()["displayName"] == "Worktribe"
    assert ask.graph("POST", "/applications", body).status_code == 400
    (found,) = ask.graph("GET", "/applications?$filter=displayName eq 'Worktribe'&$select=id,appId").json()["value"]
    assert found == {"id": made.json()["id"], "appId": made.json()["appId"]}


def test_a_second_service_principal_is_refused(ask: Asking) -> None:
    app = ask.graph("POST", "/applications", {"displayName": "a"}).json()
    first, second = (ask.graph("POST", "/servicePrincipals", {"appId": app["appId"]}) for _ in range(2))
    assert (first.status_code, kind_of(second)) == (201, "Request_MultipleObjectsWithSameKeyValue")
    assert ask.graph("POST", "/servicePrincipals", {"appId": "nobody"}).status_code == 400


def test_a_secret_is_shown_once_and_can_be_taken_away(ask: Asking) -> None:
    app = ask.graph("POST", "/applications", {"displayName": "a"}).json()
    made = ask.graph(
        "POST", f"/applications/{app['id']}/addPassword", {"passwordCredential": {"displayName": "s"}}
    ).json()
    (shown,) = ask.graph("GET", f"/applications/{app['id']}").json()["passwordCredentials"]
    assert (len(made["secretText"]) > 20, shown["secretText"], shown["hint"]) == (True, None, made["secretText"][:3])
    assert ask.graph("POST", f"/applications/{app['id']}/removePassword", {"keyId": made["keyId"]}).status_code == 204
    assert ask.graph("GET", f"/applications/{app['id']}").json()["passwordCredentials"] == []


def test_an_owner_changes_only_what_it_made(ask: Asking) -> None:
    owner = ask.app_token("Application.ReadWrite.OwnedBy")
    own = ask.graph("POST", "/applications", {"displayName": "own"}, token=owner).json()
    other = ask.graph("POST", "/applications", {"displayName": "other"}).json()
    statuses = [
        ask.graph("PATCH", f"/applications/{a['id']}", {"notes": "x"}, token=owner).status_code for a in (own, other)
    ]
    assert statuses == [204, 403]


def test_mail_is_accepted_and_can_be_looked_at(ask: Asking) -> None:
    ask.tenant.ensure_mailbox("postmaster@nexus.ox.ac.uk", "Postmaster")
    ask.tenant.ensure_mailbox("postmaster@nexus.ox.ac.uk", "Postmaster")
    answer = ask.graph("POST", "/users/postmaster@nexus.ox.ac.uk/sendMail", MESSAGE)
    (mail,) = ask.send("GET", "http://any/_emulator/mail").json()
    assert (answer.status_code, answer.content) == (202, b"")
    assert (mail["sender"], mail["message"]) == ("postmaster@nexus.ox.ac.uk", MESSAGE["message"])


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"toRecipients": []}, 400, "ErrorInvalidRecipients"),
        ({"toRecipients": [{"emailAddress": {"address": "x.@gmail.com"}}]}, 400, "ErrorInvalidRecipients"),
        ({"body": {"contentType": "rtf", "content": "x"}}, 400, "RequestBodyRead"),
        ({"internetMessageHeaders": [{"name": "Received", "value": "x"}]}, 400, "InvalidInternetMessageHeader"),
        ({"subjekt": "x"}, 400, "RequestBodyRead"),
        ({"from": {"emailAddress": {"address": "other@ox.ac.uk"}}}, 403, "ErrorSendAsDenied"),
    ],
)
def test_mail_that_graph_refuses_is_refused(ask: Asking, change: dict[str, Any], status: int, code: str) -> None:
    ask.tenant.ensure_mailbox("postmaster@nexus.ox.ac.uk", "Postmaster")
    body = {**MESSAGE, "message": {**MESSAGE["message"], **change}}  # type: ignore[dict-item]
    answer = ask.graph("POST", "/users/postmaster@nexus.ox.ac.uk/sendMail", body)
    assert (answer.status_code, kind_of(answer)) == (status, code)


def test_nobody_sends_from_a_user_without_a_mailbox(ask: Asking) -> None:
    answer = ask.graph("POST", f"/users/{ask.person('a')}/sendMail", MESSAGE)
    assert (answer.status_code, kind_of(answer)) == (404, "MailboxNotEnabledForRESTAPI")


def test_an_application_with_a_scope_sends_as_that_mailbox_only(ask: Asking) -> None:
    ask.tenant.ensure_mailbox("in@ox.ac.uk", "In")
    ask.tenant.ensure_mailbox("out@ox.ac.uk", "Out")
    app = ask.graph("POST", "/applications", {"displayName": "notify"}).json()
    principal = ask.graph("POST", "/servicePrincipals", {"appId": app["appId"]}).json()
    secret = ask.graph("POST", f"/applications/{app['id']}/addPassword", {}).json()["secretText"]
    token = ask.ask_token(app["appId"], secret, "https://graph.microsoft.com/.default").json()["access_token"]
    ask.rows("Set-Mailbox", Identity="in@ox.ac.uk", CustomAttribute15="nexusops-sender")
    ask.rows("New-ServicePrincipal", AppId=app["appId"], ObjectId=principal["id"], DisplayName="notify")
    ask.rows(
        "New-ManagementScope", Name="senders", RecipientRestrictionFilter="CustomAttribute15 -eq 'nexusops-sender'"
    )
    before = ask.graph("POST", "/users/in@ox.ac.uk/sendMail", MESSAGE, token=token)
    ask.rows(
        "New-ManagementRoleAssignment", App=principal["id"], Role="Application Mail.Send", CustomResourceScope="senders"
    )
    after = [ask.graph("POST", f"/users/{name}@ox.ac.uk/sendMail", MESSAGE, token=token) for name in ("in", "out")]
    tested = [
        ask.rows("Test-ServicePrincipalAuthorization", Identity=principal["id"], Resource=f"{name}@ox.ac.uk")[0][
            "InScope"
        ]
        for name in ("in", "out")
    ]
    assert (before.status_code, kind_of(before)) == (403, "ErrorAccessDenied")
    assert [a.status_code for a in after] == [202, 403]
    assert tested == ["True", "False"]
    ask.graph("DELETE", f"/servicePrincipals/{principal['id']}")
    assert ask.rows("Get-ManagementRoleAssignment") == []


def test_rights_on_a_mailbox_are_given_listed_and_taken(ask: Asking) -> None:
    ask.tenant.ensure_mailbox("in@ox.ac.uk", "In")
    ask.rows("New-ServicePrincipal", AppId="app", ObjectId="object", DisplayName="Worktribe")
    ask.rows(
        "Add-MailboxPermission", Identity="in@ox.ac.uk", User="object", AccessRights=["FullAccess"], AutoMapping=False
    )
    ask.rows("Add-RecipientPermission", Identity="in@ox.ac.uk", Trustee="app", AccessRights=["SendAs"], Confirm=False)
    (full,) = ask.rows("Get-MailboxPermission", Identity="in@ox.ac.uk", User="object")
    (send,) = ask.rows("Get-RecipientPermission", Identity="in@ox.ac.uk", Trustee="object")
    assert (full["User"], full["AccessRights"]) == ("object", ["FullAccess"])
    assert (send["Trustee"], send["AccessRights"]) == ("object", ["SendAs"])
    ask.rows("Remove-MailboxPermission", Identity="in@ox.ac.uk", User="object", AccessRights=["FullAccess"])
    ask.rows("Remove-RecipientPermission", Identity="in@ox.ac.uk", Trustee="object", AccessRights=["SendAs"])
    left = [ask.rows(f"Get-{kind}Permission", Identity="in@ox.ac.uk") for kind in ("Mailbox", "Recipient")]
    assert [len(rows) for rows in left] == [1, 1]


def test_a_domain_beneath_ours_is_verified_at_once_and_another_by_its_record(ask: Asking) -> None:
    own = ask.graph("POST", "/domains", {"id": "saas.ox.ac.uk"})
    foreign = ask.graph("POST", "/domains", {"id": "saas.example.org"})
    assert (own.json()["isVerified"], foreign.json()["isVerified"]) == (True, False)
    txt, mx = ask.graph("GET", "/domains/saas.example.org/verificationDnsRecords").json()["value"]
    assert (txt["text"][:5], mx["recordType"]) == ("MS=ms", "Mx")
    assert ask.graph("POST", "/domains/saas.example.org/verify").status_code == 400
    ask.send("POST", "http://any/_emulator/dns", json={"published": ["saas.example.org"]})
    assert ask.graph("POST", "/domains/saas.example.org/verify").json()["isVerified"] is True
    assert "saas.example.org" in [row["DomainName"] for row in ask.rows("Get-AcceptedDomain")]
    assert ask.graph("POST", "/domains", {"id": "b.example.org", "isVerified": True}).status_code == 400


def test_dkim_signs_once_its_records_are_published(ask: Asking) -> None:
    ask.tenant.accept_domain("saas.ox.ac.uk")
    (config,) = ask.rows("New-DkimSigningConfig", DomainName="saas.ox.ac.uk", Enabled=False, KeySize=2048)
    early = ask.exchange("Set-DkimSigningConfig", Identity="saas.ox.ac.uk", Enabled=True)
    ask.send("POST", "http://any/_emulator/dns", json={"published": ["saas.ox.ac.uk"]})
    ask.rows("Set-DkimSigningConfig", Identity="saas.ox.ac.uk", Enabled=True)
    (now,) = ask.rows("Get-DkimSigningConfig", Identity="saas.ox.ac.uk")
    assert (config["Enabled"], config["Selector1KeySize"], "CNAME record does not exist" in early.text) == (
        False,
        2048,
        True,
    )
    assert (now["Enabled"], now["Status"]) == (True, "Valid")


def test_a_batch_carries_out_its_items_and_fails_what_depends_on_a_failure(ask: Asking) -> None:
    headers = {"Content-Type": "application/json"}
    items = [
        {"id": "1", "method": "POST", "url": "/users", "headers": headers, "body": person("a")},
        {"id": "2", "method": "GET", "url": "/users/nobody"},
        {"id": "3", "method": "GET", "url": "/organization?$select=id", "dependsOn": ["2"]},
        {
            "id": "4",
            "method": "GET",
            "url": "/users/$count",
            "headers": {"ConsistencyLevel": "eventual"},
            "dependsOn": ["1"],
        },
    ]
    answer = ask.graph("POST", "/$batch", {"requests": items})
    responses = {r["id"]: r for r in answer.json()["responses"]}
    assert {i: r["status"] for i, r in responses.items()} == {"1": 201, "2": 404, "3": 424, "4": 200}
    assert (responses["2"]["body"]["error"]["code"], responses["4"]["body"]) == ("Request_ResourceNotFound", "1")


@pytest.mark.parametrize(
    "items",
    [
        [{"id": str(n), "method": "GET", "url": "/users"} for n in range(21)],
        [{"id": "1", "method": "GET", "url": "https://graph.microsoft.com/v1.0/users"}],
        [{"id": "1", "method": "POST", "url": "/users", "body": {}}],
        [{"id": "A", "method": "GET", "url": "/users"}, {"id": "a", "method": "GET", "url": "/users"}],
        [],
    ],
)
def test_a_batch_that_is_malformed_is_refused_whole(ask: Asking, items: list[dict[str, Any]]) -> None:
    assert ask.graph("POST", "/$batch", {"requests": items}).status_code == 400


def test_an_item_of_a_batch_can_be_throttled_alone(ask: Asking) -> None:
    ask.faults({"match": {"path": "/v1.0/domains"}, "kind": "status", "status": 429, "retry_after": 8})
    items = [{"id": "1", "method": "GET", "url": "/users"}, {"id": "2", "method": "GET", "url": "/domains"}]
    responses = ask.graph("POST", "/$batch", {"requests": items}).json()["responses"]
    assert [(r["status"], r["headers"].get("Retry-After")) for r in responses] == [(200, None), (429, "8")]


def test_the_documented_limits_apply_when_they_are_switched_on(ask: Asking) -> None:
    user = ask.person("a")
    ask.send("POST", "http://any/_emulator/throttle", json={"enabled": True, "scale": 0.001})
    batch = {
        "requests": [
            {
                "id": str(n),
                "method": "PATCH",
                "url": f"/users/{user}",
                "headers": {"Content-Type": "application/json"},
                "body": {"city": str(n)},
            }
            for n in range(20)
        ]
    }
    statuses = [r["status"] for _ in range(151) for r in ask.graph("POST", "/$batch", batch).json()["responses"]]
    refused = ask.graph("PATCH", f"/users/{user}", {"city": "x"})
    assert statuses.count(204) == 3000
    assert (refused.status_code, refused.headers["x-ms-throttle-information"]) == (429, "WriteLimitExceeded")
    assert int(refused.headers["Retry-After"]) >= 1
    told = {"code", "message", "status", "date", "request-id", "client-request-id"}  # tenant-api.md 9.1
    assert set(refused.json()["error"]["innerError"]) == told
    ask.send("POST", "http://any/_emulator/throttle", json={"enabled": False})
    assert ask.graph("PATCH", f"/users/{user}", {"city": "x"}).status_code == 204
