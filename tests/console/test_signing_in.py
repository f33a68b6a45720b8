"""People sign in: a real OpenID Connect dialogue over TLS with the embedded tenant, MSAL in between."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from console.conftest import Running, configure, serving
from console.test_pages import shown

from nexusops.config import load
from nexusops.console.oidc import OpenIdConnect
from nexusops.console.settings import console_settings
from nexusops.console.signing_in import SigningIn


@dataclass(frozen=True, slots=True)
class Doors:
    """A console and the tenant that people sign in with, which is the one that the console's people are in."""

    console: Running
    authority: dict[str, str]

    def visitor(self) -> httpx.Client:
        """A browser's cookies, and both certificates."""
        trusting = ssl.create_default_context(cafile=self.authority["ca_bundle"])
        url = self.console.url.replace("127.0.0.1", "localhost")
        client = httpx.Client(base_url=url, verify=trusting, follow_redirects=True, timeout=60)
        return self.console.closing.enter_context(client)

    def sign_in(self, client: httpx.Client, username: str) -> httpx.Response:
        """From the door to the first page, as a person does it."""
        form = client.get("/sign-in/begin")
        return client.post(form.url, data={**hidden(form.text), "username": f"{username}@nexus.ox.ac.uk"})

    def graph(self, method: str, path: str, **body: object) -> httpx.Response:
        """The tenant's administrator."""
        line = self.authority
        trusting = ssl.create_default_context(cafile=line["ca_bundle"])
        form = {"grant_type": "client_credentials", "client_id": line["client_id"]}
        form |= {"client_secret": line["client_secret"], "scope": "https://graph.microsoft.com/.default"}
        with httpx.Client(verify=trusting) as client:
            token = client.post(f"{line['authority']}/{line['tenant_id']}/oauth2/v2.0/token", data=form).json()
            headers = {"Authorization": f"Bearer {token['access_token']}"}
            return client.request(method, f"{line['graph']}{path}", json=body or None, headers=headers)


