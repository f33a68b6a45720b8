"""One snapshot, whatever it was read from: its record, its people, its slices, and how it differs from another."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Mapping
from functools import cached_property
from pathlib import Path

from nexusops.errors import StateUnavailable
from nexusops.model.findings import Finding, in_order
from nexusops.model.ids import Address, Domain, PersonId
from nexusops.model.journal import SnapshotRecord
from nexusops.model.services import ServiceRequest
from nexusops.model.snapshot import Snapshot
from nexusops.ports import SnapshotTables
from nexusops.registration import changes, strays
from nexusops.registration import manifest as manifests
from nexusops.registration.estate import Estate, read_estate
from nexusops.registration.fields import is_address, is_box, meant
from nexusops.registration.layout import EXTERNAL_ROUTES, LAYOUTS
from nexusops.registration.manifest import Manifest
from nexusops.registration.records import PERSONS_OWN, Clashes, find_clashes, read_records
from nexusops.registration.shelf import Shelf, literal

MANIFEST = "manifest"


class Tables:
    """The port SnapshotTables over one shelf. ``parent_domain`` is what ``zone`` ox means (rules.md 3.17).

    A part of a snapshot (not ``whole``: the rows of some people) has no rows that belong to nobody.
    """

    def __init__(self, shelf: Shelf, manifest: Manifest, parent_domain: str, *, whole: bool = True) -> None:
        self.shelf = shelf
        self.manifest = manifest
        self.parent_domain = parent_domain
        self.whole = whole
        shelf.finish(manifest.as_of)
        shelf.identities = manifest.identities()

    @property
    def record(self) -> SnapshotRecord:
        rows = {name: listed.rows for name, listed in self.manifest.tables.items() if name in LAYOUTS}
        return SnapshotRecord(sha256=self.manifest.sha256, as_of=self.manifest.as_of, rows=rows)

    def people(self) -> frozenset[PersonId]:
        """Everyone who has a row in persons, cards or affiliations."""
        schema = self.shelf.schema
        found = self.shelf.rows(
            " UNION ".join(f"SELECT person_id FROM {schema}.{table}" for table in ("persons", "cards", "affiliations"))
        )
        return frozenset(PersonId(person) for (person,) in found if person is not None)

    def changed(self, previous: SnapshotTables) -> frozenset[PersonId]:
        """See the port. What counts is what is in effect: a row that waited and no longer does has changed (R60)."""
        return changes.changed_people(self.shelf, shelf_of(previous))

    def changed_boxes(self, previous: SnapshotTables) -> frozenset[str]:
        """Names that can be one; what a key that cannot be read means is looked at in its place (D29)."""
        keys = (meant(key) for key in changes.changed_boxes(self.shelf, shelf_of(previous)))
        return frozenset(key for key in keys if is_box(key) or is_address(key))

    def changed_domains(self, previous: SnapshotTables) -> frozenset[Domain]:
        """Domains whose row, units or reorganisations differ: whoever has an address there is affected."""
        return changes.changed_domains(self.shelf, shelf_of(previous))

    def changed_staff(self, previous: SnapshotTables) -> frozenset[str]:
        return changes.changed_staff(self.shelf, shelf_of(previous))

    def changed_addresses(self, previous: SnapshotTables) -> frozenset[Address]:
        """Addresses whose row in routing or external_routes differs: whoever has them is affected."""
        return changes.changed_addresses(self.shelf, shelf_of(previous))

    def slice(self, people: Collection[PersonId] | None, services: Mapping[str, ServiceRequest]) -> Snapshot:
        """See the port. A person who is asked for and has no row anywhere gets a record without ``person``."""
        estate = self._estate
        wanted = sorted(self.people() if people is None else set(people))
        records = read_records(self.shelf, wanted, people is None, self._clashes, estate, self.manifest.sha256)
        findings = (*estate.findings, *self._strays)
        return Snapshot(
            as_of=self.manifest.as_of,
            sha256=self.manifest.sha256,
            people=records,
            units=estate.units,
            domains=estate.domains,
            staff=estate.staff,
            reorgs=estate.reorgs,
            reorg_members=estate.reorg_members,
            routes=estate.routes,
            external_routes=estate.external_routes,
            held_routes=estate.held_routes,
            nonpersonal_mailboxes=estate.nonpersonal_mailboxes,
            nonpersonal_addresses=estate.nonpersonal_addresses,
            frozen_boxes=estate.frozen_boxes,
            unclaimed=estate.unclaimed,
            strangers=estate.strangers,
            services=services,
            findings=in_order(findings),
        )

    def pack(self) -> Mapping[str, bytes]:
        """Every table as Parquet, by its name, and the manifest as JSON under ``manifest``."""
        blobs = {MANIFEST: manifests.to_json(self.manifest)}
        with tempfile.TemporaryDirectory(prefix="nexusops-") as folder:
            for table in self.record.rows:
                path = Path(folder) / f"{table}.parquet"
                self.shelf.execute(
                    f"COPY {self.shelf.schema}.raw_{table} TO {literal(str(path))} (FORMAT parquet, COMPRESSION zstd)"
                )
                blobs[table] = path.read_bytes()
        return blobs

    @cached_property
    def _estate(self) -> Estate:
        return read_estate(self.shelf, self.parent_domain, self.manifest.sha256)

    @cached_property
    def _clashes(self) -> Clashes:
        return find_clashes(self.shelf)

    @cached_property
    def _strays(self) -> tuple[Finding, ...]:
        return strays.find_strays(self.shelf, self.manifest) if self.whole else ()


def unpack(blobs: Mapping[str, bytes], parent_domain: str, only: Collection[PersonId] | None = None) -> Tables:
    """A snapshot that was kept with ``pack``, or its rows of these people. Raises StateUnavailable where it is not what
    ``pack`` wrote.
    """
    import duckdb

    shelf = Shelf()
    try:
        manifest = manifests.from_json(blobs[MANIFEST])
        with tempfile.TemporaryDirectory(prefix="nexusops-") as folder:
            paths = {table: Path(folder) / f"{table}.parquet" for table in manifest.tables if table in LAYOUTS}
            for table, path in paths.items():
                path.write_bytes(blobs[table])
            listed = manifest.tables.get(EXTERNAL_ROUTES.name)
            routed = listed is not None and listed.rows > 0
            for table in paths:
                shelf.take(LAYOUTS[table], _kept(table, paths, only, routed=routed), LAYOUTS[table].columns)
    except (duckdb.Error, KeyError, ValueError) as error:
        raise StateUnavailable(
            f"the snapshot kept in the state cannot be read ({type(error).__name__})",
            next_step="Restore the state from its backup, or let `nexusops run` keep it anew from the registration "
            "source.",
        ) from error
    return Tables(shelf, manifest, parent_domain, whole=only is None)


def _kept(table: str, paths: Mapping[str, Path], only: Collection[PersonId] | None, *, routed: bool) -> str:
    """A kept table as DuckDB reads it; DuckDB reads no more of the file than the rows of these people need, and those
    of nobody who is known, which may be theirs (D29). ``routed``: whether external_routes has any rows.
    """
    relation = _file(paths[table])
    if only is None or table not in PERSONS_OWN:
        return relation
    people = ", ".join(literal(person) for person in sorted(only)) or "NULL"
    wanted = f"person_id IN ({people})"
    if only and table in _NOBODYS:
        known = f"SELECT person_id FROM {_file(paths['persons'])} WHERE person_id IS NOT NULL"
        wanted += f" OR coalesce(person_id NOT IN ({known}), true)"
    if only and table == "persons" and routed:
        wanted += f" OR person_id IN (SELECT person_id FROM {_file(paths['external_routes'])})"
    return f"(SELECT * FROM {relation} WHERE {wanted})"


_NOBODYS = frozenset({"affiliations", "sender_choices"})


def _file(path: Path) -> str:
    return f"read_parquet({literal(str(path))})"


def shelf_of(tables: SnapshotTables) -> Shelf:
    """The shelf of a snapshot of ours; TypeError for a foreign one."""
    if not isinstance(tables, Tables):
        raise TypeError(f"snapshots are compared with their own kind, not with {type(tables).__name__}")
    return tables.shelf
