"""People sign in: a real OpenID Connect dialogue over TLS with the embedded tenant, MSAL in between."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from urllib.parse import parse_qs, urlsplit

import httpx
from console.conftest import Doors, hidden
from console.test_pages import shown


def test_somebody_signs_in_sees_what_their_role_allows_and_signs_out(front_door: Doors) -> None:
    """Authorisation code with PKCE, state and nonce; then the cookie."""
    client = front_door.visitor()
    assert "Sign in" in client.get("/").text
    page = front_door.sign_in(client, "chem0011")
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


def test_the_question_to_the_authority_carries_state_nonce_and_a_challenge(front_door: Doors) -> None:
    """RFC 7636, OpenID Connect Core 3.1.2.1."""
    client = front_door.visitor()
    answer = client.get("/sign-in/begin", follow_redirects=False)
    asked = parse_qs(urlsplit(answer.headers["location"]).query)
    assert asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == [f"http://localhost:{front_door.console.console.port}/sign-in/done"]
    assert all(len(asked[name][0]) >= 16 for name in ("state", "nonce", "code_challenge"))
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert "code_verifier" not in answer.headers["set-cookie"]


def test_an_answer_that_was_not_asked_for_here_signs_nobody_in(front_door: Doors) -> None:
    """Login CSRF: one person's code in another's browser; and a state of another dialogue."""
    stranger, victim = front_door.visitor(), front_door.visitor()
    form = stranger.get("/sign-in/begin")
    sent = {**hidden(form.text), "username": "chem0011@nexus.ox.ac.uk"}
    back = stranger.post(form.url, data=sent, follow_redirects=False).headers["location"]
    answer = victim.get(back)
    assert (answer.status_code, "was not begun here" in answer.text) == (403, True)
    victim.get("/sign-in/begin", follow_redirects=False)
    answer = victim.get(back)
    assert (answer.status_code, "does not fit the question" in answer.text) == (403, True)
    assert victim.get("/units").url.path == "/sign-in"


def test_whoever_begins_many_dialogues_shuts_the_door_for_nobody(front_door: Doors) -> None:
    """The oldest ones are given up: nobody needs to have signed in to begin one."""
    signing_in = front_door.console.console.signing_in
    assert signing_in is not None
    signing_in.most = 3
    for _ in range(5):
        assert front_door.visitor().get("/sign-in/begin", follow_redirects=False).status_code in (303, 307)
    assert front_door.sign_in(front_door.visitor(), "chem0011").status_code == 200
    assert len(signing_in._open) == 2


def test_a_code_is_taken_once(front_door: Doors) -> None:
    client = front_door.visitor()
    form = client.get("/sign-in/begin")
    sent = {**hidden(form.text), "username": "chem0011@nexus.ox.ac.uk"}
    back = client.post(form.url, data=sent, follow_redirects=False).headers["location"]
    assert client.get(back).status_code == 200
    assert client.get(back).status_code == 403


def test_an_account_that_nexusops_knows_as_somebody_else_is_refused(front_door: Doors) -> None:
    """A principal name can be given to another account: the object behind it must be the one that the state has."""
    with closing(sqlite3.connect(front_door.console.folder / "state" / "nexusops.db")) as state, state:
        state.execute("UPDATE mailboxes SET user_id = 'another' WHERE name = 'stat0038'")
    answer = front_door.sign_in(front_door.visitor(), "stat0038")
    assert answer.status_code == 403
    assert "The account is not the one that nexusops knows as stat0038." in shown(answer.text)


def test_a_state_that_is_away_when_somebody_comes_back_is_told_with_what_to_do(front_door: Doors) -> None:
    main = front_door.console.folder / "guard.toml"
    before = main.read_text("utf-8")
    client = front_door.visitor()
    form = client.get("/sign-in/begin")
    main.write_text("nonsense = 1\n", "utf-8")
    try:
        answer = client.post(form.url, data={**hidden(form.text), "username": "hist0003@nexus.ox.ac.uk"})
    finally:
        main.write_text(before, "utf-8")
    assert answer.status_code == 500
    assert "The configuration is wrong" in shown(answer.text)
    assert "Next: Correct or remove nonsense" in shown(answer.text)


def test_whoever_has_no_role_signs_in_and_sees_nothing(front_door: Doors) -> None:
    answer = front_door.sign_in(front_door.visitor(), "bray0039")
    assert answer.status_code == 403
    assert "Your roles do not let you see the plan." in shown(answer.text)


def test_the_tenant_refuses_disabled_accounts_and_foreign_reply_addresses(front_door: Doors) -> None:
    user = front_door.graph("GET", "/users/law0048@nexus.ox.ac.uk").json()
    front_door.graph("PATCH", f"/users/{user['id']}", accountEnabled=False)
    assert "AADSTS50057" in front_door.sign_in(front_door.visitor(), "law0048").text
    assert "AADSTS50034" in front_door.sign_in(front_door.visitor(), "nobody").text
    client = front_door.visitor()
    asked = httpx.URL(client.get("/sign-in/begin", follow_redirects=False).headers["location"])
    for uri in ("https://evil.example/", "http://localhost/elsewhere", "http://localhost.evil.example/sign-in/done"):
        answer = client.get(asked.copy_set_param("redirect_uri", uri), follow_redirects=False)
        assert (answer.status_code, "AADSTS50011" in answer.text) == (400, True), uri
    answer = client.get(asked.copy_remove_param("code_challenge"), follow_redirects=False)
    assert "error=invalid_request" in answer.headers["location"]


def test_the_code_needs_the_verifier_of_its_challenge(front_door: Doors) -> None:
    """RFC 7636 4.6: a code that was caught on its way is worth nothing."""
    client = front_door.visitor()
    form = client.get("/sign-in/begin")
    sent = {**hidden(form.text), "username": "chem0011@nexus.ox.ac.uk"}
    back = httpx.URL(client.post(form.url, data=sent, follow_redirects=False).headers["location"])
    line = front_door.authority
    fields = {"grant_type": "authorization_code", "code": back.params["code"], "code_verifier": "guessed" * 8}
    fields |= {"client_id": line["client_id"], "client_secret": line["client_secret"]}
    fields |= {"redirect_uri": hidden(form.text)["redirect_uri"]}
    answer = client.post(f"{line['authority']}/{line['tenant_id']}/oauth2/v2.0/token", data=fields)
    assert (answer.status_code, answer.json()["error_codes"]) == (400, [501481])


def test_no_secret_code_or_token_reaches_the_log_of_the_tenant(front_door: Doors) -> None:
    client = front_door.visitor()
    front_door.sign_in(client, "chem0011")
    log = client.get(f"{front_door.authority['authority']}/_emulator/requests").text
    assert front_door.authority["client_secret"] not in log
    assert '"code":"(secret)"' in log
    assert '"code_verifier":"(secret)"' in log
