"""A registration snapshot for tests, written as the folder of rules.md section 3."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Self

Value = str | int | bool | date | datetime | None
Row = dict[str, Value]

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "persons": ("person_id", "username", "known_as", "deceased"),
    "cards": (
        "card_id",
        "person_id",
        "status_code",
        "personal_names",
        "family_names",
        "start_date",
        "end_date",
        "status_effective_on",
        "cancelled_on",
        "cancel_reason",
    ),
    "units": ("unit_id", "name", "kind", "domain", "own_mail", "source"),
    "domains": (
        "domain",
        "zone",
        "managed",
        "state",
        "winddown_start",
        "winddown_months",
        "negotiated_ref",
        "incoming_cap",
    ),
    "affiliations": ("person_id", "unit_id", "start_date", "end_date"),
    "routing": ("address", "destination", "set_by", "set_at"),
    "external_routes": ("address", "destination", "set_by", "set_at", "person_id"),
    "sender_choices": ("person_id", "address", "chosen_at"),
    "name_requests": ("request_id", "person_id", "wanted_local", "made_at", "outcome", "decided_by", "reason"),
    "alternative_addresses": ("person_id", "address", "source", "action", "at"),
    "nonpersonal_mailboxes": ("mailbox_id", "kind", "unit_id", "owner_person_id", "address", "requested_by"),
    "nonpersonal_addresses": ("address", "unit_id", "mailbox_id", "target", "requested_by"),
    "reorgs": ("reorg_id", "kind", "effective_on", "source_unit", "target_unit", "months", "negotiated_ref"),
    "reorg_members": ("reorg_id", "person_id", "target_unit"),
    "it_staff": ("staff_id", "person_id", "unit_id"),
}
REQUIRED = ("persons", "cards", "units", "domains", "affiliations")
LONG_AGO = "2020-01-01T00:00:00Z"


class SnapshotFolder:
    """Rows in, a valid folder out; every adding method returns the builder itself, so that calls can be chained.

    Tables that hold no row are written only if required (or named with ``table``). ``write`` may be called repeatedly.
    """

    def __init__(self, tenant: str = "oxford-test") -> None:
        self.tenant = tenant
        self.tables: dict[str, list[Row]] = {name: [] for name in REQUIRED}

    def row(self, table: str, **columns: Value) -> Self:
        """Any row of any table; columns that are not named are NULL, unknown ones become columns of their own."""
        self.tables.setdefault(table, []).append(dict(columns))
        return self

    def table(self, name: str) -> Self:
        """The table is written even without a row."""
        self.tables.setdefault(name, [])
        return self

    def change(self, table: str, key: Mapping[str, Value], **columns: Value) -> Self:
        """Alters every row whose columns equal ``key``; KeyError where there is none."""
        for row in self._rows(table, key):
            row.update(columns)
        return self

    def remove(self, table: str, **key: Value) -> Self:
        """Takes away every row whose columns equal ``key``; KeyError where there is none."""
        gone = self._rows(table, key)
        self.tables[table] = [row for row in self.tables[table] if not any(row is other for other in gone)]
        return self

    def copy(self) -> SnapshotFolder:
        """An independent builder with the same rows: the next hour's snapshot starts from here."""
        twin = SnapshotFolder(self.tenant)
        twin.tables = {name: [dict(row) for row in rows] for name, rows in self.tables.items()}
        return twin

    def person(
        self, person_id: str, username: str | None = None, known_as: str | None = None, deceased: Value = False
    ) -> Self:
        return self.row("persons", person_id=person_id, username=username, known_as=known_as, deceased=deceased)

    def card(
        self,
        person_id: str,
        status_code: str,
        personal_names: str,
        family_names: str,
        start_date: Value,
        end_date: Value,
        *,
        card_id: str | None = None,
        status_effective_on: Value = None,
        cancelled_on: Value = None,
        cancel_reason: str | None = None,
    ) -> Self:
        """A card; its id is ``c`` + person_id, with ``-2``, ``-3``, … for the person's further cards."""
        earlier = sum(1 for row in self.tables["cards"] if row["person_id"] == person_id)
        return self.row(
            "cards",
            card_id=card_id or (f"c{person_id}" if earlier == 0 else f"c{person_id}-{earlier + 1}"),
            person_id=person_id,
            status_code=status_code,
            personal_names=personal_names,
            family_names=family_names,
            start_date=start_date,
            end_date=end_date,
            status_effective_on=status_effective_on,
            cancelled_on=cancelled_on,
            cancel_reason=cancel_reason,
        )

    def affiliation(self, person_id: str, unit_id: str, start_date: Value, end_date: Value = None) -> Self:
        return self.row("affiliations", person_id=person_id, unit_id=unit_id, start_date=start_date, end_date=end_date)

    def unit(
        self,
        unit_id: str,
        kind: str = "department",
        domain: str | None = None,
        *,
        name: str | None = None,
        own_mail: Value = False,
        source: str = "org_chart",
    ) -> Self:
        return self.row(
            "units", unit_id=unit_id, name=name or unit_id, kind=kind, domain=domain, own_mail=own_mail, source=source
        )

    def domain(
        self,
        domain: str,
        *,
        zone: str | None = None,
        managed: Value = True,
        state: str = "active",
        winddown_start: Value = None,
        winddown_months: int | None = None,
        negotiated_ref: str | None = None,
        incoming_cap: int | None = None,
    ) -> Self:
        """A mail domain; ``zone`` is ``ox`` under ox.ac.uk and cam.ac.uk, else ``foreign``, unless given."""
        ours = domain.endswith((".ox.ac.uk", ".cam.ac.uk"))
        return self.row(
            "domains",
            domain=domain,
            zone=zone or ("ox" if ours else "foreign"),
            managed=managed,
            state=state,
            winddown_start=winddown_start,
            winddown_months=winddown_months,
            negotiated_ref=negotiated_ref,
            incoming_cap=incoming_cap,
        )

    def route(
        self, address: str, destination: str | None, set_by: str = "registration", set_at: Value = LONG_AGO
    ) -> Self:
        return self.row("routing", address=address, destination=destination, set_by=set_by, set_at=set_at)

    def external_route(
        self,
        address: str,
        destination: str | None,
        person_id: str | None = None,
        set_by: str = "registration",
        set_at: Value = LONG_AGO,
    ) -> Self:
        return self.row(
            "external_routes",
            address=address,
            destination=destination,
            set_by=set_by,
            set_at=set_at,
            person_id=person_id,
        )

    def choice(self, person_id: str, address: str, chosen_at: Value = LONG_AGO) -> Self:
        return self.row("sender_choices", person_id=person_id, address=address, chosen_at=chosen_at)

    def name_request(
        self,
        request_id: str,
        person_id: str,
        wanted_local: str,
        made_at: Value = LONG_AGO,
        *,
        outcome: str | None = None,
        decided_by: str | None = None,
        reason: str | None = None,
    ) -> Self:
        return self.row(
            "name_requests",
            request_id=request_id,
            person_id=person_id,
            wanted_local=wanted_local,
            made_at=made_at,
            outcome=outcome,
            decided_by=decided_by,
            reason=reason,
        )

    def alternative(
        self, person_id: str, address: str | None, source: str = "self", action: str = "set", at: Value = LONG_AGO
    ) -> Self:
        return self.row(
            "alternative_addresses", person_id=person_id, address=address, source=source, action=action, at=at
        )

    def mailbox(
        self,
        mailbox_id: str,
        unit_id: str,
        address: str | None,
        owner_person_id: str | None = None,
        *,
        kind: str = "secondary",
        requested_by: str = "registration",
    ) -> Self:
        """A non-personal mailbox."""
        return self.row(
            "nonpersonal_mailboxes",
            mailbox_id=mailbox_id,
            kind=kind,
            unit_id=unit_id,
            owner_person_id=owner_person_id,
            address=address,
            requested_by=requested_by,
        )

    def nonpersonal_address(
        self,
        address: str,
        unit_id: str,
        *,
        mailbox_id: str | None = None,
        target: str | None = None,
        requested_by: str | None = "registration",
    ) -> Self:
        return self.row(
            "nonpersonal_addresses",
            address=address,
            unit_id=unit_id,
            mailbox_id=mailbox_id,
            target=target,
            requested_by=requested_by,
        )

    def reorg(
        self,
        reorg_id: str,
        kind: str,
        effective_on: Value,
        source_unit: str,
        target_unit: str,
        months: int = 2,
        negotiated_ref: str | None = None,
    ) -> Self:
        return self.row(
            "reorgs",
            reorg_id=reorg_id,
            kind=kind,
            effective_on=effective_on,
            source_unit=source_unit,
            target_unit=target_unit,
            months=months,
            negotiated_ref=negotiated_ref,
        )

    def reorg_member(self, reorg_id: str, person_id: str, target_unit: str) -> Self:
        return self.row("reorg_members", reorg_id=reorg_id, person_id=person_id, target_unit=target_unit)

    def staff(self, staff_id: str, person_id: str, unit_id: str) -> Self:
        return self.row("it_staff", staff_id=staff_id, person_id=person_id, unit_id=unit_id)

    def write(self, path: Path, as_of: Value) -> Path:
        """Writes one CSV per table and the manifest into ``path``, which is made; returns ``path``."""
        path.mkdir(parents=True, exist_ok=True)
        for old in path.glob("*.csv"):
            old.unlink()
        for name, rows in self.tables.items():
            (path / f"{name}.csv").write_bytes(csv_bytes(columns_of(name, rows), rows))
        return write_manifest(
            path, tenant=self.tenant, as_of=as_of, rows={name: len(rows) for name, rows in self.tables.items()}
        )

    def _rows(self, table: str, key: Mapping[str, Value]) -> list[Row]:
        found = [
            row for row in self.tables.get(table, []) if all(row.get(name) == value for name, value in key.items())
        ]
        if not found:
            raise KeyError(f"{table} has no row with {dict(key)}")
        return found


def columns_of(table: str, rows: Iterable[Row]) -> tuple[str, ...]:
    """The table's columns, then those that only the rows have."""
    known = COLUMNS.get(table, ())
    further = dict.fromkeys(name for row in rows for name in row if name not in known)
    return (*known, *further)


def csv_bytes(columns: tuple[str, ...], rows: Iterable[Row], *, line_end: str = "\n") -> bytes:
    """RFC 4180, UTF-8, a header row, an empty field for NULL."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator=line_end)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([text(row.get(name)) for name in columns])
    return out.getvalue().encode()


def text(value: Value) -> str:
    """A value as it stands in a CSV field."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def write_manifest(path: Path, *, tenant: str, as_of: Value, rows: Mapping[str, int], schema: Value = 1) -> Path:
    """Writes a manifest.json that fits the files of these tables as they stand in the folder now; returns ``path``."""
    tables = {}
    for name, count in rows.items():
        file = next(
            path / f"{name}.{kind}" for kind in ("csv", "parquet", "jsonl") if (path / f"{name}.{kind}").exists()
        )
        tables[name] = {"rows": count, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
    manifest = {"schema": schema, "tenant": tenant, "as_of": text(as_of), "tables": tables}
    (path / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    return path
