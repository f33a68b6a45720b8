"""States of every schema come forward with their data; the journal can be kept for years and checked by anybody."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import sqlite3
import textwrap
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from building.killed import DAYS, KilledSite, differing
from sqlalchemy import MetaData, create_engine, select, text

from nexusops.cli import call
from nexusops.store import open_store
from nexusops.store.opening import MIGRATIONS
from nexusops.store.schema import SCHEMA_VERSION

TOO_OLD = (
    f"The state is of schema {SCHEMA_VERSION + 1}, and this nexusops knows {SCHEMA_VERSION}: it is too old.\n"
    "Next: Use the newer nexusops (`nexusops --version`), or restore the state from before the upgrade.\n"
)
DOCS = Path(__file__).resolve().parents[2] / "docs"
SQLITE = 'url = "sqlite:///state/nexusops.db"'


def first_schema(url: str, source: Path) -> None:
    """A state as the first version would have left it, with the rows of another state."""
    engine, full = create_engine(url), create_engine(f"sqlite:///{source}")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection, full.connect() as rows:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        old, new = MetaData(), MetaData()
        old.reflect(connection)
        new.reflect(rows)
        for name, table in old.tables.items():
            if name in new.tables and name != "alembic_version":
                found = [dict(row) for row in rows.execute(select(new.tables[name])).mappings()]
                kept = [{key: value for key, value in row.items() if key in table.columns} for row in found]
                if kept:
                    connection.execute(table.insert(), kept)
        connection.execute(text("UPDATE meta SET schema_version = 1"))
    for each in (engine, full):
        each.dispose()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_state_of_the_first_schema_comes_forward_with_its_data(
    kind: str, one_day: KilledSite, two_days: KilledSite, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """And the next day's run ends as on a state that was never old."""
    site = one_day.copied(tmp_path / "site")
    config = site.folder / "config"
    source = config / "state" / "nexusops.db"
    url = f"sqlite:///{config}/state/old.db"
    if kind == "postgresql":
        url = request.getfixturevalue("postgres_database")
    first_schema(url, source)
    main = config / "nexusops.toml"
    main.write_text(main.read_text("utf-8").replace(SQLITE, f'url = "{url}"'), "utf-8")
    assert differing(site.outcome(), one_day.outcome()) == {}
    assert site.type("run", DAYS[1]) == 0
    assert differing(site.outcome(), two_days.outcome()) == {}
    open_store(url, site="oxford-test", base_dir=tmp_path).close()


def test_an_older_program_leaves_a_newer_state_alone(fresh: KilledSite, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 9 with what to do, for every command; not a byte is changed."""
    file = fresh.folder / "config" / "state" / "nexusops.db"
    with sqlite3.connect(file) as state:
        state.execute("UPDATE meta SET schema_version = schema_version + 1")
    state.close()
    before = file.read_bytes()
    for words in (["plan"], ["run"], ["state", "export"], ["audit", "verify"], ["resume"]):
        capsys.readouterr()
        assert call(["--config", str(fresh.folder / "config"), *words]) == 9
        assert capsys.readouterr() == ("", TOO_OLD)
    assert file.read_bytes() == before


@pytest.fixture
def kept(two_days: KilledSite, capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """The journal as it is exported, by format."""
    found = {}
    for form in ("json", "csv"):
        capsys.readouterr()
        assert call(["--config", str(two_days.folder / "config"), "state", "journal", "--format", form]) == 0
        found[form] = capsys.readouterr().out
    return found


def test_a_kept_journal_vouches_for_itself(kept: dict[str, str]) -> None:
    """interface.md 9: the chain can be computed anew from the export alone, as docs/operations.md describes."""
    rows = [json.loads(line) for line in kept["json"].splitlines()]
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    previous = "0" * 64
    for row in rows:
        assert row["previous_hash"] == previous
        previous = hashed(row)
        assert row["hash"] == previous


def hashed(row: dict[str, Any]) -> str:
    """By the function that docs/operations.md gives to those who have this program not."""
    found = re.search(r"(?m)^    def hash_of.*?hexdigest\(\)$", (DOCS / "operations.md").read_text("utf-8"), re.S)
    assert found is not None
    names: dict[str, Any] = {"json": json, "hashlib": hashlib}
    exec(textwrap.dedent(found[0]), names)
    return str(names["hash_of"](row))


def test_both_forms_hold_the_same_rows(kept: dict[str, str]) -> None:
    plain = [json.loads(line) for line in kept["json"].splitlines()]
    table = list(csv.DictReader(io.StringIO(kept["csv"], newline="")))
    assert [row["hash"] for row in table] == [row["hash"] for row in plain]
    assert [json.loads(row["after"]) if row["after"] else None for row in table] == [row["after"] for row in plain]


def test_an_export_is_its_owners_and_overwrites_nothing(two_days: KilledSite, tmp_path: Path) -> None:
    words = ["--config", str(two_days.folder / "config"), "state", "journal", "--out", str(tmp_path / "journal.jsonl")]
    assert call(words) == 0
    assert (tmp_path / "journal.jsonl").stat().st_mode & 0o777 == 0o600
    assert call(words) == 2
