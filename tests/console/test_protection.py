"""What the console refuses, and what every answer tells the browser (interface.md 3)."""

from __future__ import annotations

import os
import subprocess
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

import httpx
import pytest
from console.conftest import Clock, Running, configure, serving
from console.test_approvals import NOWHERE
from console.test_pages import shown

from nexusops.console.acting import Work
from nexusops.console.routes import ROUTES
from nexusops.console.security import own_hosts, strangers
from nexusops.console.session import Sessions

EXPECTED = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
}
NOT_THIS_SESSION = (
    "Not allowed The form is not of your session, or the session has ended. Nothing was done. Next: Open the page with "
    "the form once more, and send it from there."
)
FORMS_ONLY = (
    "Nothing was sent Forms are sent to this address; nothing is shown at it. Next: Go to the page that has the form, "
    "and send it from there."
)
EXAMPLES = {"subject": "bray0039", "unit": "CHEM", "run": "none", "request": "adminday"}


def told(answer: httpx.Response) -> str:
    """What a page says, without its last line."""
    return shown(answer.text).partition(" As of ")[0]


def example(path: str) -> str:
    return path.format(**EXAMPLES)


@pytest.mark.parametrize("path", ["/", "/static/console.css", "/nowhere", "/people/nobody"])
def test_every_answer_has_the_headers_that_protect_it(looked_at: Running, path: str) -> None:
    headers = looked_at.browser().open(path).headers
    assert {name: headers[name] for name in EXPECTED} == EXPECTED


def test_a_page_that_fails_while_it_is_written_is_a_page_all_the_same(console: Running) -> None:
    """As where the files beneath a console were replaced: it was two words, without a header that protects them."""
    console.console.works.last = Work(command="apply", actor="ann", at=cast(datetime, "no instant"))
    answer = console.browser().open("/carrying-out")
    assert (answer.status_code, {name: answer.headers[name] for name in EXPECTED}) == (500, EXPECTED)
    assert told(answer).startswith(
        "A defect in nexusops The page failed: ValueError. Nothing more is known here. Next: "
    )


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "127.0.0.1", "localhost:1", ""])
def test_a_foreign_host_header_is_refused(looked_at: Running, host: str) -> None:
    """interface.md 3: a name that was rebound to this machine opens nothing."""
    answer = looked_at.browser(Host=host).open("/")
    assert answer.status_code in (400, 421)
    assert "Today's plan" not in answer.text


def test_the_own_names_are_loopback_and_the_public_one() -> None:
    assert own_hosts(8901, "mail.example") == {"127.0.0.1:8901", "localhost:8901", "mail.example"}
    assert own_hosts(80, "") == {"127.0.0.1:80", "localhost:80", "127.0.0.1", "localhost"}


def test_no_page_holds_a_script_or_a_style_of_its_own(looked_at: Running) -> None:
    browser = looked_at.browser()
    for route in ROUTES:
        if route.method == "GET":
            text = browser.open(example(route.path)).text
            assert "<script" not in text, route.path
            assert " style=" not in text, route.path


def test_every_post_without_the_sessions_token_is_refused(looked_at: Running) -> None:
    browser = looked_at.browser()
    browser.open("/")
    posts = [example(route.path) for route in ROUTES if route.method == "POST"]
    assert posts
    for path in posts:
        for form in ({}, {"csrf": "guessed"}):
            answer = browser.client.post(path, data=form)
            assert answer.status_code == 403, path
            assert told(answer) == NOT_THIS_SESSION


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_a_post_from_a_page_of_another_origin_is_refused(looked_at: Running, headers: dict[str, str]) -> None:
    browser = looked_at.browser()
    token = browser.open("/").text.partition('name="csrf" value="')[2].partition('"')[0]
    answer = browser.client.post("/plan/again", data={"csrf": token}, headers=headers)
    assert answer.status_code == 403


def test_whoever_goes_to_where_a_form_was_sent_is_told_so(looked_at: Running) -> None:
    """A refusal stands at such an address, and Enter in the address bar asks for it without the form."""
    browser = looked_at.browser()
    alone = {route.path for route in ROUTES if route.method == "POST"}
    alone -= {route.path for route in ROUTES if route.method == "GET"}
    found = {path: browser.open(example(path)) for path in alone}
    assert {path: (one.status_code, one.headers["allow"]) for path, one in found.items()} == dict.fromkeys(
        alone, (405, "POST")
    )
    assert {told(one) for one in found.values()} == {FORMS_ONLY}


def test_what_is_refused_before_it_is_a_page_says_what_to_do_next(looked_at: Running) -> None:
    """The first thing that somebody sees who sets up a proxy."""
    browser = looked_at.browser(Host="console.example")
    port = httpx.URL(looked_at.url).port
    assert browser.open("/").text == (
        f"This console does not answer to that name. On its own machine go to http://localhost:{port}/; a proxy passes "
        "the browser's Host header on, and [console] public_url in nexusops.toml names it.\n"
    )
    too_long = looked_at.browser().client.post("/plan/again", data={"csrf": "x" * 200_000})
    assert too_long.text.endswith("Nothing was done: go back, and send it with fewer words.\n")


def test_a_form_that_is_too_long_or_is_none_is_refused(looked_at: Running) -> None:
    browser = looked_at.browser()
    assert browser.client.post("/plan/again", data={"csrf": "x" * 200_000}).status_code == 413
    assert browser.client.post("/plan/again", json={"csrf": "x"}).status_code == 413
    assert browser.client.put("/", data={"csrf": "x"}).status_code == 405


