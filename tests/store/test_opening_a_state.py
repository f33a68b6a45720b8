"""A state is opened, made, or refused and left as it was (exit codes 2 and 9)."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from building.state_rows import acceptance, allocation, new
from conftest import fresh_database
from sqlalchemy import create_engine, text

from nexusops.errors import NexusopsError, StateUnavailable, UsageError
from nexusops.model.ids import Domain
from nexusops.store import open_store, read_store
from nexusops.store.opening import MIGRATIONS, located
from nexusops.store.schema import metadata

FILE = "sqlite:///state/nexusops.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        (tmp_path / "state").mkdir()
        return f"sqlite:///{tmp_path}/state/nexusops.db"
    found: str = request.getfixturevalue("postgres_database")
    return found


def refused(url: str, folder: Path, site: str = "oxford-test") -> NexusopsError:
    with pytest.raises(NexusopsError) as caught:
        open_store(url, site=site, base_dir=folder)
    return caught.value


def differing(url: str) -> list[object]:
    """How the database's schema differs from the tables that the program knows."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    engine = create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        found: list[object] = compare_metadata(context, metadata)
    engine.dispose()
    return found


def migrated(url: str) -> None:
    """An empty database goes through every migration."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = create_engine(url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    engine.dispose()


def test_the_migrations_make_exactly_the_tables_that_the_program_knows(url: str) -> None:
    migrated(url)
    assert differing(url) == []


def test_a_new_state_is_as_if_it_had_been_migrated(url: str, tmp_path: Path) -> None:
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    open_store(url, site="oxford-test", base_dir=tmp_path).close()
    engine = create_engine(url)
    with engine.connect() as connection:
        marked = MigrationContext.configure(connection).get_current_revision()
    engine.dispose()
    assert (differing(url), marked) == ([], ScriptDirectory(str(MIGRATIONS)).get_current_head())


def test_opening_again_changes_nothing(url: str, tmp_path: Path) -> None:
    for _ in range(2):
        store = open_store(url, site="oxford-test", base_dir=tmp_path)
        assert store.serial() == 0
        store.close()


def test_the_state_of_another_site_is_refused(url: str, tmp_path: Path) -> None:
    open_store(url, site="cambridge-test", base_dir=tmp_path).close()
    error = refused(url, tmp_path)
    assert isinstance(error, UsageError)
    assert error.message == "The state belongs to the site cambridge-test, not to oxford-test."
    open_store(url, site="cambridge-test", base_dir=tmp_path).close()


def test_a_newer_schema_is_refused(url: str, tmp_path: Path) -> None:
    open_store(url, site="oxford-test", base_dir=tmp_path).close()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE meta SET schema_version = 99"))
    engine.dispose()
    error = refused(url, tmp_path)
    assert error.exit_code == 9
    assert "schema 99" in error.message
    assert (
        error.next_step
        == "Use the newer nexusops (`nexusops --version`), or restore the state from before the upgrade."
    )


@pytest.mark.parametrize("content", [b"This is a letter, not a database.\n" * 40, b"\x00" * 64], ids=["text", "zeros"])
def test_a_file_that_is_no_database_is_refused_and_left_as_it_was(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "state" / "nexusops.db"
    file.parent.mkdir()
    file.write_bytes(content)
    error = refused(FILE, tmp_path)
    assert isinstance(error, StateUnavailable)
    assert error.exit_code == 9
    assert "nexusops.db" in error.message
    assert "[state] url" in error.next_step
    assert {path.name: path.read_bytes() for path in file.parent.iterdir()} == {"nexusops.db": content}


def test_a_state_that_was_cut_to_nothing_is_lost_and_not_new(tmp_path: Path) -> None:
    """interface.md 1, exit 9: SQLite would take it for a new database, and throw away what stands in the log beside."""
    file = tmp_path / "state" / "nexusops.db"
    file.parent.mkdir()
    file.write_bytes(b"")
    file.with_name("nexusops.db-wal").write_bytes(b"what was committed last")
    error = refused(FILE, tmp_path)
    assert (error.exit_code, "empty file" in error.message, "backup" in error.next_step) == (9, True, True)
    assert file.with_name("nexusops.db-wal").read_bytes() == b"what was committed last"


def test_a_new_state_is_never_seen_empty(tmp_path: Path) -> None:
    """Else whoever begins in the same moment would take it for a lost one."""
    located(FILE, tmp_path)
    file = tmp_path / "state" / "nexusops.db"
    assert (file.stat().st_size > 0, oct(file.stat().st_mode & 0o777)) == (True, "0o600")
    assert [path.name for path in file.parent.iterdir()] == ["nexusops.db"]


def test_somebody_elses_database_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "state" / "nexusops.db"
    file.parent.mkdir()
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE people (name TEXT)")
        connection.execute("CREATE TABLE meta (version TEXT)")
    connection.close()
    error = refused(FILE, tmp_path)
    assert error.exit_code == 9
    with sqlite3.connect(file) as connection:
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    connection.close()
    assert names == {"people", "meta"}


def test_a_migration_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    """With a table ``unfinished`` that is not ours in the way, none of the others may stay."""
    file = tmp_path / "state" / "nexusops.db"
    file.parent.mkdir()
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE unfinished (name TEXT)")
    connection.close()
    assert refused(FILE, tmp_path).exit_code == 9
    with sqlite3.connect(file) as connection:
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    connection.close()
    assert names == {"unfinished"}


def test_a_database_that_cannot_be_reached_is_said_without_its_password(tmp_path: Path) -> None:
    for url in ("nexus:geheim@127.0.0.1:1/none", "127.0.0.1:1/none?user=nexus&password=geheim"):
        error = refused(f"postgresql+psycopg://{url}", tmp_path)
        assert error.exit_code == 9
        assert "geheim" not in str(error)


def test_the_rest_of_a_password_is_never_taken_for_the_host(tmp_path: Path) -> None:
    """The driver would say that it cannot find it. Exit 2: an @ is written %40."""
    error = refused("postgresql+psycopg://nexus:a@geheim@127.0.0.1:1/none", tmp_path)
    assert isinstance(error, UsageError)
    assert "geheim" not in str(error)
    assert "%40" in error.next_step


def test_names_are_found_in_a_database_that_sorts_as_a_language_does(postgres_database: str, tmp_path: Path) -> None:
    """R17: elsewhere ``:`` comes before ``2``, and the second Ann Lee would be overlooked."""
    engine = create_engine(postgres_database, isolation_level="AUTOCOMMIT")
    name = f"{engine.url.database}_en"
    with engine.connect() as connection:
        connection.execute(
            text(f"CREATE DATABASE {name} TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-GB' LOCALE 'C'")
        )
    url = engine.url.set(database=name).render_as_string(hide_password=False)
    store = open_store(url, site="oxford-test", base_dir=tmp_path)
    long = "maximilian." + "x" * 53
    locals_ = ["ann.lee", "ann.lee2", "ann.lee-roy", long, long[:63] + "2"]
    store.accept(acceptance(new(*(allocation(f"{local}@chem.ox.ac.uk") for local in locals_))))
    found = {row.local for row in store.holders([(Domain("chem.ox.ac.uk"), base) for base in ("ann.lee", long)])}
    store.close()
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()
    assert found == {"ann.lee", "ann.lee2", long, long[:63] + "2"}


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_that_lacks_letters_is_refused_before_anything_is_made_in_it(
    encoding: str, postgres_url: str, tmp_path: Path
) -> None:
    """interface.md 1, exit 2: else the first Łukasz would end every run from that hour on."""
    with fresh_database(postgres_url, encoding) as url:
        error = refused(url, tmp_path)
        engine = create_engine(url, connect_args={"client_encoding": "utf8"})
        with engine.connect() as connection:
            made = connection.execute(text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")).scalar_one()
        engine.dispose()
    assert (type(error), made) == (UsageError, 0)
    assert f" keeps its texts in {encoding}, " in error.message
    assert "createdb --encoding=UTF8" in error.next_step


def test_a_state_is_looked_into_and_left_as_it_is(url: str, tmp_path: Path) -> None:
    with pytest.raises(StateUnavailable):
        read_store(url, site="oxford-test", base_dir=tmp_path)
    open_store(url, site="oxford-test", base_dir=tmp_path).close()
    store = read_store(url, site="oxford-test", base_dir=tmp_path)
    assert store.serial() == 0
    store.close()
    with pytest.raises(UsageError):
        read_store(url, site="cambridge-test", base_dir=tmp_path)


def test_looking_makes_no_state_and_migrates_none(url: str, tmp_path: Path) -> None:
    open_store(url, site="oxford-test", base_dir=tmp_path).close()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE meta SET schema_version = 1"))
    with pytest.raises(StateUnavailable, match="There is no state of this version at "):
        read_store(url, site="oxford-test", base_dir=tmp_path)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT schema_version FROM meta")).scalar() == 1
    engine.dispose()
    with pytest.raises(StateUnavailable):
        read_store(FILE, site="oxford-test", base_dir=tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()
