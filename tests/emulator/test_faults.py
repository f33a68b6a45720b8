"""Scripted faults (interface.md 6): each is spent and listed; a dropped connection is one to the client."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
import pytest
from emulator.asking import Asking, kind_of, person


def test_a_status_is_given_as_often_as_asked_and_then_the_request_is_carried_out(ask: Asking) -> None:
    ask.faults(
        {"match": {"method": "POST", "path": "/users"}, "kind": "status", "status": 429, "retry_after": 3, "times": 2}
    )
    answers = [ask.graph("POST", "/users", person("a")) for _ in range(3)]
    assert [a.status_code for a in answers] == [429, 429, 201]
    assert (answers[0].headers["Retry-After"], kind_of(answers[0])) == ("3", "TooManyRequests")
    assert set(answers[0].json()["error"]["innerError"]) >= {"code", "date", "request-id", "status"}
    (fault,) = ask.send("GET", "http://any/_emulator/faults").json()
    assert (fault["times"], fault["left"], fault["spent"]) == (2, 0, True)


def test_a_bare_status_is_a_fault_and_what_is_none_is_refused_with_a_sentence(ask: Asking) -> None:
    """interface.md 6: the control endpoints say what they expect."""
    ask.faults({"status": 503})
    assert (ask.graph("GET", "/users").status_code, ask.unspent()) == (503, [])
    for way, body, said in (
        ("faults", [{"kind": "earthquake"}], "fault 0: kind is one of "),
        ("faults", {"status": "x"}, "fault 0: status is a number from 100 to 599"),
        ("faults", [{"status": 429}, {"status": 429, "match": "/users"}], "fault 1: match is an object"),
        ("faults", {"status": 429, "match": {"path": 3}}, "fault 0: each part of match is a string"),
        ("faults", {"status": 429, "times": True}, "fault 0: times is a number from 1"),
        ("clock", {"time": "2025-10-01T08:00:00Z"}, 'expected {"now": "2025-10-01T08:00:00Z"}'),
    ):
        refused = ask.send("POST", f"http://any/_emulator/{way}", json=body)
        assert (refused.status_code, refused.json()["error"].startswith(said)) == (400, True)
    assert ask.graph("GET", "/users").status_code == 200


def test_retry_after_can_be_a_date(ask: Asking) -> None:
    ask.faults({"kind": "status", "status": 503, "retry_after": "http-date", "seconds": 60})
    later = parsedate_to_datetime(ask.graph("GET", "/users").headers["Retry-After"])
    assert 50 < (later - datetime.now(UTC)).total_seconds() <= 60


@pytest.mark.parametrize(
    ("path", "spent"), [("/users/*", True), ("/v1.0/users", True), ("/domains", False), ("*/users", False)]
)
def test_a_path_is_a_part_or_a_glob(ask: Asking, path: str, spent: bool) -> None:
    ask.faults({"match": {"path": path if path != "/users/*" else "/v1.0/users/*"}, "kind": "status", "status": 500})
    assert ask.graph("GET", "/users/nobody").status_code == (500 if spent else 404)
    assert (ask.unspent() == []) is spent


def test_a_cmdlet_is_met_by_name_and_throttled_in_exchanges_words(ask: Asking) -> None:
    user = ask.licensed("a")
    ask.faults({"match": {"cmdlet": "Set-Mailbox"}, "kind": "status", "status": 429})
    assert ask.exchange("Get-Mailbox", Identity=user).status_code == 200
    answer = ask.exchange("Set-Mailbox", Identity=user, HiddenFromAddressListsEnabled=True)
    assert (answer.status_code, answer.headers["Content-Type"]) == (429, "text/plain")
    assert "maximum number of concurrent requests per tenant" in answer.text


@pytest.mark.parametrize(("kind", "carried_out"), [("drop_before", False), ("drop_after", True)])
def test_a_connection_drops_before_or_after_the_request_was_carried_out(
    ask: Asking, kind: str, carried_out: bool
) -> None:
    ask.faults({"match": {"method": "POST"}, "kind": kind})
    with pytest.raises(httpx.ReadError):
        ask.graph("POST", "/users", person("a"))
    assert ask.graph("GET", "/users/a@nexus.ox.ac.uk").status_code == (200 if carried_out else 404)
    assert [r["status"] for r in ask.tenant.requests() if r["method"] == "POST"] == [201 if carried_out else None]


def test_a_write_can_be_carried_out_and_answered_with_an_error(ask: Asking) -> None:
    ask.faults({"match": {"method": "POST"}, "kind": "status", "status": 504, "carried_out": True})
    assert ask.graph("POST", "/users", person("a")).status_code == 504
    assert ask.graph("GET", "/users/a@nexus.ox.ac.uk").status_code == 200


def test_answers_come_cut_as_pages_of_html_as_nul_bytes_or_of_another_type(ask: Asking) -> None:
    ask.faults({"kind": "truncate"}, {"kind": "html", "status": 502}, {"kind": "nul"}, {"kind": "wrong_type"})
    cut, html, nul, wrong = (ask.graph("GET", "/users") for _ in range(4))
    assert int(cut.headers["Content-Length"]) > len(cut.content) > 0
    assert (html.status_code, html.headers["Content-Type"]) == (502, "text/html")
    assert (nul.status_code, set(nul.content)) == (403, {0})
    assert isinstance(wrong.json()["value"], dict)
    assert ask.unspent() == []


def test_an_expired_token_is_a_401_once(ask: Asking) -> None:
    ask.faults({"kind": "expired_token"})
    first, second = ask.graph("GET", "/users"), ask.graph("GET", "/users")
    assert (first.status_code, kind_of(first), second.status_code) == (401, "InvalidAuthenticationToken", 200)


def test_what_was_just_made_is_not_there_for_a_while(ask: Asking) -> None:
    ask.faults({"kind": "lag", "reads": 2})
    ask.graph("GET", "/users")
    assert ask.unspent() == ["lag"]
    user = ask.person("a")
    seen = [
        ask.graph("GET", f"/users/{user}").status_code,
        len(ask.graph("GET", "/users").json()["value"]),
        ask.graph("GET", f"/users/{user}").status_code,
    ]
    assert (seen, ask.unspent()) == ([404, 0, 200], [])


def test_a_change_shows_after_so_many_looks(ask: Asking) -> None:
    """tenant-api.md 8: a successful write does not guarantee an immediate read, alone or in a batch."""
    user = ask.licensed("a")
    ask.faults(
        {"match": {"method": "PATCH"}, "kind": "late", "reads": 2}, {"match": {"cmdlet": "Set-Mailbox"}, "kind": "late"}
    )
    assert ask.graph("PATCH", f"/users/{user}", {"accountEnabled": False}).status_code == 204
    ask.rows("Set-Mailbox", Identity=user, HiddenFromAddressListsEnabled=True)
    looks = [ask.graph("GET", f"/users/{user}?$select=accountEnabled").json()["accountEnabled"] for _ in range(3)]
    assert (looks, ask.mailbox(user)["HiddenFromAddressListsEnabled"], ask.unspent()) == ([True, True, False], True, [])


@pytest.mark.parametrize(
    "script",
    [
        [{"kind": "explode"}],
        [{"kind": "status", "sttaus": 1}],
        [{"kind": "nul", "times": 0}],
        [{"status": 429, "retry_after": "soon"}],
        "x",
    ],
)
def test_a_script_that_cannot_be_read_is_refused_with_a_reason(ask: Asking, script: object) -> None:
    answer = ask.send("POST", "http://any/_emulator/faults", json=script)
    assert (answer.status_code, ask.unspent()) == (400, [])
    assert answer.json()["error"]


def test_the_log_has_every_request_in_order_and_no_secret(ask: Asking) -> None:
    user = ask.person("a")
    ask.exchange("Get-Mailbox", Identity=user)
    ask.ask_token(ask.tenant.client_id, ask.tenant.client_secret, "https://graph.microsoft.com/.default")
    asked = ask.send("GET", "http://any/_emulator/requests").json()
    tail = [(r["method"], r["path"].rpartition("/")[2], r["status"], r["cmdlet"]) for r in asked[-3:]]
    assert tail == [
        ("POST", "users", 201, ""),
        ("POST", "InvokeCommand", 404, "Get-Mailbox"),
        ("POST", "token", 200, ""),
    ]
    assert asked[-3]["body"]["passwordProfile"]["password"] == "(secret)"
    assert asked[-3]["app_id"] == ask.tenant.client_id
    assert ask.tenant.client_secret not in str(asked)
    assert "eyJ" not in str(asked)
