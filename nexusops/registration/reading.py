"""One table's file into DuckDB: CSV, JSON Lines or Parquet, strictly, and with every way it can be broken (D27)."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from nexusops.registration.layout import Layout
from nexusops.registration.lines import BadLine, header_of, in_order
from nexusops.registration.shelf import Shelf, literal, name

KINDS = ("csv", "parquet", "jsonl", "ndjson")
PATTERN = frozenset("*?[")
_NESTED = re.compile(r"STRUCT|MAP|UNION|BLOB|LIST|VARIANT|.*\]$", re.IGNORECASE)
_TEXTUAL = re.compile(r"VARCHAR|ENUM", re.IGNORECASE)
_FRACTIONAL = re.compile(r"DOUBLE|FLOAT|DECIMAL", re.IGNORECASE)
_QUOTED = re.compile(r"[{\[].*[}\]]|[{\[].*\.\.\.")
_VALUE = re.compile(r'value ".*?"(?=[ :,.]|$)')
_TELLING = re.compile(r"Expected Number|Value with|Invalid unicode|Maximum line|state machine", re.IGNORECASE)

_OTHERWISE = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16", b"\x1f\x8b": "compressed", b"PK\x03\x04": "a ZIP archive"}

_Relation = tuple[str, tuple[str, ...], frozenset[str]]
"""A FROM item, the columns that it has, and those whose absence means nothing."""


class Unreadable(Exception):
    """The file cannot be read as this table: the message says why, without a word of its content."""


def read_table(shelf: Shelf, layout: Layout, path: Path, content: bytes) -> tuple[int, tuple[str, ...]]:
    """Takes the file into the shelf; returns the number of rows, and the columns that we do not know.

    ``content`` is what was hashed, ``path`` where DuckDB reads it from. Raises Unreadable.
    """
    import duckdb

    with tempfile.TemporaryDirectory(prefix="nexusops-") as scratch:
        try:
            relation, columns, unsure = _relation(
                shelf, layout, _literally(path, Path(scratch)), content, Path(scratch)
            )
            missing = [c for c in layout.columns if c not in columns and c not in layout.optional | unsure]
            if missing:
                raise Unreadable(_missing(missing, columns))
            rows = shelf.take(layout, relation, columns)
        except duckdb.Error as error:
            raise Unreadable(_reason(error)) from error
    return rows, tuple(column for column in columns if column not in layout.columns)


def _literally(path: Path, scratch: Path) -> Path:
    """DuckDB takes a path for a pattern: of snapshot[1] it would read snapshot1, which is not what was hashed."""
    if not PATTERN & set(str(path)):
        return path
    link = scratch / f"link-{path.name}"
    link.symlink_to(path.absolute())
    return link


def _relation(shelf: Shelf, layout: Layout, path: Path, content: bytes, scratch: Path) -> _Relation:
    if path.suffix == ".csv":
        return _csv(path, _text(content), scratch)
    if path.suffix in (".jsonl", ".ndjson"):
        return _json_lines(shelf, layout, path, _text(content))
    return _parquet(shelf, layout, path)


def _missing(missing: Sequence[str], there: Sequence[str]) -> str:
    """Says of the first one how it is spelled there; nothing else of what is there, which may be data."""
    told = f"the column {missing[0]} is" if len(missing) == 1 else f"the columns {', '.join(missing)} are"
    near = next((name for name in there if name.strip("\ufeff \t").lower() == missing[0]), None)
    return f"{told} missing{f'; {near!r} is not {missing[0]}' if near is not None else ''}"


def _reason(error: Exception) -> str:
    """DuckDB's reason without the line or the object that it quotes: that may hold personal data."""
    first, *others = str(error).splitlines() or [""]
    told = _VALUE.sub('value "…"', _QUOTED.sub("…", first.removeprefix("Invalid Input Error: ")))
    telling = [line for line in others if _TELLING.search(line)]
    return ". ".join(line.rstrip(". ") for line in (told, *telling))


def _text(content: bytes) -> str:
    for beginning, told in _OTHERWISE.items():
        if content.startswith(beginning):
            raise Unreadable(f"it is {told}, and must be UTF-8 text")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(f"it is not UTF-8 at byte {error.start}, in line {_line(content, error.start)}") from error
    if "\0" in text:
        raise Unreadable(f"it holds a NUL character in line {_line(content, content.index(0))}")
    return text


def _line(content: bytes, place: int) -> int:
    return content.count(b"\n", 0, place) + 1


def _csv(path: Path, text: str, scratch: Path) -> _Relation:
    try:
        header = header_of(text)
        _told_apart(header)
        ordered = in_order(text, len(header))
    except BadLine as error:
        raise Unreadable(str(error)) from error
    if ordered is not None:
        path = scratch / path.name
        path.write_text(ordered, "utf-8", newline="")
    columns = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in header)
    relation = (
        f"read_csv({literal(str(path))}, auto_detect=false, header=true, columns={{{columns}}}, delim=',', quote='\"',"
        " escape='\"', comment='', nullstr='', strict_mode=true, null_padding=false, ignore_errors=false)"
    )
    return relation, tuple(header), frozenset()