def test_the_sessions_cookie_is_kept_from_scripts_and_other_sites(looked_at: Running) -> None:
    said = looked_at.browser().open("/").headers["set-cookie"]
    assert said.startswith("nexusops-console=")
    assert "HttpOnly" in said
    assert "SameSite=lax" in said
    assert "Max-Age=28800" in said


def test_behind_tls_the_cookie_is_secure_and_belongs_to_this_host_alone(site: Path) -> None:
    configure(site, 'public_url = "https://console.example"')
    with serving(site) as console:
        answer = console.browser(Host="console.example").open("/units")
    assert answer.headers["set-cookie"].startswith("__Host-nexusops=")
    assert "Secure" in answer.headers["set-cookie"]
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


def test_a_session_ends_when_its_time_is_over() -> None:
    clock = Clock()
    sessions = Sessions(clock=clock, lifetime=timedelta(hours=8), secure=False)
    session = sessions.begin("ann", "Ann Lee")
    cookie = sessions.written(session)
    assert sessions.read(cookie) == session
    clock.pass_by(hours=8)
    assert sessions.read(cookie) is None


def test_a_session_of_another_process_or_one_that_was_ended_is_not_taken() -> None:
    clock = Clock()
    sessions = Sessions(clock=clock, lifetime=timedelta(hours=8), secure=False)
    session = sessions.begin("ann", "Ann Lee")
    cookie = sessions.written(session)
    assert Sessions(clock=clock, lifetime=timedelta(hours=8), secure=False).read(cookie) is None
    assert sessions.read(cookie[:-2] + "xx") is None
    sessions.end(session)
    assert sessions.read(cookie) is None


def test_in_single_user_mode_every_page_says_so(looked_at: Running) -> None:
    browser = looked_at.browser()
    for route in ROUTES:
        if route.method == "GET":
            assert "Single-user mode: no sign-in, this machine only." in browser.open(example(route.path)).text


HEADER = "  sl  local_address rem_address\n"
ROW = "  1: 0100007F:9C40 0100007F:22C5 01 00000000:00000000 00:00000000 00000000 {uid} 0 123 1\n"
OWN_END = "  2: 0100007F:22C5 0100007F:9C40 01 00000000:00000000 00:00000000 00000000 0 0 124 1\n"
MAPPED = ROW.replace("0100007F", "0000000000000000FFFF00000100007F")


@pytest.mark.parametrize(
    ("tcp", "tcp6", "uid", "is_stranger"),
    [
        (ROW, "", os.getuid(), False),
        (ROW, "", os.getuid() + 1, True),
        (OWN_END, MAPPED, os.getuid(), False),
        (OWN_END, MAPPED, os.getuid() + 1, True),
        (OWN_END, "", 0, True),
        ("", "", 0, False),
    ],
)
def test_another_user_of_the_machine_is_a_stranger_and_the_own_one_is_not(
    tmp_path: Path, tcp: str, tcp6: str, uid: int, is_stranger: bool
) -> None:
    """Linux says whose the other end of a loopback connection is, which may be a socket of IPv6; of what was closed it
    says nothing, and nobody would be answered.
    """
    tables = tmp_path / "tcp", tmp_path / "tcp6"
    for table, rows in zip(tables, (tcp, tcp6), strict=True):
        table.write_text(HEADER + rows.format(uid=uid), "ascii")
    assert strangers("127.0.0.1", 40000, 8901, tables) is is_stranger
    assert not strangers("127.0.0.1", 40000, 8901, [tmp_path / "none"])


AS_IPV6 = """
import socket
with socket.socket(socket.AF_INET6) as end:
    end.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    end.connect(("::ffff:127.0.0.1", {port}))
    end.sendall(b"GET /units HTTP/1.1\\r\\nHost: 127.0.0.1:{port}\\r\\nConnection: close\\r\\n\\r\\n")
    print(end.makefile("rb").readline().decode())
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else for a moment")
@pytest.mark.parametrize(("uid", "status"), [(0, "200"), (65534, "403")])
def test_a_real_socket_of_ipv6_is_known_by_its_user(looked_at: Running, uid: int, status: str) -> None:
    """It stands in another table than the console's own end."""
    code = AS_IPV6.format(port=httpx.URL(looked_at.url).port)
    done = subprocess.run(["/usr/bin/env", "python3", "-I", "-c", code], user=uid, capture_output=True, check=False)
    assert done.stdout.split()[1:2] == [status.encode()], done.stderr.decode()


def test_the_real_socket_of_a_request_is_found_to_be_ours(looked_at: Running) -> None:
    with httpx.Client(base_url=looked_at.url) as client:
        assert client.get("/units").status_code == 200


def test_without_a_session_every_page_leads_to_the_door(site: Path) -> None:
    with serving(site, signing_in=NOWHERE) as console:
        browser = console.browser()
        for route in ROUTES:
            send = browser.client.get if route.method == "GET" else browser.client.post
            answer = send(
                example(route.path), follow_redirects=False, **({} if route.method == "GET" else {"data": {}})
            )
            door = "/sign-in" if route.method == "GET" else "/sign-in?ended"
            assert (answer.status_code, answer.headers["location"]) == (303, door), route.path
        said = browser.client.post("/plan/approve", data={"reason": "right"})
        assert "Your session has ended. Nothing was done" in said.text
        assert "Sign in" in browser.open("/").text
