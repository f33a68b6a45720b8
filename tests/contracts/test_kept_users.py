"""tenant-api.md 4.2: users are read once, and then what changed since; after a link that is no longer good, all anew.

The memory is the real one (SQLite and PostgreSQL), the tenant the embedded one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from building.embedded import ADA_ID, WHY, Room, creation, person

from nexusops.errors import TenantUnreadable
from nexusops.model.changes import DeleteMailbox, DisableMailbox
from nexusops.model.ids import PersonId
from nexusops.model.tenant import Wanted
from nexusops.store import open_store
from nexusops.store.sql import SqlStore
from nexusops.tenant import kept
from nexusops.tenant.directory import User

ALL = Wanted(everything=True)
CHANGES = Wanted(everything=True, changes=True)
ADA, BEN = person(), person("abcd0002", "0000002")


@pytest.fixture
def room(room: Room, store: SqlStore) -> Room:
    room.tenant._memory = store
    return room


def paths(room: Room, since: int) -> list[str]:
    """Which users were asked for, in order."""
    asked = room.service.requests()[since:]
    return [r["path"].removeprefix("/v1.0") for r in asked if r["path"].startswith("/v1.0/users")]


def read(room: Room, wanted: Wanted) -> tuple[list[str], list[PersonId]]:
    """What was asked for, and who was found."""
    since = len(room.service.requests())
    found = room.tenant.read(wanted)
    asked = paths(room, since)
    return asked, sorted(person for person, mailbox in found.people.items() if not mailbox.deleted)


def test_what_is_kept_is_kept_by_name_and_replaced(store: SqlStore) -> None:
    assert store.kept("users") is None
    for content in (b"one", b"two\x00"):
        store.keep("users", content)
        assert (store.kept("users"), store.kept("groups"), store.serial()) == (content, None, 0)


def test_after_a_whole_read_only_changes_are_read(room: Room) -> None:
    room.perform(creation(ADA))
    assert read(room, CHANGES) == (["/users/delta", "/users"], [ADA_ID])
    assert read(room, CHANGES) == (["/users/delta"], [ADA_ID])
    room.perform(creation(BEN))
    room.perform(DisableMailbox(mailbox=ADA, why=WHY))
    assert read(room, CHANGES) == (["/users/delta"], ["0000002", ADA_ID])
    assert room.tenant.read(CHANGES) == room.tenant.read(ALL)
    assert read(room, ALL) == (["/users/delta", "/users"], ["0000002", ADA_ID])


def test_whoever_was_removed_is_gone_and_comes_back(room: Room) -> None:
    made = room.perform(creation(ADA))[0]
    room.tenant.read(CHANGES)
    room.perform(DeleteMailbox(mailbox=ADA, why=WHY, addresses=()))
    assert read(room, CHANGES) == (["/users/delta"], [])
    assert room.tenant.read(CHANGES) == room.tenant.read(ALL)
    room.tenant._run(room.tenant._graph.send("POST", f"/directory/deletedItems/{made.user_id}/restore", {}))
    assert read(room, CHANGES) == (["/users/delta"], [ADA_ID])


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "expired_token"},
        {"kind": "status", "status": 400, "body": {"error": {"code": "syncStateNotFound", "message": "no"}}},
        {"kind": "status", "status": 410, "body": {"error": {"code": "resyncRequired", "message": "again"}}},
        {"kind": "status", "status": 410, "body": ""},
        {"kind": "status", "status": 400, "body": {"error": {"code": "Request_BadRequest", "message": "bad token"}}},
        {"kind": "status", "status": 404, "body": {"error": {"code": "x", "innerError": {"code": "resyncRequired"}}}},
    ],
    ids=["410-syncStateNotFound", "400-syncStateNotFound", "resyncRequired", "410", "400", "an inner code"],
)
def test_an_expired_link_means_a_whole_read(room: Room, fault: dict[str, Any]) -> None:
    room.perform(creation(ADA))
    room.tenant.read(CHANGES)
    room.faults({"match": {"path": "/users/delta"}, **fault})
    assert read(room, CHANGES) == (["/users/delta", "/users/delta", "/users"], [ADA_ID])
    assert room.unspent() == []
    assert read(room, CHANGES) == (["/users/delta"], [ADA_ID])


def test_a_read_that_fails_keeps_what_was_kept_before(room: Room, store: SqlStore) -> None:
    """architecture.md: a partial read is discarded as a whole; the next one asks from the same place."""
    room.tenant.read(CHANGES)
    before = store.kept(kept.NAME)
    room.perform(creation(ADA))
    room.faults({"match": {"cmdlet": "Get-Mailbox"}, "kind": "nul"})
    with pytest.raises(TenantUnreadable):
        room.tenant.read(CHANGES)
    assert store.kept(kept.NAME) == before
    assert read(room, CHANGES) == (["/users/delta"], [ADA_ID])


def test_a_kept_link_to_another_host_is_never_followed(room: Room, store: SqlStore) -> None:
    """interface.md 9"""
    room.tenant.read(CHANGES)
    found = kept.unpacked(store.kept(kept.NAME))
    assert found is not None
    found.link = found.link.replace("graph.microsoft.com", "graph.example")
    store.keep(kept.NAME, kept.packed(found))
    with pytest.raises(TenantUnreadable, match=r"graph\.example"):
        room.tenant.read(CHANGES)


@pytest.mark.parametrize(
    "content",
    [
        b"from another version",
        kept.packed(kept.Kept(select="id", address="https://graph.microsoft.com/v1.0", link="x", users=[User(id="1")])),
        kept.packed(kept.Kept(select="id", address="https://graph.microsoft.us/v1.0", link="x", users=[])),
    ],
    ids=["unreadable", "other properties", "another cloud"],
)
def test_what_was_kept_of_something_else_is_not_used(room: Room, store: SqlStore, content: bytes) -> None:
    room.perform(creation(ADA))
    store.keep(kept.NAME, content)
    assert read(room, CHANGES) == (["/users/delta", "/users"], [ADA_ID])


def test_without_a_memory_everything_is_read(room: Room) -> None:
    room.tenant._memory = None
    assert read(room, CHANGES) == (["/users"], [])


def test_only_the_same_state_makes_the_same_seal(store: SqlStore, tmp_path: Path) -> None:
    """Of a saved plan: neither its text nor another state is enough."""
    other = open_store("sqlite:///other.db", site="oxford-test", base_dir=tmp_path)
    try:
        seals = [store.seal("one"), store.seal("one"), store.seal("another"), other.seal("one")]
    finally:
        other.close()
    assert [seals.index(seal) for seal in seals] == [0, 0, 2, 3]
    assert len(seals[0]) == 32
