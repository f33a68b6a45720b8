"""What we send, and what was answered, as recorded: a wire format that changes by accident is seen here.

Every story is recorded and told again; those that are kept in cassettes/tenant are also told from there, and compared
with today's. ``NEXUSOPS_RECORD=1`` records these anew from the embedded tenant.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from azure.core.credentials import AccessToken
from building.embedded import ADA_ID, DOMAIN, SETTINGS, WHY, Room, Slept, box, creation, person
from building.outcomes import outcomes_of

from nexusops import clock
from nexusops.model.changes import (
    AddAddress,
    Change,
    ClearForward,
    DeleteMailbox,
    DisableMailbox,
    EnableMailbox,
    GrantAccess,
    PublishRecords,
    RemoveAddress,
    RestoreMailbox,
    RevokeAccess,
    SetForward,
    SetSender,
    Why,
)
from nexusops.model.dns import SigningStep
from nexusops.model.ids import Domain
from nexusops.model.journal import Step
from nexusops.model.mailboxes import AutomaticReply
from nexusops.model.steps import steps_of
from nexusops.model.tenant import Wanted
from nexusops.tenant.cassettes import Player, Recorder
from nexusops.tenant.exchange import Exchange
from nexusops.tenant.graph import Graph
from nexusops.tenant.live import LiveTenant
from nexusops.tenant.transport import Retry

FOLDER = Path(__file__).resolve().parents[2] / "cassettes" / "tenant"
KEPT = sorted(path.stem for path in FOLDER.glob("*.jsonl"))
TENANT_ID = "00000000-0000-0000-0000-000000000001"
ADA = person()
OWN = f"abcd0001@{DOMAIN}"
NEW = "ada.byron@ox.ac.uk"
BOX = "saas-worktribe@admin.ox.ac.uk"


def carried_out(tenant: LiveTenant, *changes: Change) -> list[tuple[str, str, str]]:
    """Kind, step and result of everything, one step after the other."""
    return [
        (type(change).__name__, outcome.step, outcome.result.value)
        for change in changes
        for name in steps_of(change)
        for outcome in outcomes_of(tenant, [Step(change_id="c1", name=name, change=change)])
    ]


def a_person(tenant: LiveTenant) -> Any:
    return carried_out(
        tenant,
        creation(ADA),
        AddAddress(mailbox=ADA, why=WHY, address=NEW),
        SetSender(mailbox=ADA, why=WHY, was=OWN, becomes=NEW),
        SetForward(mailbox=ADA, why=WHY, was=None, becomes="ada@example.org"),
        ClearForward(mailbox=ADA, why=WHY, was="ada@example.org"),
        SetSender(mailbox=ADA, why=WHY, was=NEW, becomes=OWN),
        RemoveAddress(mailbox=ADA, why=WHY, address=NEW),
    )


def a_box(tenant: LiveTenant) -> Any:
    refused = AddAddress(mailbox=box(), why=WHY, address="someone@elsewhere.example")
    return carried_out(tenant, creation(box()), AddAddress(mailbox=box(), why=WHY, address="w@ox.ac.uk"), refused)


def an_end(tenant: LiveTenant) -> Any:
    return carried_out(
        tenant,
        creation(ADA),
        DisableMailbox(mailbox=ADA, why=WHY),
        EnableMailbox(mailbox=ADA, why=WHY),
        DeleteMailbox(mailbox=ADA, why=WHY, addresses=(OWN,)),
        RestoreMailbox(mailbox=ADA, why=WHY),
    )


def a_mailbox_that_answers(tenant: LiveTenant) -> Any:
    own = AutomaticReply(state="Disabled", audience="All", internal="", external="")
    return carried_out(
        tenant,
        creation(ADA),
        DisableMailbox(mailbox=ADA, why=WHY, reply="Nobody reads this mailbox."),
        EnableMailbox(mailbox=ADA, why=WHY, reply=own),
    )


def reads(tenant: LiveTenant) -> Any:
    carried_out(tenant, creation(ADA), creation(box()))
    some = tenant.read(Wanted(people={ADA_ID: None}, boxes={"saas-worktribe": None}))
    everything = tenant.read(Wanted(everything=True))
    assert some.people == everything.people
    return sorted((m.name, str(m.primary), m.shared) for m in [*everything.people.values(), *some.boxes.values()])


def a_notice(tenant: LiveTenant) -> Any:
    made = carried_out(tenant, creation(box()))
    message = {
        "subject": "Your address",
        "body": {"contentType": "text", "content": "It ends on 16 March."},
        "toRecipients": [{"emailAddress": {"address": OWN}}],
        "internetMessageHeaders": [{"name": "x-nexusops-notice", "value": "1"}],
    }
    tenant.send_mail(BOX, message)
    return made


def a_product(tenant: LiveTenant) -> Any:
    """An application gets the right to its one mailbox, and loses it; its secret is not for a cassette."""
    why = Why(subject="saas-worktribe", rule="R61", because="a test")
    granting = GrantAccess(mailbox=box(), why=why, connection="ms_smtp")
    made = carried_out(tenant, creation(box()))
    for name in ("application", "scope", "submission"):
        (outcome,) = outcomes_of(tenant, [Step(change_id="c1", name=name, change=granting)])
        made.append(("GrantAccess", name, outcome.result.value))
    return [*made, *carried_out(tenant, RevokeAccess(mailbox=box(), why=why, connection="ms_smtp"))]


def a_signature(tenant: LiveTenant) -> Any:
    """A configuration is made; Exchange does not sign before it sees the aliases, and stops (4.16)."""
    why = Why(subject="mailshot", rule="R67", because="a test")
    made = []
    for signing in (SigningStep.CONFIGURE, SigningStep.ENABLE, SigningStep.DISABLE):
        change = PublishRecords(why=why, domain="ox.ac.uk", records=(), publish_as="zone_lines", signing=signing)
        (outcome,) = outcomes_of(tenant, [Step(change_id="c1", name=signing.value, change=change)])
        made.append(("PublishRecords", outcome.step, outcome.result.value))
    asked = frozenset({Domain("ox.ac.uk"), Domain("example.org")})
    found = tenant.read(Wanted(signing=asked)).signing
    return [*made, *((name, one is not None and len(one.records)) for name, one in sorted(found.items()))]


def done(kind: str, *steps: str) -> list[tuple[str, str, str]]:
    return [(kind, step, "done") for step in steps]


STORIES: dict[str, tuple[Callable[[LiveTenant], Any], Any]] = {
    "a_person": (
        a_person,
        [
            *done("CreateMailbox", "user", "licence", "mailbox"),
            *done("AddAddress", "add"),
            *done("SetSender", "primary"),
            *done("SetForward", "forward"),
            *done("ClearForward", "forward"),
            *done("SetSender", "primary"),
            *done("RemoveAddress", "remove"),
        ],
    ),
    "a_box": (
        a_box,
        [*done("CreateMailbox", "mailbox", "settings"), *done("AddAddress", "add"), ("AddAddress", "add", "failed")],
    ),
    "an_end": (
        an_end,
        [
            *done("CreateMailbox", "user", "licence", "mailbox"),
            *done("DisableMailbox", "note", "block", "revoke", "protocols", "hide"),
            *done("EnableMailbox", "protocols", "unhide", "unblock"),
            *done("DeleteMailbox", "delete"),
            *done("RestoreMailbox", "restore"),
        ],
    ),
    "a_mailbox_that_answers": (
        a_mailbox_that_answers,
        [
            *done("CreateMailbox", "user", "licence", "mailbox"),
            *done("DisableMailbox", "note", "block", "revoke", "protocols", "reply", "hide"),
            *done("EnableMailbox", "reply", "protocols", "unhide", "unblock"),
        ],
    ),
    "a_notice": (a_notice, done("CreateMailbox", "mailbox", "settings")),
    "a_product": (
        a_product,
        [
            *done("CreateMailbox", "mailbox", "settings"),
            *done("GrantAccess", "application", "scope", "submission"),
            *done("RevokeAccess", "submission", "scope", "application"),
        ],
    ),
    "a_signature": (
        a_signature,
        [
            *done("PublishRecords", "configure"),
            ("PublishRecords", "enable", "waiting"),
            *done("PublishRecords", "disable"),
            ("example.org", False),
            ("ox.ac.uk", 2),
        ],
    ),
    "reads": (reads, [("abcd0001", OWN, False), ("saas-worktribe", BOX, True)]),
}


class Credential:
    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        return AccessToken("unused", 4102444800)


def playing(player: Player) -> LiveTenant:
    retry = Retry(sleep=Slept(), chance=lambda: 0.0)

    def make() -> tuple[Graph, Exchange]:
        slot = player.transport
        exchange = Exchange("https://outlook.office365.com", TENANT_ID, lambda _: "unused", retry, transport=slot)
        return Graph("https://graph.microsoft.com/v1.0", Credential(), retry, transport=slot), exchange

    return LiveTenant(make, SETTINGS, sleep=retry.sleep)


def record(name: str, path: Path, folder: Path) -> Any:
    recorded: list[Recorder] = []

    def wrap(inner: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        recorded.append(Recorder(inner, path, provenance="emulator", now=clock.now))
        return recorded[0]

    room = Room(folder / "tenant.db", wrap=wrap)
    recorded[0].also(room.service.tenant_id, TENANT_ID)
    try:
        return STORIES[name][0](room.tenant)
    finally:
        room.tenant.close()


def told_again(name: str, path: Path) -> None:
    player = Player(path)
    tenant = playing(player)
    assert STORIES[name][0](tenant) == STORIES[name][1]
    assert player.unplayed() == []
    tenant.close()


@pytest.mark.parametrize("name", STORIES)
def test_a_recorded_story_is_told_again(name: str, tmp_path: Path) -> None:
    path = (FOLDER if os.environ.get("NEXUSOPS_RECORD") else tmp_path) / f"{name}.jsonl"
    assert record(name, path, tmp_path) == STORIES[name][1]
    told_again(name, path)


@pytest.mark.parametrize("name", KEPT)
def test_a_kept_story_is_told_again(name: str) -> None:
    told_again(name, FOLDER / f"{name}.jsonl")


@pytest.mark.parametrize("name", KEPT)
def test_the_embedded_tenant_still_answers_as_recorded(name: str, tmp_path: Path) -> None:
    """Statuses and the names of all fields; ids and instants differ."""
    record(name, tmp_path / "now.jsonl", tmp_path)
    assert shape(tmp_path / "now.jsonl") == shape(FOLDER / f"{name}.jsonl")


def shape(path: Path) -> list[str]:
    """Method, status, and names and types of all fields, of each exchange; what is read at once comes in any order."""

    def names(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: names(inner) for key, inner in sorted(value.items())}
        if isinstance(value, list):
            return sorted({json.dumps(names(inner)) for inner in value})
        return type(value).__name__

    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return sorted(json.dumps([e["method"], e["status"], names(e["request"]), names(e["response"])]) for e in lines)


def test_every_line_says_where_it_comes_from(tmp_path: Path) -> None:
    """And holds no secret, though a user is created with a password."""
    record("a_person", tmp_path / "c.jsonl", tmp_path)
    lines = [json.loads(line) for line in (tmp_path / "c.jsonl").read_text("utf-8").splitlines()]
    assert {line["provenance"] for line in lines} == {"emulator"}
    assert all(datetime.fromisoformat(line["recorded_at"]).tzinfo is not None for line in lines)
    created = next(
        line["request"] for line in lines if line["url"].endswith("/v1.0/users") and line["method"] == "POST"
    )
    assert created["passwordProfile"] == {"forceChangePasswordNextSignIn": True, "password": "***"}
    assert "authorization" not in {name.lower() for line in lines for name in line["request_headers"]}


def test_another_body_is_another_request(tmp_path: Path) -> None:
    """architecture.md, Refused on sight: a cassette that ignores the request body."""
    line = {"method": "POST", "url": "https://x.example/a?b=1&a=2", "request": {"k": 1, "l": 2}, "status": 200}
    whole = {**line, "response_headers": {}, "response": {"ok": "\u2028"}}
    (tmp_path / "c.jsonl").write_text(json.dumps(whole, ensure_ascii=False) + "\n", "utf-8")
    player = Player(tmp_path / "c.jsonl")

    async def ask(body: str) -> Any:
        async with httpx.AsyncClient(transport=player.transport) as client:
            return (await client.post("https://x.example/a?a=2&b=1", content=body)).json()

    with pytest.raises(LookupError, match="nearest"):
        asyncio.run(ask('{"k": 1, "l": 3}'))
    assert asyncio.run(ask('{"l": 2, "k": 1}')) == {"ok": "\u2028"}
    assert player.unplayed() == []


def test_secrets_and_people_of_a_real_tenant_are_replaced_and_stay_together(tmp_path: Path) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        user = {
            "id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
            "userPrincipalName": "ada@ox.ac.uk",
            "displayName": "Ada Byron",
            "employeeId": "0012345",
            "passwordProfile": {"password": "Correct-Horse-7"},
            "EmailAddresses": ["SMTP:Ada.Byron@ox.ac.uk", "x500:/o=Exchange/cn=Ada Byron"],
            "note": "Ada Byron <ada@ox.ac.uk>",
        }
        return httpx.Response(200, json={"value": [user]}, headers={"set-cookie": "session=1", "Retry-After": "3"})

    at = datetime(2025, 10, 1, 8, tzinfo=UTC)
    path = tmp_path / "real.jsonl"
    recorder = Recorder(httpx.MockTransport(answer), path, provenance="tenant", now=lambda: at)

    async def ask() -> None:
        async with httpx.AsyncClient(transport=recorder) as client:
            for url in ("/users?$filter=employeeId%20in%20%28%270012345%27%29", "/users/ada%40ox.ac.uk"):
                await client.get(f"https://graph.example{url}", headers={"Authorization": "Bearer abc"})

    asyncio.run(ask())
    text = path.read_text("utf-8")
    for told in ("Ada", "Byron", "ada@", "0012345", "Horse", "session", "Bearer"):
        assert told not in text
    first, second = (json.loads(line) for line in text.splitlines())
    user = first["response"]["value"][0]
    assert first["url"] == f"https://graph.example/users?$filter=employeeId%20in%20('{user['employeeId']}')"
    assert second["url"] == f"https://graph.example/users/{user['userPrincipalName']}"
    assert user["note"] == f"{user['displayName']} <{user['userPrincipalName']}>"
    assert first["response_headers"] == {"content-type": "application/json", "retry-after": "3"}
