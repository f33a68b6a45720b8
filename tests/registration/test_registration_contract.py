"""One suite for every source of registration data: CSV, Parquet, JSON Lines, SQLite, PostgreSQL, and what was kept."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as sa
from building.snapshot_folder import COLUMNS, SnapshotFolder, columns_of, csv_bytes, text, write_manifest

from nexusops.model.services import ServiceRequest
from nexusops.model.snapshot import Snapshot
from nexusops.ports import Registration, SnapshotTables
from nexusops.registration.database import DatabaseRegistration
from nexusops.registration.folder import FolderRegistration
from nexusops.registration.tables import Tables

AS_OF = datetime(2025, 10, 1, 7, 50, tzinfo=UTC)
DATES = {"start_date", "end_date", "status_effective_on", "cancelled_on", "winddown_start", "effective_on"}
INSTANTS = {"set_at", "chosen_at", "made_at", "at"}
FLAGS = {"deceased", "own_mail", "managed"}
NUMBERS = {"months", "winddown_months", "incoming_cap"}
SOURCES = ("csv", "crlf", "parquet", "jsonl", "kept", "sqlite", "postgresql")
Source = Callable[[SnapshotFolder], Registration]


def sql_type(column: str) -> str:
    if column in DATES:
        return "DATE"
    if column in INSTANTS:
        return "TIMESTAMP WITH TIME ZONE"
    if column in FLAGS:
        return "BOOLEAN"
    return "INTEGER" if column in NUMBERS else "VARCHAR"


def as_csv_of_windows(rows: SnapshotFolder, path: Path) -> None:
    rows.write(path, AS_OF)
    for name, found in rows.tables.items():
        content = csv_bytes(columns_of(name, found), found, line_end="\r\n")
        (path / f"{name}.csv").write_bytes(b"\xef\xbb\xbf" + content)
    write_manifest(
        path, tenant=rows.tenant, as_of=AS_OF, rows={name: len(found) for name, found in rows.tables.items()}
    )


def as_parquet(rows: SnapshotFolder, path: Path) -> None:
    """Typed columns: dates, timestamps, booleans and integers."""
    rows.write(path, AS_OF)
    for name, found in rows.tables.items():
        chosen = ", ".join(f'CAST("{c}" AS {sql_type(c)}) AS "{c}"' for c in columns_of(name, found))
        source = f"read_csv('{path / name}.csv', all_varchar=true, header=true, delim=',', quote='\"')"
        duckdb.sql(f"COPY (SELECT {chosen} FROM {source}) TO '{path / name}.parquet' (FORMAT parquet)")
        (path / f"{name}.csv").unlink()
    write_manifest(
        path, tenant=rows.tenant, as_of=AS_OF, rows={name: len(found) for name, found in rows.tables.items()}
    )


def as_json_lines(rows: SnapshotFolder, path: Path) -> None:
    """JSON's own true, false and numbers; what is null is left out of a line."""
    path.mkdir(parents=True)
    for name, found in rows.tables.items():
        lines = [
            {
                key: value if isinstance(value, bool | int) else text(value)
                for key, value in row.items()
                if value is not None
            }
            for row in found
        ]
        (path / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    write_manifest(
        path, tenant=rows.tenant, as_of=AS_OF, rows={name: len(found) for name, found in rows.tables.items()}
    )


def into_database(rows: SnapshotFolder, url: str) -> None:
    """Tables with the types that a database would have, and the view ``manifest``."""
    engine = sa.create_engine(url)
    types = {
        "DATE": sa.Date(),
        "TIMESTAMP WITH TIME ZONE": sa.DateTime(timezone=True),
        "BOOLEAN": sa.Boolean(),
        "INTEGER": sa.Integer(),
        "VARCHAR": sa.Text(),
    }
    metadata = sa.MetaData()
    with engine.begin() as connection:
        for name, found in rows.tables.items():
            table = sa.Table(name, metadata, *[sa.Column(c, types[sql_type(c)]) for c in columns_of(name, found)])
            table.create(connection)
            for row in found:
                connection.execute(table.insert(), {key: typed(key, value) for key, value in row.items()})
        columns = f"1 AS \"schema\", '{rows.tenant}' AS tenant, '{AS_OF.isoformat()}' AS as_of"
        connection.exec_driver_sql(f"CREATE VIEW manifest AS SELECT {columns}")
    engine.dispose()


def typed(column: str, value: object) -> object:
    if not isinstance(value, str):
        return value
    if column in DATES:
        return date.fromisoformat(value)
    if column in INSTANTS:
        return datetime.fromisoformat(value).astimezone(UTC)
    return value


@pytest.fixture(params=SOURCES)
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Source:
    kind = request.param
    url = request.getfixturevalue("postgres_database") if kind == "postgresql" else f"sqlite:///{tmp_path / 'r.db'}"

    def make(rows: SnapshotFolder) -> Registration:
        path = tmp_path / "snapshot"
        if kind in ("sqlite", "postgresql"):
            into_database(rows, url)
            return DatabaseRegistration(url, "oxford-test", "ox.ac.uk")
        writers = {"crlf": as_csv_of_windows, "parquet": as_parquet, "jsonl": as_json_lines}
        if kind in writers:
            writers[kind](rows, path)
        else:
            rows.write(path, AS_OF)
        return (Kept if kind == "kept" else FolderRegistration)(path, "oxford-test", "ox.ac.uk")

    return make


class Kept(FolderRegistration):
    """What comes back out of the state."""

    def read(self) -> Tables:
        return self.unpack(super().read().pack())


def everything() -> SnapshotFolder:
    """Every table, every type, and the characters that formats trip over."""
    rows = (
        SnapshotFolder()
        .person("1000001", "ball1234", known_as='Minnie "Min", Ms', deceased=False)
        .person("1000002", None, known_as="王小明", deceased=True)
        .card("1000001", "UG", "Mary\u00a0Anne", "O’Brien\nBrown", "2025-10-01", "2028-09-30")
        .card("1000002", "GR", "José María", "", "2024-10-01", "2026-02-28", cancelled_on="2025-01-01")
        .affiliation("1000001", "BALL", "2025-10-01")
        .affiliation("1000002", "STAT", None, "2026-02-28")
        .unit("BALL", "college", "balliol.ox.ac.uk", name="Balliol")
        .unit("STAT", "department", "Stats.ox.ac.uk", own_mail=True)
        .domain("balliol.ox.ac.uk", state="winddown", winddown_start="2025-10-01", winddown_months=3)
        .domain("Stats.ox.ac.uk", managed=False, incoming_cap=4)
        .route("a.b@balliol.ox.ac.uk", "mailbox:ball1234", set_at="2025-10-01T08:50:00+01:00")
        .external_route("m@stats.ox.ac.uk", None, "1000001")
        .choice("1000001", "M@stats.ox.ac.uk", "2025-10-01T07:49:59.5Z")
        .choice("1000002", "late@balliol.ox.ac.uk", "2025-10-01T07:50:00.5Z")
        .name_request("n1", "1000001", "minnie.brown")
        .alternative("1000001", "mary@mail.example", "student_records")
        .mailbox("bursary", "BALL", "bursary@balliol.ox.ac.uk", "1000001")
        .nonpersonal_address("porter@balliol.ox.ac.uk", "BALL", target="mailbox:ball1234")
        .reorg("r1", "split", "2026-01-01", "BALL", "STAT", 4)
        .reorg_member("r1", "1000001", "STAT")
        .staff("ball1234", "1000001", "BALL")
    )
    assert set(rows.tables) == set(COLUMNS)
    return rows


def without_hash(snapshot: Snapshot) -> str:
    return repr(replace(snapshot, sha256="")).replace(snapshot.sha256, "hash")


def test_every_source_gives_the_same_slice(source: Source, tmp_path: Path) -> None:
    """rules.md 3, interface.md 2: CSV, Parquet, JSON Lines and databases are one thing to the rules."""
    expected = FolderRegistration(everything().write(tmp_path / "expected", AS_OF), None, "ox.ac.uk").read()
    found = source(everything()).read()
    assert without_hash(found.slice(None, {})) == without_hash(expected.slice(None, {}))
    assert (found.record.as_of, found.record.rows) == (AS_OF, expected.record.rows)
    assert found.slice(None, {}).people["1000001"].cards[0].family_names == "O’Brien\nBrown"  # type: ignore[index]


def test_what_is_kept_is_the_same_snapshot(source: Source) -> None:
    """architecture.md, Accepted: the tables come back out of the state with their hash."""
    registration = source(everything().row("parking", place="7").change("units", {"unit_id": "BALL"}, colour="blue"))
    tables = registration.read()
    kept = registration.unpack(tables.pack())
    assert kept.record == tables.record
    assert kept.slice(None, {}) == tables.slice(None, {})
    assert (kept.changed(tables), kept.changed_boxes(tables)) == (frozenset(), frozenset())


def test_a_slice_holds_who_was_asked_for_and_all_of_the_rest(source: Source) -> None:
    """ports: the small tables whole, the services as they were handed in."""
    request = ServiceRequest(
        request_id="s1",
        service_name="S",
        unit_id="BALL",  # type: ignore[arg-type]
        requester="ball1234",
        provider="p",
        oxford_domain_needed=True,
        direction="send",
        supports_exo=True,
        supports_ms_smtp=False,
        auth="oauth2",
    )
    tables: SnapshotTables = source(everything()).read()
    whole, one = tables.slice(None, {}), tables.slice(["1000002"], {"s1": request})  # type: ignore[list-item]
    assert one == replace(whole, people={"1000002": whole.people["1000002"]}, services={"s1": request})  # type: ignore[dict-item,index]
    assert tables.slice([], {}) == replace(whole, people={})
    assert tables.people() == set(whole.people)


def test_a_snapshot_without_a_row_is_one(source: Source) -> None:
    """D27: whether it may be accepted is the gate's question."""
    tables = source(SnapshotFolder()).read()
    assert (tables.people(), tables.slice(None, {}).people) == (frozenset(), {})


def test_whole_numbers_that_were_written_with_a_fraction(tmp_path: Path) -> None:
    """Exporters turn whole numbers into fractions where a column has gaps; an id is the same person's all the same."""
    rows = everything()
    plain = FolderRegistration(rows.write(tmp_path / "csv", AS_OF), "oxford-test", "ox.ac.uk").read()
    fractions = tmp_path / "fractions"
    as_json_lines(rows, fractions)
    for table in ("persons", "external_routes"):
        path = fractions / f"{table}.jsonl"
        path.write_text(re.sub(r'"person_id": "?(\d+)"?', r'"person_id": \1.0', path.read_text()))
    path = fractions / "domains.parquet"
    (fractions / "domains.jsonl").unlink()
    number = "CAST(nullif({0}, '') AS DOUBLE) AS {0}"
    numbers = ", ".join(number.format(column) for column in ("winddown_months", "incoming_cap"))
    source = f"read_csv('{tmp_path / 'csv' / 'domains.csv'}', all_varchar=true)"
    duckdb.sql(f"COPY (SELECT * REPLACE ({numbers}) FROM {source}) TO '{path}' (FORMAT parquet)")
    write_manifest(fractions, tenant="oxford-test", as_of=AS_OF, rows={t: len(r) for t, r in rows.tables.items()})
    read = FolderRegistration(fractions, "oxford-test", "ox.ac.uk").read()
    assert without_hash(read.slice(None, {})) == without_hash(plain.slice(None, {}))
