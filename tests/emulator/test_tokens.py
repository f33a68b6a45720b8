"""The token endpoint, permissions and roles (tenant-api.md 3, 9)."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

import pytest
from emulator.asking import Asking, kind_of, person

from nexusops.emulator.tenant import EmbeddedTenant

GRAPH = "https://graph.microsoft.com/.default"


def test_a_token_is_given_for_the_secret_in_entras_shape(ask: Asking) -> None:
    body = ask.ask_token(ask.tenant.client_id, ask.tenant.client_secret, GRAPH).json()
    assert {**body, "access_token": ""} == {
        "token_type": "Bearer",
        "expires_in": 3599,
        "ext_expires_in": 3599,
        "access_token": "",
    }
    assert ask.graph("GET", "/organization", token=body["access_token"]).status_code == 200


@pytest.mark.parametrize(
    ("change", "status", "error", "number"),
    [
        ({"secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"secret": ""}, 401, "invalid_client", 7000218),
        ({"client_id": "00000000-0000-0000-0000-000000000000"}, 400, "unauthorized_client", 700016),
        ({"scope": "https://graph.microsoft.com/User.Read.All"}, 400, "invalid_scope", 1002012),
        ({"scope": f"{GRAPH} https://outlook.office365.com/.default"}, 400, "invalid_scope", 70011),
        ({"scope": ""}, 400, "invalid_request", 900144),
        ({"client_id": ""}, 400, "invalid_request", 900144),
        ({"scope": "https://vault.azure.net/.default"}, 400, "invalid_resource", 500011),
        ({"tenant": "elsewhere.example"}, 400, "invalid_request", 90002),
    ],
)
def test_what_entra_refuses_has_entras_number(
    ask: Asking, change: dict[str, str], status: int, error: str, number: int
) -> None:
    asked = {"client_id": ask.tenant.client_id, "secret": ask.tenant.client_secret, "scope": GRAPH, **change}
    answer = ask.ask_token(**asked)
    body = answer.json()
    assert (answer.status_code, body["error"], body["error_codes"]) == (status, error, [number])
    assert body["error_description"].startswith(f"AADSTS{number}: ")


def test_a_secret_that_has_expired_has_a_number_of_its_own(ask: Asking) -> None:
    app = ask.graph("POST", "/applications", {"displayName": "old"}).json()
    wanted = {"passwordCredential": {"displayName": "old", "endDateTime": "2020-01-01T00:00:00Z"}}
    secret = ask.graph("POST", f"/applications/{app['id']}/addPassword", wanted).json()["secretText"]
    assert ask.ask_token(app["appId"], secret, GRAPH).json()["error_codes"] == [7000222]


def test_a_token_opens_only_the_service_that_it_was_asked_for(ask: Asking) -> None:
    credential = ask.tenant.credential()
    graph = credential.get_token(GRAPH).token
    exchange = credential.get_token("https://outlook.office365.com/.default").token
    wrong, right = ask.exchange("Get-OrganizationConfig", token=graph), ask.exchange("Get-OrganizationConfig")
    refused = ask.graph("GET", "/users", token=exchange)
    assert (wrong.status_code, wrong.content, "WWW-Authenticate" in wrong.headers) == (401, b"", True)
    assert right.status_code == 200
    assert (refused.status_code, kind_of(refused)) == (401, "InvalidAuthenticationToken")
    error = refused.json()["error"]
    assert error["message"] == "Access token validation failure. Invalid audience."
    assert set(error["innerError"]) == {"date", "request-id", "client-request-id"}


def test_a_permission_that_is_missing_is_a_denial(ask: Asking) -> None:
    reader = ask.app_token("User.Read.All")
    user = ask.person("a")
    denied = [
        ask.graph("POST", "/users", person("b"), token=reader),
        ask.graph("PATCH", f"/users/{user}", {"jobTitle": "x"}, token=reader),
        ask.graph("DELETE", f"/users/{user}", token=reader),
        ask.graph("GET", "/domains", token=reader),
        ask.graph("POST", f"/users/{user}/assignLicense", {}, token=reader),
    ]
    assert ask.graph("GET", f"/users/{user}", token=reader).status_code == 200
    assert [(a.status_code, kind_of(a)) for a in denied] == [(403, "Authorization_RequestDenied")] * 5


def test_the_narrow_permission_switches_an_account_off_and_nothing_else(ask: Asking) -> None:
    narrow = ask.app_token("User.EnableDisableAccount.All", "User.Read.All")
    user = ask.person("a")
    assert ask.graph("PATCH", f"/users/{user}", {"accountEnabled": False}, token=narrow).status_code == 204
    assert ask.graph("PATCH", f"/users/{user}", {"jobTitle": "x"}, token=narrow).status_code == 403


def test_basic_reading_shows_basic_properties_only(ask: Asking) -> None:
    user = ask.person("a", employeeId="1")
    body = ask.graph(
        "GET", f"/users/{user}?$select=displayName,employeeId", token=ask.app_token("User.ReadBasic.All")
    ).json()
    assert (body["displayName"], "employeeId" in body) == ("A", False)


@pytest.mark.parametrize(
    ("grants", "cmdlet", "status", "content"),
    [
        (["User.Read.All"], "Get-OrganizationConfig", 401, b""),
        (["Exchange.ManageAsApp"], "Get-OrganizationConfig", 403, b"\x00" * 128),
        (["Exchange.ManageAsApp", "Global Reader"], "Get-OrganizationConfig", 200, None),
        (["Exchange.ManageAsApp", "Global Reader"], "New-Mailbox", 403, None),
        (["Exchange.ManageAsApp", "Mail Recipient Creation"], "New-Mailbox", 200, None),
        (["Exchange.ManageAsApp", "Mail Recipient Creation"], "New-ServicePrincipal", 403, None),
        (["Exchange.ManageAsApp", "Exchange Recipient Administrator"], "New-ServicePrincipal", 403, None),
        (["Exchange.ManageAsApp", "Exchange Administrator"], "New-ServicePrincipal", 200, None),
    ],
)
def test_exchange_has_two_locks(
    tmp_path: Path, grants: list[str], cmdlet: str, status: int, content: bytes | None
) -> None:
    parameters = {
        "New-Mailbox": {"Name": "a", "Shared": True},
        "New-ServicePrincipal": {"AppId": "a", "ObjectId": "b"},
    }.get(cmdlet, {})
    with EmbeddedTenant.open(
        tmp_path / "tenant.db", grants=[*grants, "Organization.Read.All", "LicenseAssignment.Read.All"]
    ) as tenant:
        asking = Asking(tenant)
        answer = asking.exchange(cmdlet, **parameters)
        asking.close()
    assert answer.status_code == status
    assert content is None or answer.content == content
    if status == 403 and content is None:
        assert kind_of(answer) == "CmdletAccessDeniedException"


def test_an_unknown_grant_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"User\.Reed\.All"):
        EmbeddedTenant.open(tmp_path / "tenant.db", grants=["User.Reed.All"])


def test_everything_that_a_job_needs_can_be_granted(tmp_path: Path) -> None:
    """interface.md 3, 6: `jobs list` names the permissions and roles, and `--grant NAME` takes each of them."""
    jobs = [point.load() for point in entry_points(group="nexusops.jobs")]
    names = {name for job in jobs for name in (*job.graph, *job.exchange)}
    assert "Mail Recipient Creation" in names
    with EmbeddedTenant.open(tmp_path / "tenant.db", grants=sorted(names)) as tenant:
        asking = Asking(tenant)
        assert asking.exchange("Get-Mailbox").status_code == 200
        asking.close()


def test_a_grant_counts_from_the_next_token_on(ask: Asking) -> None:
    app = ask.graph("POST", "/applications", {"displayName": "later"}).json()
    principal = ask.graph("POST", "/servicePrincipals", {"appId": app["appId"]}).json()
    secret = ask.graph("POST", f"/applications/{app['id']}/addPassword", {}).json()["secretText"]
    early = ask.ask_token(app["appId"], secret, GRAPH).json()["access_token"]
    graph = ask.graph(
        "GET", "/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')?$select=id,appRoles"
    ).json()
    role = next(r["id"] for r in graph["appRoles"] if r["value"] == "User.Read.All")
    grant = {"principalId": principal["id"], "resourceId": graph["id"], "appRoleId": role}
    made = ask.graph("POST", f"/servicePrincipals/{graph['id']}/appRoleAssignedTo", grant)
    again = ask.graph("POST", f"/servicePrincipals/{graph['id']}/appRoleAssignedTo", grant)
    late = ask.ask_token(app["appId"], secret, GRAPH).json()["access_token"]
    assert [ask.graph("GET", "/users", token=token).status_code for token in (early, late)] == [403, 200]
    assert (made.status_code, again.status_code) == (201, 400)
    assert again.json()["error"]["message"] == "Permission being assigned already exists on the object"
    gone = ask.graph("DELETE", f"/servicePrincipals/{graph['id']}/appRoleAssignedTo/{made.json()['id']}")
    assert gone.status_code == 204
    assert ask.graph("GET", f"/servicePrincipals/{principal['id']}/appRoleAssignments").json()["value"] == []
