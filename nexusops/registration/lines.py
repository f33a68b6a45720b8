"""The lines of a CSV before DuckDB reads it: every row has the header's fields, and the lines end in one way.

DuckDB takes a row with an empty field too many at its end for one of the header's length. So a comma too many in front
of an empty last field only shifts what stands between: a start becomes an end. And it stops at lines that end now so,
now otherwise. Counting shows at once that a file without quotes has neither; any other file is read row by row.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

_HEADER_CHARACTERS = 1 << 16
LONGEST_FIELD = 1 << 21
"""DuckDB takes no longer line."""
csv.field_size_limit(LONGEST_FIELD)


class BadLine(ValueError):
    """What is wrong with which line, without a word of its content."""


def header_of(text: str) -> list[str]:
    """The names in the first line. Raises BadLine."""
    try:
        header = next(csv.reader(io.StringIO(text[:_HEADER_CHARACTERS], newline=""), strict=True), [])
    except csv.Error as error:
        raise BadLine(f"its header row is broken: {error}") from error
    if not any(header):
        raise BadLine("it is empty: not even a header row")
    if len(set(header)) != len(header) or "" in header:
        raise BadLine("its header row names a column twice, or not at all")
    return header


def in_order(text: str, fields: int) -> str | None:
    """None where the file can be read as it stands, else its text with lines that end in one way. ``fields`` is how
    many the header has. Raises BadLine for a row of another length.
    """
    end = _end(text)
    if end is not None and _counts(text, end, fields):
        return None
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\n")
    for row in _rows(text, fields):
        if end is None:
            writer.writerow(row)
    return written.getvalue() if end is None else None


def _end(text: str) -> str | None:
    """How all lines end; None where they end in more than one way."""
    feeds, returns, both = text.count("\n"), text.count("\r"), text.count("\r\n")
    if returns == 0:
        return "\n"
    if feeds == 0:
        return "\r"
    return "\r\n" if feeds == returns == both else None


def _counts(text: str, end: str, fields: int) -> bool:
    """Whether the number of commas shows that no row can have too many fields, or too few."""
    if '"' in text or end * 2 in text or text.startswith(end):
        return False
    lines = text.count(end) + (not text.endswith(end))
    return text.count(",") == (fields - 1) * lines


def _rows(text: str, fields: int) -> Iterator[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        began = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise BadLine(f"the row that begins in line {began} is broken: {error}") from error
        if row and len(row) != fields:
            found = f"{len(row)} field{'s' if len(row) != 1 else ''}"
            raise BadLine(f"the row in line {began} has {found}, and the header row {fields}")
        if row:
            yield row
