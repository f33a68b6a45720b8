"""The routing table in the formats of ``routing build`` (interface.md 3): for people, for scripts, for mail hubs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from nexusops.codec import instant, to_text
from nexusops.model.ids import Address
from nexusops.model.routing import RoutingTable
from nexusops.report.blocks import PLAIN, Block, Line, Look, Table, Tone, written

# What neither hub takes for anything but a name: no comment, pipe, file, quote or second item of a list.
_PLAIN = r"[a-z0-9_][a-z0-9!#$%&'*+/=?^_`{}~.-]*@[a-z0-9.-]+"


@dataclass(frozen=True, slots=True)
class Written:
    """The table as text, and the addresses that the format cannot hold."""

    text: str
    left_out: tuple[str, ...] = ()


def routing_written(table: RoutingTable, form: str, look: Look = PLAIN) -> Written:
    """In the order of addresses; the same table gives the same bytes."""
    if form == "json":
        return Written(_json(table))
    if form == "text":
        return Written(_text(table, look))
    between = ": " if form == "exim" else " "
    fits = re.compile(f"{_PLAIN}{between}{_PLAIN}\n", re.ASCII).fullmatch
    lines = [f"{address}{between}{destination}\n" for address, destination in table.entries]
    fit = [line for line in lines if fits(line)]
    if len(fit) == len(lines):
        return Written("".join(lines))
    left_out = (entry.address for entry, line in zip(table.entries, lines, strict=True) if not fits(line))
    return Written("".join(fit), tuple(left_out))


def routing_summary(table: RoutingTable, look: Look) -> str:
    """Counts and changes, without the table itself."""
    return written(_summary(table), look)


def _json(table: RoutingTable) -> str:
    return to_text(
        {
            "at": instant(table.build.at),
            "entries": [{"address": entry.address, "destination": entry.destination} for entry in table.entries],
            "changed": {"added": [*table.added], "removed": [*table.removed], "moved": [*table.moved]},
        }
    )


def _text(table: RoutingTable, look: Look) -> str:
    rows = [(entry.address, entry.destination) for entry in table.entries]
    return written([*_summary(table), *_block("", rows)], look)


def _summary(table: RoutingTable) -> list[Block]:
    now = {Address(entry.address): entry.destination for entry in table.entries}
    before = table.build.before_at
    since = f" since that of {instant(before)}" if before is not None else ": the first table"
    counts = f"{len(table.added)} added, {len(table.removed)} removed, {len(table.moved)} moved{since}"
    blocks: list[Block] = [
        Line(text=f"Routing table of {instant(table.build.at)}: {len(table.entries)} addresses", tone=Tone.TITLE),
        Line(text=counts),
    ]
    # In the first table everything is new; naming it all twice says nothing.
    added = [(address, f"to {now[address]}") for address in table.added] if before is not None else []
    blocks += _block("added", added)
    blocks += _block("removed", [(address, f"went to {table.was[address]}") for address in table.removed])
    blocks += _block("moved", [(a, f"to {now[a]}, before to {table.was[a]}") for a in table.moved])
    return blocks


def _block(title: str, rows: Sequence[tuple[str, str]]) -> list[Block]:
    return [Line(), *([Line(text=title)] if title else []), Table(rows=rows)] if rows else []