def hidden(html: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', html)
    return {name: value.replace("&amp;", "&").replace("&#x27;", "'") for name, value in found}


@pytest.fixture(scope="module")
def doors(first_day: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    folder = Path(shutil.copytree(first_day, tmp_path_factory.mktemp("doors") / "site"))
    serve = ["emulator", "serve", "--tls", "--path", str(folder / "state" / "tenant.db")]
    with subprocess.Popen([sys.executable, "-m", "nexusops", *serve], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = json.loads(process.stdout.readline())
            keys = ("client_id", "tenant_id", "authority", "ca_bundle")
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("NX_CONSOLE_SECRET", line["client_secret"])
                for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
                    patch.delenv(name, raising=False)
                given = [f'{key} = "{line[key]}"' for key in keys]
                configure(folder, *given, 'client_secret = "env:NX_CONSOLE_SECRET"')
                settings = console_settings(load(folder)).sign_in
                assert settings is not None
                with serving(folder, signing_in=SigningIn(OpenIdConnect(settings))) as console:
                    yield Doors(console, line)
        finally:
            process.terminate()


def test_somebody_signs_in_sees_what_their_role_allows_and_signs_out(doors: Doors) -> None:
    """Authorisation code with PKCE, state and nonce; then the cookie."""
    client = doors.visitor()
    assert "Sign in" in client.get("/").text
    page = doors.sign_in(client, "chem0011")
    assert (page.status_code, page.url.path) == (200, "/")
    assert "John Smith unit IT · CHEM" in " ".join(re.sub(r"<[^>]*>", " ", page.text).split())
    assert "Single-user mode" not in page.text
    assert client.get("/runs").status_code == 403
    token = page.text.partition('name="csrf" value="')[2].partition('"')[0]
    cookie = client.cookies["nexusops-console"]
    assert client.post("/sign-out", data={"csrf": "guessed"}).status_code == 403
    assert client.post("/sign-out", data={"csrf": token}).url.path == "/sign-in"
    client.cookies.set("nexusops-console", cookie)
    assert client.get("/units").url.path == "/sign-in"


def test_the_question_to_the_authority_carries_state_nonce_and_a_challenge(doors: Doors) -> None:
    """RFC 7636, OpenID Connect Core 3.1.2.1."""
    client = doors.visitor()
    answer = client.get("/sign-in/begin", follow_redirects=False)
    asked = parse_qs(urlsplit(answer.headers["location"]).query)
    assert asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == [f"http://localhost:{doors.console.console.port}/sign-in/done"]
    assert all(len(asked[name][0]) >= 16 for name in ("state", "nonce", "code_challenge"))
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert "code_verifier" not in answer.headers["set-cookie"]


def test_an_answer_that_was_not_asked_for_here_signs_nobody_in(doors: Doors) -> None:
    """Login CSRF: one person's code in another's browser; and a state of another dialogue."""
    stranger, victim = doors.visitor(), doors.visitor()
    form = stranger.get("/sign-in/begin")
    sent = {**hidden(form.text), "username": "chem0011@nexus.ox.ac.uk"}
    back = stranger.post(form.url, data=sent, follow_redirects=False).headers["location"]
    answer = victim.get(back)
    assert (answer.status_code, "was not begun here" in answer.text) == (403, True)
    victim.get("/sign-in/begin", follow_redirects=False)
    answer = victim.get(back)
    assert (answer.status_code, "does not fit the question" in answer.text) == (403, True)
    assert victim.get("/units").url.path == "/sign-in"


def test_a_code_is_taken_once(doors: Doors) -> None:
    client = doors.visitor()
    form = client.get("/sign-in/begin")
    sent = {**hidden(form.text), "username": "chem0011@nexus.ox.ac.uk"}
    back = client.post(form.url, data=sent, follow_redirects=False).headers["location"]
    assert client.get(back).status_code == 200
    assert client.get(back).status_code == 403


def test_an_account_that_nexusops_knows_as_somebody_else_is_refused(doors: Doors) -> None:
    """A principal name can be given to another account: the object behind it must be the one that the state has."""
    with closing(sqlite3.connect(doors.console.folder / "state" / "nexusops.db")) as state, state:
        state.execute("UPDATE mailboxes SET user_id = 'another' WHERE name = 'stat0038'")
    answer = doors.sign_in(doors.visitor(), "stat0038")
    assert answer.status_code == 403
    assert "The account is not the one that nexusops knows as stat0038." in shown(answer.text)


def test_whoever_has_no_role_signs_in_and_sees_nothing(doors: Doors) -> None:
    answer = doors.sign_in(doors.visitor(), "bray0039")
    assert answer.status_code == 403
    assert "Your roles do not let you see the plan." in shown(answer.text)


def test_the_tenant_refuses_disabled_accounts_and_foreign_reply_addresses(doors: Doors) -> None:
    user = doors.graph("GET", "/users/law0048@nexus.ox.ac.uk").json()
    doors.graph("PATCH", f"/users/{user['id']}", accountEnabled=False)
    assert "AADSTS50057" in doors.sign_in(doors.visitor(), "law0048").text
    assert "AADSTS50034" in doors.sign_in(doors.visitor(), "nobody").text
    client = doors.visitor()
    asked = httpx.URL(client.get("/sign-in/begin", follow_redirects=False).headers["location"])
    for uri in ("https://evil.example/", "http://localhost/elsewhere", "http://localhost.evil.example/sign-in/done"):
        answer = client.get(asked.copy_set_param("redirect_uri", uri), follow_redirects=False)
        assert (answer.status_code, "AADSTS50011" in answer.text) == (400, True), uri
    answer = client.get(asked.copy_remove_param("code_challenge"), follow_redirects=False)
    assert "error=invalid_request" in answer.headers["location"]


def test_the_code_needs_the_verifier_of_its_challenge(doors: Doors) -> None:
    """RFC 7636 4.6: a code that was caught on its way is worth nothing."""
    client = doors.visitor()
    form = client.get("/sign-in/begin")
    sent = {**hidden(form.text), "username": "chem0011@nexus.ox.ac.uk"}
    back = httpx.URL(client.post(form.url, data=sent, follow_redirects=False).headers["location"])
    line = doors.authority
    fields = {"grant_type": "authorization_code", "code": back.params["code"], "code_verifier": "guessed" * 8}
    fields |= {"client_id": line["client_id"], "client_secret": line["client_secret"]}
    fields |= {"redirect_uri": hidden(form.text)["redirect_uri"]}
    answer = client.post(f"{line['authority']}/{line['tenant_id']}/oauth2/v2.0/token", data=fields)
    assert (answer.status_code, answer.json()["error_codes"]) == (400, [501481])


def test_no_secret_code_or_token_reaches_the_log_of_the_tenant(doors: Doors) -> None:
    client = doors.visitor()
    doors.sign_in(client, "chem0011")
    log = client.get(f"{doors.authority['authority']}/_emulator/requests").text
    assert doors.authority["client_secret"] not in log
    assert '"code":"(secret)"' in log
    assert '"code_verifier":"(secret)"' in log
