"""Opening a state: its place, its schema, its site. Alembic is imported only where there is something to migrate."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, select, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from nexusops.errors import StateUnavailable, UsageError
from nexusops.model.urls import without_password
from nexusops.store.chain import FIRST
from nexusops.store.schema import SCHEMA_VERSION, meta, metadata

AS_TEXT = {"client_encoding": "utf8"}
"""What a database that knows no encoding (SQL_ASCII) would give as bytes; the others convert."""
MIGRATIONS = Path(__file__).with_name("migrations")
SOON = 5
"""Seconds within which a database must answer that is only looked into."""

_NAMED = (
    "[state] url in nexusops.toml (`nexusops config show`): it must name a database of nexusops, or a new one,"
    " that the user of this command may read and write."
)
NEXT_STEP = f"Check {_NAMED}"
REFUSED = f"Check the database and its disk, and {_NAMED}"

EMPTY = (
    "Restore it from its backup, and see with `nexusops audit verify` that it is whole; if this site has never been"
    " run, remove the file, and `nexusops run` makes a new state."
)

WRITE_ONE = (
    "Write sqlite:///state/nexusops.db or one such as postgresql+psycopg://user@host/name, an @ in its password"
    " as %40, and look at it with `nexusops config show`."
)


def located(url: str, base_dir: Path) -> URL:
    """The URL, with a relative SQLite path taken from the configuration folder, whose parents are made.

    Raises UsageError where it is no URL of a database that can be kept, StateUnavailable where its place is none.
    """
    parsed = _parsed(url)
    if parsed.get_backend_name() != "sqlite":
        return parsed
    path = _file(parsed, base_dir)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _private(path)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise StateUnavailable(f"The state at {path} cannot be opened: {reason}.", next_step=NEXT_STEP) from error
    return parsed.set(database=str(path))


def read_only(url: str, base_dir: Path) -> URL:
    """The URL of a state that is only read: no file is made, and a server that does not answer is soon given up."""
    parsed = _parsed(url)
    if parsed.get_backend_name() != "sqlite":
        return parsed.set(query={"connect_timeout": f"{SOON}", **parsed.query})
    return parsed.set(database=f"file:{quote(str(_file(parsed, base_dir)))}", query={"mode": "ro", "uri": "true"})


def _file(parsed: URL, base_dir: Path) -> Path:
    if parsed.database in (None, "", ":memory:"):
        raise UsageError("state.url names no file: what was done would be forgotten at once.", next_step=NEXT_STEP)
    path = (base_dir / str(parsed.database)).resolve()
    if path.is_file() and path.stat().st_size == 0:
        raise StateUnavailable(f"The state at {path} is an empty file: what it held is lost.", next_step=EMPTY)
    return path


def _parsed(url: str) -> URL:
    """``postgresql://`` alone means the driver that is installed."""
    try:
        parsed = make_url(url)
        if parsed.drivername in ("postgresql", "postgres"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        parsed.get_dialect().import_dbapi()
        if "@" in (parsed.host or ""):
            raise ValueError("the rest of a password would be taken for the host, and told as such")
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as error:
        raise UsageError(
            "nexusops.toml: state.url is not the URL of a database that this installation can open"
            f" ({type(error).__name__}).",
            next_step=WRITE_ONE,
        ) from error
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise UsageError(
            f"nexusops.toml: state.url: the state is kept in SQLite or PostgreSQL, not in {parsed.get_backend_name()}.",
            next_step=WRITE_ONE,
        )
    return parsed


def _private(path: Path) -> None:
    """A new state is its owner's alone, whatever the umask; what SQLite puts beside it takes over its mode. It is never
    seen empty: that is what a lost one looks like.
    """
    if path.exists():
        return
    number, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(_blank())
        _named(name, path)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name)


def _named(name: str, path: Path) -> None:
    try:
        os.link(name, path)
    except FileExistsError:
        pass  # another process was faster
    except OSError:  # a file system without hard links
        os.replace(name, path)


