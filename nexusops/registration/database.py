"""A snapshot that is read from a database: tables or views named as in rules.md 3, and a one-row view ``manifest``.

Everything is read in one transaction that sees one state of the database. The values become the text that a CSV would
hold, the rows are sorted, and their hash is the table's: the same rows are the same snapshot, whatever their order.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nexusops.errors import Defect, UsageError
from nexusops.model.ids import PersonId
from nexusops.model.urls import without_password
from nexusops.registration.fields import BadValue, instant
from nexusops.registration.layout import LAYOUTS, Layout
from nexusops.registration.manifest import Listed, Manifest, check_header, not_there, partial, refused
from nexusops.registration.reading import Unreadable, read_table
from nexusops.registration.shelf import Shelf
from nexusops.registration.tables import Tables, unpack
from nexusops.registration.values import holding_of, line_of, text_of

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine
    from sqlalchemy.engine import URL
    from sqlalchemy.exc import SQLAlchemyError
    from sqlalchemy.sql import ColumnElement
    from sqlalchemy.types import TypeEngine

MANIFEST = "manifest"
# What shows one state of the database for the whole transaction, best first.
_LEVELS = ("REPEATABLE READ", "SNAPSHOT", "SERIALIZABLE")
_BATCH = 10_000
_QUOTED = re.compile(r"""(?<=: )".*"|(?<=with text )'.*'|(?<=: )'.*'""")


class DatabaseRegistration:
    """``url`` is any SQLAlchemy URL; ``site`` and ``parent_domain`` as for a folder."""

    def __init__(self, url: str, site: str | None, parent_domain: str) -> None:
        self.url = url
        self.site = site
        self.parent_domain = parent_domain

    def read(self) -> Tables:
        """The present state. Raises SnapshotRefused where it cannot be used (D27), UsageError for a URL of nothing."""
        from sqlalchemy.exc import SQLAlchemyError

        engine, url = _engine(self.url)
        if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
            # The driver would make an empty one.
            raise not_there(f"the registration database {url.database} is not there")
        try:
            with _one_state(engine) as connection, tempfile.TemporaryDirectory(prefix="nexusops-") as folder:
                return self._read(connection, Path(folder))
        except SQLAlchemyError as error:
            shown = without_password(url.render_as_string(hide_password=True))
            raise not_there(f"the registration database {shown} cannot be read: {_reason(error)}") from error
        finally:
            engine.dispose()

    def unpack(self, blobs: Mapping[str, bytes], only: Collection[PersonId] | None = None) -> Tables:
        """A snapshot that was kept with ``pack``."""
        return unpack(blobs, self.parent_domain, only)

    def _read(self, connection: Connection, folder: Path) -> Tables:
        from sqlalchemy.exc import SQLAlchemyError

        there = _there(connection)
        manifest, defects = _manifest(connection, there, self.site)
        shelf = Shelf()
        listed: dict[str, Listed] = {}
        ignored: list[str] = []
        for layout in LAYOUTS.values():
            if layout.name not in there:
                if layout.required:
                    defects.append(partial(f"the table {layout.name} is missing"))
                continue
            try:
                listed[layout.name], unknown = _take(connection, shelf, layout, folder)
                ignored += [f"{layout.name}.{column}" for column in unknown]
            except Unreadable as error:
                defects.append(partial(f"the table {layout.name} cannot be used: {error}"))
            except SQLAlchemyError as error:
                raise refused(*defects, partial(f"the table {layout.name} cannot be read: {_reason(error)}")) from error
        if defects:
            raise refused(*defects)
        return Tables(shelf, replace(manifest, tables=listed, ignored_columns=tuple(ignored)), self.parent_domain)


def _engine(text: str) -> tuple[Engine, URL]:
    from sqlalchemy import create_engine, make_url
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError
    from sqlalchemy.pool import NullPool

    try:
        url = make_url(text)
        if url.drivername in ("postgresql", "postgres"):  # the driver that is installed
            url = url.set(drivername="postgresql+psycopg")
        if "@" in (url.host or ""):
            raise ValueError("the rest of a password would be taken for the host, and told as such")
        # A database that knows no encoding (SQL_ASCII) would give bytes; the others convert.
        unsaid = url.get_driver_name() == "psycopg" and "client_encoding" not in url.query
        settings = {"client_encoding": "utf8"} if unsaid else {}
        return create_engine(url, poolclass=NullPool, connect_args=settings), url
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as error:
        raise UsageError(
            "nexusops.toml: registration.url is not the URL of a database that this installation can open"
            f" ({type(error).__name__}).",
            next_step="Write one such as postgresql+psycopg://user@host/name, an @ in its password as %40, and "
            "install the driver that it names; then try `nexusops doctor`.",
        ) from error


@contextmanager
def _one_state(engine: Engine) -> Iterator[Connection]:
    """A transaction in which every read sees the same state of the database."""
    if engine.dialect.name == "sqlite":
        # The driver would begin a transaction only before a write.
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("BEGIN")
            yield connection
            connection.exec_driver_sql("ROLLBACK")
        return
    with engine.connect() as plain:
        driver = plain.connection.dbapi_connection
        known = engine.dialect.get_isolation_level_values(driver) if driver is not None else ()
        level = next((level for level in _LEVELS if level in known), None)
        with plain.execution_options(**({"isolation_level": level} if level else {})) as connection:
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql("SET LOCAL DateStyle TO 'ISO'")
            yield connection


def _there(connection: Connection) -> frozenset[str]:
    from sqlalchemy import inspect

    inspector = inspect(connection)
    found = {*inspector.get_table_names(), *inspector.get_view_names()}
    if connection.dialect.name == "postgresql":
        found |= set(inspector.get_materialized_view_names())
    return frozenset(found)


def _manifest(connection: Connection, there: Collection[str], site: str | None) -> tuple[Manifest, list[Defect]]:
    from sqlalchemy import column, select, table

    if MANIFEST not in there:
        raise refused(partial("the view manifest(schema, tenant, as_of) is missing"))
    view = table(MANIFEST, column("schema"), column("tenant"), column("as_of"))
    rows = connection.execute(select(view)).all()
    if len(rows) != 1:
        raise refused(partial(f"the view manifest must have one row, and has {len(rows)}"))
    schema, tenant, as_of = rows[0]
    defects = check_header(schema, tenant, site)
    try:
        stood = instant(text_of(as_of))
    except BadValue as error:
        raise refused(*defects, partial(f"the manifest's as_of: {error.reason}")) from error
    except Unreadable as error:
        raise refused(*defects, partial(f"the manifest's as_of cannot be used: {error}")) from error
    return Manifest(tenant=str(tenant), as_of=stood, tables={}), defects


def _take(connection: Connection, shelf: Shelf, layout: Layout, folder: Path) -> tuple[Listed, tuple[str, ...]]:
    """Writes the table as a canonical CSV, and reads that like any other. Raises Unreadable."""
    from sqlalchemy import inspect, select, table

    described = {found["name"]: found["type"] for found in inspect(connection).get_columns(layout.name)}
    holding = {name: holding_of(layout, name, described[name]) for name in layout.columns if name in described}
    lines = []
    if holding:
        chosen = [_chosen(connection, name, described[name]) for name in holding]
        query = select(*chosen).select_from(table(layout.name))
        result = connection.execution_options(yield_per=_BATCH).execute(query)
        lines = sorted(line_of(row, holding, layout) for row in result)
    content = _csv(tuple(holding), lines)
    path = folder / f"{layout.name}.csv"
    path.write_bytes(content)
    rows, _ = read_table(shelf, layout, path, content)
    path.unlink()
    if rows != len(lines):
        raise Unreadable(f"{len(lines)} rows were fetched and {rows} could be read")
    unknown = tuple(name for name in described if name not in layout.columns)
    return Listed(rows=rows, sha256=hashlib.sha256(content).hexdigest()), unknown


def _chosen(connection: Connection, name: str, type_: TypeEngine[Any]) -> ColumnElement[Any]:
    """The column, in PostgreSQL a date as its text: for a day before or after all days the driver has no value, and
    would fail on the whole table because of one row.
    """
    from sqlalchemy import Date, Text, cast, column

    dated = connection.dialect.name == "postgresql" and isinstance(type_, Date)
    return cast(column(name), Text).label(name) if dated else column(name)


def _reason(error: SQLAlchemyError) -> str:
    """What the database says, without a value that it quotes: that may be personal data."""
    from sqlalchemy.exc import DataError

    cause = getattr(error, "orig", None) or error
    told = (str(cause).splitlines() or [type(cause).__name__])[0]
    if isinstance(error, DataError) or "with text" in told:
        return _QUOTED.sub("…", told)
    return told


def _csv(columns: tuple[str, ...], lines: list[tuple[str, ...]]) -> bytes:
    out = io.StringIO(newline="")
    # With this line end the writer quotes both carriage returns and line feeds.
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(lines)
    try:
        return out.getvalue().encode()
    except UnicodeEncodeError as error:
        raise Unreadable("it holds text that is not Unicode") from error
