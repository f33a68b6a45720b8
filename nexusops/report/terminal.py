"""The blocks of a report with colour, folded to the width of a terminal (rich, loaded only then)."""

from __future__ import annotations

import io
from collections.abc import Iterable

from nexusops.report.blocks import Block, Line, visible


def coloured(blocks: Iterable[Block], width: int) -> str:
    """ANSI text. Tables keep their columns together as long as the width allows, and fold the last one."""
    from rich import box
    from rich.console import Console
    from rich.padding import Padding
    from rich.table import Table as Grid
    from rich.text import Text

    out = io.StringIO()
    console = Console(file=out, force_terminal=True, color_system="standard", width=width, highlight=False)
    for block in blocks:
        if isinstance(block, Line):
            text = Text(visible(block.text), style=block.tone.value, overflow="fold")
            console.print(Padding(text, (0, 0, 0, block.indent)))
            continue
        grid = Grid(box=box.SIMPLE, show_header=False, show_edge=False, padding=(0, 2, 0, 0), pad_edge=False)
        columns = len(block.rows[0]) if block.rows else 0
        for _ in range(columns):
            grid.add_column(overflow="fold")
        for row in block.rows:
            first, *rest = (Text(visible(cell)) for cell in row)
            first.stylize(block.tone.value)
            grid.add_row(first, *rest)
        console.print(Padding(grid, (0, 0, 0, block.indent)))
    return "".join(f"{text.rstrip()}\n" for text in out.getvalue().splitlines())
