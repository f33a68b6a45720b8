"""A client for the embedded tenant's tests: one line a request, in process."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from nexusops.emulator.tenant import EmbeddedTenant

HASH = "#Exchange.GenericHashTable"


class Asking:
    """Asks one tenant; ``roles`` are those of the printed client, or of another application (``app_token``)."""

    def __init__(self, tenant: EmbeddedTenant) -> None:
        self.tenant = tenant
        self.loop = asyncio.new_event_loop()
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(app=tenant.app))
        self.sku = self._sku("ENTERPRISEPACKPLUS_FACULTY")

    def close(self) -> None:
        self.loop.run_until_complete(self.client.aclose())
        self.loop.close()

    def send(self, method: str, url: str, **more: Any) -> httpx.Response:
        return self.loop.run_until_complete(self.client.request(method, url, **more))

    def token(self, resource: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tenant.credential().get_token(resource + '/.default').token}"}

    def graph(self, method: str, path: str, json: Any = None, *, token: str = "", **headers: str) -> httpx.Response:
        """``headers``: underscores stand for hyphens."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent |= {"Authorization": f"Bearer {token}"} if token else self.token("https://graph.microsoft.com")
        url = path if "://" in path else self.tenant.graph_base_url + path
        return self.send(method, url, json=json, headers=sent)

    def exchange(self, cmdlet: str, *, token: str = "", link: str = "", **parameters: Any) -> httpx.Response:
        sent = {"Authorization": f"Bearer {token}"} if token else self.token("https://outlook.office365.com")
        url = link or f"{self.tenant.exchange_base_url}/adminapi/beta/{self.tenant.tenant_id}/InvokeCommand"
        body = {"CmdletInput": {"CmdletName": cmdlet, "Parameters": parameters}}
        return self.send("POST", url, json=body, headers=sent)

    def rows(self, cmdlet: str, **parameters: Any) -> list[dict[str, Any]]:
        """A cmdlet's rows without annotations; the request must succeed."""
        answer = self.exchange(cmdlet, **parameters)
        assert answer.status_code == 200, answer.text
        return [{k: v for k, v in row.items() if "@" not in k} for row in answer.json()["value"]]

    def mailbox(self, identity: str) -> dict[str, Any]:
        (row,) = self.rows("Get-Mailbox", Identity=identity)
        return row

    def person(self, name: str, domain: str = "nexus.ox.ac.uk", **more: Any) -> str:
        """Makes a directory user and returns its id."""
        answer = self.graph("POST", "/users", person(name, domain, **more))
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def licensed(self, name: str, **more: Any) -> str:
        """Makes a directory user with a mailbox and returns its id."""
        user = self.person(name, **more)
        answer = self.license(user)
        assert answer.status_code == 200, answer.text
        return user

    def license(self, user: str, sku: str | None = None) -> httpx.Response:
        body = {"addLicenses": [{"skuId": sku or self.sku, "disabledPlans": []}], "removeLicenses": []}
        return self.graph("POST", f"/users/{user}/assignLicense", body)

    def faults(self, *script: dict[str, Any]) -> None:
        assert self.send("POST", "http://any/_emulator/faults", json=list(script)).status_code == 200

    def unspent(self) -> list[str]:
        found = self.send("GET", "http://any/_emulator/faults").json()
        return [fault["kind"] for fault in found if not fault["spent"]]

    def app_token(self, *permissions: str, resource: str = "https://graph.microsoft.com") -> str:
        """A token of a fresh application that has these permissions of Graph only."""
        app = self.graph("POST", "/applications", {"displayName": "other", "signInAudience": "AzureADMyOrg"}).json()
        principal = self.graph("POST", "/servicePrincipals", {"appId": app["appId"]}).json()
        graph = self.graph("GET", "/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')").json()
        for role in graph["appRoles"]:
            if role["value"] in permissions:
                body = {"principalId": principal["id"], "resourceId": graph["id"], "appRoleId": role["id"]}
                answer = self.graph("POST", f"/servicePrincipals/{graph['id']}/appRoleAssignedTo", body)
                assert answer.status_code == 201, answer.text
        secret = self.graph("POST", f"/applications/{app['id']}/addPassword", {}).json()["secretText"]
        return str(self.ask_token(app["appId"], secret, resource + "/.default").json()["access_token"])

    def ask_token(self, client_id: str, secret: str, scope: str, tenant: str = "") -> httpx.Response:
        form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": secret,
            "scope": scope,
        }
        name = tenant or self.tenant.tenant_id
        return self.send("POST", f"{self.tenant.authority}/{name}/oauth2/v2.0/token", data=form)

    def _sku(self, part: str) -> str:
        found = self.graph("GET", "/subscribedSkus").json()["value"]
        return next(str(sku["skuId"]) for sku in found if sku["skuPartNumber"] == part)


def person(name: str, domain: str = "nexus.ox.ac.uk", **more: Any) -> dict[str, Any]:
    """The body of a POST /users."""
    return {
        "accountEnabled": True,
        "displayName": name.capitalize(),
        "mailNickname": name,
        "userPrincipalName": f"{name}@{domain}",
        "usageLocation": "GB",
        "passwordProfile": {"password": "not-a-secret-1", "forceChangePasswordNextSignIn": True},
        **more,
    }


def kind_of(answer: httpx.Response) -> str:
    """Exchange's .NET type, last part; Graph's code."""
    error = answer.json()["error"]
    if "innererror" in error or error.get("details", [{}])[0].get("code") == "Client":
        return str(error["details"][0]["message"].split("|")[1].rpartition(".")[2])
    return str(error["code"])
