"""The routing table for the mail hubs (R16, R57-R60): addresses that are accepted, and where each goes.

Tuples, not dataclasses: there is one for every live address of the University, every hour.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import NamedTuple

from nexusops.model.frozen import frozen
from nexusops.model.ids import Address


class LiveAddress(NamedTuple):
    """An address that is accepted. ``mailbox``: the name of the mailbox that it is on; ``target``: where an
    unattached one goes.
    """

    address: str
    kind: str
    mailbox: str | None
    target: str | None


class RouteEntry(NamedTuple):
    """One line of the table."""

    address: str
    destination: str


@frozen
class RoutingBuild:
    """When the table that the state keeps was built, and the last one of an earlier hour (None: there was none).

    ``signature`` covers all that the table rests on: the same one gives the same table.
    """

    at: datetime
    before_at: datetime | None
    signature: str


@frozen
class RoutingTable:
    """Entries in the order of their addresses, and what is new, gone or elsewhere since the last hour's table.

    ``was`` gives the earlier destination of what was moved or removed.
    """

    build: RoutingBuild
    entries: tuple[RouteEntry, ...]
    added: tuple[Address, ...] = ()
    removed: tuple[Address, ...] = ()
    moved: tuple[Address, ...] = ()
    was: Mapping[Address, str] = field(default_factory=dict)
