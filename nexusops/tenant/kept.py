"""The directory's users as they were last read, kept in the state, and brought up to date by their changes (4.2).

A whole read begins by asking for "from now on", so that what changes while the list is read comes with the next one.
Whatever the service says of an old link (expired, unknown, to be begun anew) means a whole read. Nothing is kept before
everything was read.
"""

from __future__ import annotations

import zlib
from typing import Protocol

import msgspec

from nexusops.tenant.directory import BEGIN_ANEW, SELECT, Page, User
from nexusops.tenant.faults import GraphFault
from nexusops.tenant.graph import Graph
from nexusops.tenant.transport import next_page

NAME = "users"


class Memory(Protocol):
    """What must survive between runs, by name."""

    def kept(self, name: str) -> bytes | None: ...

    def keep(self, name: str, content: bytes) -> None: ...


class Kept(msgspec.Struct):
    """``link`` gives what changed since; it stands for ``select`` alone, and for one address of the service."""

    select: str
    address: str
    link: str
    users: list[User]


def packed(kept: Kept) -> bytes:
    return zlib.compress(msgspec.msgpack.encode(kept), 1)


def unpacked(content: bytes | None) -> Kept | None:
    """None where nothing was kept, or by a version that wrote it otherwise: then everything is read."""
    if content is None:
        return None
    try:
        return msgspec.msgpack.decode(zlib.decompress(content), type=Kept)
    except (zlib.error, msgspec.MsgspecError):
        return None


class Roll:
    """All users, from ``before`` and what changed since, or from the beginning. ``after`` is what to keep then."""

    def __init__(self, graph: Graph, before: Kept | None) -> None:
        self._graph = graph
        fits = before is not None and (before.select, before.address) == (SELECT, graph.base_url)
        self._before = before if fits else None
        self.after: Kept | None = None

    async def users(self) -> list[User]:
        found = await self._changed(self._before) if self._before is not None else None
        self.after = found or await self._anew()
        return self.after.users

    async def _anew(self) -> Kept:
        first = f"/users/delta?$select={SELECT}&$deltatoken=latest"
        _, link = await self._round(first)
        return Kept(select=SELECT, address=self._graph.base_url, link=link, users=await self._graph.users())

    async def _changed(self, before: Kept) -> Kept | None:
        """The users as they are now; None where the service wants to be asked for everything again."""
        try:
            rows, link = await self._round(before.link)
        except GraphFault as fault:
            # A link is sent as it was given, so whatever is wrong in the request is the link's age.
            if fault.status in (400, 410) or fault.code in BEGIN_ANEW:
                return None
            raise
        users = {user.id: user for user in before.users}
        # Whoever comes twice, or again, is as the last one says.
        for user in rows:
            if user.removed is not None:
                users.pop(user.id, None)
            else:
                users[user.id] = user
        return Kept(select=SELECT, address=before.address, link=link, users=list(users.values()))

    async def _round(self, first: str) -> tuple[list[User], str]:
        """All pages until the one with the link for the next time, empty ones too; a part of them is nothing."""
        rows: list[User] = []
        seen: set[str] = set()
        page = await self._graph.fetch(first, Page)
        while (link := next_page(page.next_link, seen, self._graph.base_url)) is not None:
            rows += page.value
            page = await self._graph.fetch(link, Page)
        return [*rows, *page.value], self._graph.checked_link(page.delta_link)
