"""What a report in text is made of: lines and tables, printed plainly or, on a terminal, at its width and with colour.

Plain output, into a pipe or a file, has one record a line and no wrapping, so that grep and awk can read it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum

from nexusops.model.frozen import frozen

WIDEST = 56
"""A column is padded to at most so many characters; what is longer stands out, and the next column follows it."""


class Tone(StrEnum):
    """How a line is meant; a terminal shows it in colour."""

    PLAIN = ""
    TITLE = "bold"
    DANGER = "bold red"
    WARNING = "yellow"
    QUIET = "dim"
    GOOD = "green"


@frozen
class Line:
    """``hang``: how much further in it goes on, where a terminal folds it."""

    text: str = ""
    tone: Tone = Tone.PLAIN
    indent: int = 0
    hang: int = 0


@frozen
class Table:
    """Rows of equal length; the last column may be as wide as it likes."""

    rows: Sequence[Sequence[str]]
    tone: Tone = Tone.PLAIN
    indent: int = 2


Block = Line | Table


@frozen
class Look:
    """How the text will be read. ``width`` None: not folded; a terminal has a width, and colour unless unwanted."""

    colour: bool = False
    width: int | None = None


PLAIN = Look()


def visible(text: str) -> str:
    """The text on one line, with nothing that a terminal would obey or hide: what has no glyph is spelt out."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)


def written(blocks: Iterable[Block], look: Look = PLAIN) -> str:
    """The blocks as text; folded, and with the colours of a terminal, where ``look`` has them."""
    return "".join(pieces(blocks, look))


def pieces(blocks: Iterable[Block], look: Look = PLAIN) -> Iterator[str]:
    """The same, block by block: of a long text no more than a block is held at once."""
    if look.colour or look.width is not None:
        from nexusops.report.terminal import folded

        yield folded(blocks, look.width or 100, colour=look.colour)
        return
    for block in blocks:
        yield "".join(f"{text}\n" for text in _plain(block))


def look_of(*, terminal: bool, width: int, colour: bool = True) -> Look:
    """Width and, unless it is unwanted, colour for a terminal; anything else (a pipe, a file) gets unfolded lines."""
    return Look(colour=colour, width=width) if terminal else PLAIN


def _plain(block: Block) -> Iterable[str]:
    if isinstance(block, Line):
        yield (" " * block.indent + visible(block.text)).rstrip()
        return
    columns = zip(*block.rows, strict=True)
    widths = [min(max(map(len, column)), WIDEST) for column in columns]
    margin = " " * block.indent
    for row in block.rows:
        yield visible((margin + "  ".join(map(str.ljust, row, widths))).rstrip())
