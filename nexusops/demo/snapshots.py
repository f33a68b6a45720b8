"""Writes a registration snapshot, streaming: manifest.json and one CSV a table (rules.md 3)."""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import date, datetime
from pathlib import Path
from types import TracebackType

from nexusops.model.frozen import frozen
from nexusops.registration.layout import LAYOUTS

Row = Sequence[str | date | datetime | bool | int | None]


@frozen
class Member:
    """One person's rows: the person, one card, and the affiliations as (unit_id, start, end)."""

    person_id: str
    username: str | None
    personal_names: str
    family_names: str
    status_code: str
    affiliations: tuple[tuple[str, date, date | None], ...]
    start_date: date
    end_date: date
    cancelled_on: date | None = None
    cancel_reason: str | None = None

    @property
    def card(self) -> Row:
        return (
            f"c{self.person_id}",
            self.person_id,
            self.status_code,
            self.personal_names,
            self.family_names,
            self.start_date,
            self.end_date,
            None,
            self.cancelled_on,
            self.cancel_reason,
        )


class HashedTable:
    """One table's CSV file, with its row count and hash known at the end. The file's hash is over its bytes."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self._file = path.open("wb", buffering=1 << 20)
        self._hash = hashlib.sha256()
        self._writer = csv.writer(self, lineterminator="\n")
        self._writer.writerow(columns)
        self.rows = 0

    def write(self, line: str) -> None:
        """What the csv writer calls for each line."""
        encoded = line.encode()
        self._hash.update(encoded)
        self._file.write(encoded)

    def append(self, row: Row) -> None:
        self._writer.writerow([_shown(value) for value in row])
        self.rows += 1

    @property
    def entry(self) -> dict[str, int | str]:
        return {"rows": self.rows, "sha256": self._hash.hexdigest()}

    def __enter__(self) -> HashedTable:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def write_snapshot(
    folder: Path, *, tenant: str, as_of: datetime, members: Iterable[Member], tables: Mapping[str, Iterable[Row]]
) -> None:
    """Writes the folder. ``members`` fill persons, cards and affiliations; ``tables`` are all the others."""
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as open_files:
        files = {
            name: open_files.enter_context(HashedTable(folder / f"{name}.csv", LAYOUTS[name].columns))
            for name in ("persons", "cards", "affiliations", *tables)
        }
        for member in members:
            files["persons"].append((member.person_id, member.username, None, False))
            files["cards"].append(member.card)
            for unit_id, start, end in member.affiliations:
                files["affiliations"].append((member.person_id, unit_id, start, end))
        for name, rows in tables.items():
            for row in rows:
                files[name].append(row)
    _write_manifest(folder, tenant, as_of, {name: file.entry for name, file in files.items()})


def restamped(folder: Path, becomes: Path, as_of: datetime) -> Path:
    """The same tables as another instant's snapshot: the files are linked, only the manifest is new."""
    becomes.mkdir(parents=True, exist_ok=True)
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    for name in manifest["tables"]:
        (becomes / f"{name}.csv").unlink(missing_ok=True)
        os.link(folder / f"{name}.csv", becomes / f"{name}.csv")
    _write_manifest(becomes, manifest["tenant"], as_of, manifest["tables"])
    return becomes


def _write_manifest(folder: Path, tenant: str, as_of: datetime, tables: Mapping[str, object]) -> None:
    manifest = {"schema": 1, "tenant": tenant, "as_of": as_of.isoformat(), "tables": tables}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", "utf-8")


def _shown(value: str | date | datetime | bool | int | None) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date) else str(value)