def _json_lines(shelf: Shelf, layout: Layout, path: Path, text: str) -> _Relation:
    if "\\u0000" in text:
        raise Unreadable("it holds a NUL character")
    source = f"{literal(str(path))}, format='newline_delimited'"
    kinds = shelf.rows(f"SELECT DISTINCT json_type(json) FROM read_json_objects({source})")
    if any(kind != "OBJECT" for (kind,) in kinds):
        raise Unreadable("a line is not a JSON object")
    found = shelf.rows(f"SELECT DISTINCT unnest(json_keys(json)) AS k FROM read_json_objects({source}) ORDER BY k")
    keys = tuple(key for (key,) in found)
    _told_apart(keys)
    columns = ", ".join(f"{literal(column)}: 'JSON'" for column in (keys or layout.columns))
    # An exporter may leave out what is null; of a table without rows nothing can be said.
    unsure = layout.nullable if keys else frozenset(layout.columns)
    relation = f"read_json({source}, columns={{{columns}}}, ignore_errors=false)"
    _flat(shelf, layout, relation, [column for column in keys if column in layout.columns])
    texts = ", ".join(f"{_json_text(column)} AS {name(column)}" for column in (keys or layout.columns))
    return f"(SELECT {texts} FROM {relation})", keys or layout.columns, unsure


def _told_apart(keys: Sequence[str]) -> None:
    """DuckDB knows no capitals in names: two that differ in them alone would be one."""
    seen: dict[str, str] = {}
    for key in keys:
        if seen.setdefault(key.lower(), key) != key:
            raise Unreadable(f"it has the column {key.lower()} twice, in other capitals")


def _flat(shelf: Shelf, layout: Layout, relation: str, columns: Sequence[str]) -> None:
    """Lists and objects are no values of any column, nor numbers of a name's: their text would be taken for one."""
    if not columns:
        return
    nested = ", ".join(
        f"coalesce(bool_or(json_type({name(column)}) IN ('ARRAY', 'OBJECT')), false)" for column in columns
    )
    [found] = shelf.rows(f"SELECT {nested} FROM {relation}")
    for column, bad in zip(columns, found, strict=True):
        if bad:
            raise Unreadable(f"the column {column} holds a list or an object instead of a text")
    for column in sorted(layout.texts & set(columns)):
        kind, value = f"json_type({name(column)})", f"lower({name(column)} ->> '$')"
        other = f"{kind} NOT IN ('VARCHAR', 'NULL') AND {value} <> 'nan'"
        if shelf.rows(f"SELECT bool_or({other}) FROM {relation}") == [(True,)]:
            raise Unreadable(f"the column {column} holds numbers or truth values instead of texts")


def _json_text(column: str) -> str:
    """Of a whole number that was written with a fraction (1000001.0) the whole number."""
    value = f"{name(column)} ->> '$'"
    return f"CASE WHEN json_type({name(column)}) = 'DOUBLE' THEN {_whole(value)} ELSE {value} END"


def _whole(value: str) -> str:
    """Exporters make numbers with fractions of whole ones where a column has gaps: 3.0 is 3, and NaN is no value."""
    return f"CASE WHEN lower({value}) <> 'nan' THEN regexp_replace({value}, '\\.0+$', '') END"


def _parquet(shelf: Shelf, layout: Layout, path: Path) -> _Relation:
    source = f"read_parquet({literal(str(path))})"
    described = [(row[0], row[1]) for row in shelf.rows(f"DESCRIBE SELECT * FROM {source}")]
    nested = [column for column, kind in described if column in layout.columns and _NESTED.match(kind)]
    if nested:
        raise Unreadable(f"the column {nested[0]} holds nested or binary values instead of text")
    for column, kind in described:
        if column in layout.texts and not _TEXTUAL.match(kind):
            value = f"nullif(lower(CAST({name(column)} AS VARCHAR)), 'nan')"
            [(values,)] = shelf.rows(f"SELECT count({value}) FROM {source}")
            if values:
                raise Unreadable(f"the column {column} holds values of the type {kind} instead of texts")
    chosen = ", ".join(f"{_as_text(layout, column, kind)} AS {name(column)}" for column, kind in described)
    return f"(SELECT {chosen} FROM {source})", tuple(column for column, _ in described), frozenset()


def _as_text(layout: Layout, column: str, kind: str) -> str:
    """Values of any type become the strings that a CSV would hold: ISO dates, RFC 3339 instants, true and false."""
    if column in layout.dates and kind.startswith("TIMESTAMP"):
        return f"CAST(CAST({name(column)} AS DATE) AS VARCHAR)"
    if kind.startswith("TIMESTAMP"):
        # A timestamp without a zone is in UTC, as Parquet's own are.
        utc = f"make_timestamp(epoch_us({name(column)}))"
        return f"strftime({utc}, '%Y-%m-%dT%H:%M:%S.%fZ')"
    if _FRACTIONAL.match(kind):
        return _whole(f"CAST({name(column)} AS VARCHAR)")
    return f"CAST({name(column)} AS VARCHAR)"
