"""The blocks of a report folded to the width of a terminal, with colour or without (rich, loaded only then).

Nothing is ever cut off: what has no room goes on in the next line, further in.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from nexusops.report.blocks import Block, Line, Table, visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

ROOM = 24
"""A column is worth having with so many characters to fold it in; with fewer, a row is folded as one line."""
GAP = "  "


def folded(blocks: Iterable[Block], width: int, *, colour: bool) -> str:
    """Tables keep their columns as long as the width allows. ``colour``: ANSI text."""
    from rich.console import Console
    from rich.text import Text

    out = io.StringIO()
    console = Console(file=out, force_terminal=colour, color_system="standard" if colour else None, width=width)
    for block in blocks:
        if isinstance(block, Line):
            _fold(console, Text(visible(block.text), style=block.tone.value), block.indent, block.hang)
        else:
            _table(console, block)
    return "".join(f"{text.rstrip()}\n" for text in out.getvalue().splitlines())


def _table(console: Console, table: Table) -> None:
    """In columns, of which the last may be folded under itself; else each row as one line."""
    from rich.cells import cell_len

    rows = [[visible(cell) for cell in row] for row in table.rows]
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    before = table.indent + sum(width + len(GAP) for width in widths[:-1])
    room = console.width - before
    broken = sum(any(cell_len(word) > room for word in row[-1].split()) for row in rows)
    fits = bool(widths) and min(widths[-1], ROOM) <= room and 2 * broken < len(rows)
    first = widths[0] + len(GAP) if widths else 0
    beside = console.width - table.indent - first >= ROOM + len(GAP) * 4
    hang = before - table.indent if fits else first if beside else 2 * len(GAP)
    for row in rows:
        _fold(console, _row(row, widths if fits else [], table.tone.value), table.indent, hang)


def _row(cells: Sequence[str], widths: Sequence[int], style: str) -> Text:
    """A row's cells side by side, padded to the widths; without widths as they are."""
    from rich.cells import set_cell_size
    from rich.text import Text

    padded = [set_cell_size(cell, width) for cell, width in zip(cells[:-1], widths, strict=False)] + [cells[-1]]
    first, *rest = padded if widths else cells
    return Text.assemble((first, style), *(f"{GAP}{cell}" for cell in rest))


def _fold(console: Console, text: Text, indent: int, hang: int) -> None:
    """Within the width; what goes on does so ``hang`` further in than the first line, or less where a word such as a
    digest has room only so: it is copied, and must not be broken.
    """
    from rich.cells import cell_len
    from rich.text import Text

    longest = max(map(cell_len, text.plain.split()), default=0)
    if longest <= console.width - indent:
        hang = min(hang, console.width - indent - longest)
    room = max(console.width - indent - hang, 10)
    first, *_ = text.wrap(console, max(console.width - indent, 10), overflow="fold") or [text]
    rest = text[len(first) :] if len(first) < len(text) else None
    _put(console, first, indent)
    if rest is not None:
        stripped = len(rest.plain) - len(rest.plain.lstrip())
        for part in Text.wrap(rest[stripped:], console, room, overflow="fold"):
            _put(console, part, indent + hang)


def _put(console: Console, text: Text, indent: int) -> None:
    from rich.text import Text

    text.rstrip()
    console.print(Text(" " * indent) + text, soft_wrap=True, highlight=False)