def _blank() -> bytes:
    """A database without tables. SQLite writes it with the first thing that is said in it."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        # Whose file it is; as its version, it was taken for an embedded tenant's.
        connection.execute("PRAGMA application_id = 0x6e78")
        return connection.serialize()


def engine_for(url: URL) -> Engine:
    # Parameters by name, as in PostgreSQL (ready.py).
    sqlite = url.get_backend_name() == "sqlite"
    own: dict[str, Any] = {"paramstyle": "named"} if sqlite else {"connect_args": AS_TEXT}
    engine = create_engine(url, json_deserializer=msgspec.json.decode, **own)
    if sqlite:
        event.listen(engine, "connect", _pragmas)
        event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: Connection) -> None:
    """Python's driver would begin with the first write only: a read of several tables, or a migration, would be no
    transaction. A writer takes its lock at once, so that nobody writes between its reads and its writes.
    """
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _pragmas(connection: sqlite3.Connection, _record: Any) -> None:
    """What is committed must survive a power cut; a reader must not stop a writer."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "busy_timeout = 10000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def prepared(engine: Engine, site: str) -> None:
    """Migrates an empty or older state; refuses a newer one, another site's, and what is no state at all."""
    with _told_of(engine):
        with engine.begin() as connection:
            current = _current(connection, site)
        if not current:
            with engine.connect().execution_options(writes=True) as connection, connection.begin():
                _prepare(connection, site)


def standing(engine: Engine, site: str) -> None:
    """Refuses whatever is not a state of this site and version."""
    with _told_of(engine), engine.begin() as connection:
        if not _current(connection, site):
            raise StateUnavailable(
                f"There is no state of this version at {_place(engine)}.",
                next_step="`nexusops plan` makes or migrates it.",
            )


@contextmanager
def _told_of(engine: Engine) -> Iterator[None]:
    """What the database refuses becomes StateUnavailable."""
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        raise StateUnavailable(
            f"The state at {_place(engine)} cannot be read: {_cause(error)}.", next_step=REFUSED
        ) from error


def _place(engine: Engine) -> str:
    return without_password(engine.url.render_as_string(hide_password=True))


def _cause(error: DBAPIError | sqlite3.Error) -> str:
    said = str(error.orig if isinstance(error, DBAPIError) else error).strip()
    return said.splitlines()[0] if said else "the database does not answer"


def _current(connection: Connection, site: str) -> bool:
    """Whether there is nothing to migrate. Raises UsageError for another site's state, StateUnavailable for a newer
    one.
    """
    if not inspect(connection).has_table("meta"):
        return False
    row = connection.execute(select(meta.c.site, meta.c.schema_version)).mappings().one()
    if row["site"] != site:
        raise UsageError(
            f"The state belongs to the site {row['site']}, not to {site}.",
            next_step="Give each site a database or a PostgreSQL schema of its own: [state] url in nexusops.toml, "
            "as `nexusops config show` has it.",
        )
    if row["schema_version"] > SCHEMA_VERSION:
        raise StateUnavailable(
            f"The state is of schema {row['schema_version']}, and this nexusops knows {SCHEMA_VERSION}: it is too old.",
            next_step="Use the newer nexusops (`nexusops --version`), or restore the state from before the upgrade.",
        )
    return bool(row["schema_version"] == SCHEMA_VERSION)


def _prepare(connection: Connection, site: str) -> None:
    """In one transaction, which another process may have been faster with."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('nexusops migration'))"))
    if _current(connection, site):
        return
    if not inspect(connection).has_table("meta"):
        _must_hold_any_name(connection)
        _create(connection)
        connection.execute(
            meta.insert().values(
                site=site,
                schema_version=SCHEMA_VERSION,
                serial=0,
                policy_hash="",
                services_hash="",
                dirty=False,
                journal_seq=0,
                journal_hash=FIRST,
            )
        )
        return
    _migrate(connection)
    connection.execute(meta.update().values(schema_version=SCHEMA_VERSION))


def _must_hold_any_name(connection: Connection) -> None:
    """Else the first card with a letter that it lacks would end every run from that hour on."""
    if connection.dialect.name != "postgresql":
        return
    encoding = connection.execute(text("SHOW server_encoding")).scalar_one()
    if encoding != "UTF8":
        raise UsageError(
            f"The database {connection.engine.url.database} keeps its texts in {encoding}, which lacks letters that"
            " names have.",
            next_step="Make it anew with `createdb --encoding=UTF8 --template=template0`, or name another one in"
            " [state] url.",
        )


def _create(connection: Connection) -> None:
    """An empty state is made as the tables stand now, and marked for Alembic as migrated so far: loading Alembic, and
    going through every migration there ever was, would cost the first command more than all its tables do.
    """
    metadata.create_all(connection, checkfirst=False)
    connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
    connection.execute(text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": f"{SCHEMA_VERSION:04}"})


def _migrate(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
