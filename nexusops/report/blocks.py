"""What a report in text is made of: lines and tables, printed plainly or, on a terminal, with colour and at its width.

Plain output has one record a line and no wrapping, so that grep and awk can read it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    text: str = ""
    tone: Tone = Tone.PLAIN
    indent: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of equal length; the last column may be as wide as it likes."""

    rows: Sequence[Sequence[str]]
    tone: Tone = Tone.PLAIN
    indent: int = 2


Block = Line | Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How the text will be read. ``width`` None: not folded; a terminal has colour and a width."""

    colour: bool = False
    width: int | None = None


PLAIN = Look()


def line(text: str = "", tone: Tone = Tone.PLAIN, indent: int = 0) -> Line:
    return Line(text=text, tone=tone, indent=indent)


def visible(text: str) -> str:
    """The text on one line, with nothing that a terminal would obey or hide: what has no glyph is spelt out."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)


def written(blocks: Iterable[Block], look: Look = PLAIN) -> str:
    """The blocks as text; with the colours of a terminal where ``look`` has them."""
    if look.colour:
        from nexusops.report.terminal import coloured

        return coloured(blocks, look.width or 100)
    return "".join(f"{text}\n" for block in blocks for text in _plain(block))


def look_of(*, terminal: bool, width: int, colour: bool = True) -> Look:
    """Colour and width for a terminal; anything else (a pipe, a file, ``--no-color``) gets plain, unfolded lines."""
    return Look(colour=True, width=width) if terminal and colour else PLAIN


def _plain(block: Block) -> Iterable[str]:
    if isinstance(block, Line):
        yield (" " * block.indent + visible(block.text)).rstrip()
        return
    columns = zip(*block.rows, strict=True)
    widths = [min(max(map(len, column)), WIDEST) for column in columns]
    margin = " " * block.indent
    for row in block.rows:
        yield visible((margin + "  ".join(map(str.ljust, row, widths))).rstrip())
