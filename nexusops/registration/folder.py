"""A snapshot that lies in a folder: manifest.json, and a CSV, Parquet or JSON Lines file a table (rules.md 3)."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from nexusops.errors import Defect
from nexusops.model.ids import PersonId
from nexusops.registration import manifest as manifests
from nexusops.registration.layout import LAYOUTS, Layout
from nexusops.registration.manifest import Manifest, not_there, partial, refused
from nexusops.registration.reading import KINDS, Unreadable, read_table
from nexusops.registration.shelf import Shelf
from nexusops.registration.tables import Tables, unpack

MANIFEST = "manifest.json"


class FolderRegistration:
    """``site`` is the tenant that the manifest must name (None: any), ``parent_domain`` what ``zone`` ox means."""

    def __init__(self, path: Path, site: str | None, parent_domain: str) -> None:
        self.path = path
        self.site = site
        self.parent_domain = parent_domain

    def read(self) -> Tables:
        """The snapshot as it lies there. Raises SnapshotRefused with all its defects (D27)."""
        try:
            content = _bytes(self.path / MANIFEST)
        except Unreadable as error:
            raise not_there(str(error)) from error
        manifest, defects = manifests.parse(content, self.site)
        files = self._files()
        shelf = Shelf()
        ignored: list[str] = []
        for layout in LAYOUTS.values():
            try:
                unknown = self._table(shelf, layout, manifest, files.get(layout.name, []))
                ignored += [f"{layout.name}.{column}" for column in unknown]
            except Unreadable as error:
                defects.append(partial(str(error)))
        strangers = sorted(set(manifest.tables) | set(files))
        unknown_tables = tuple(table for table in strangers if table not in LAYOUTS)
        defects += _false_of_unknown(manifest, files, unknown_tables)
        if defects:
            raise refused(*defects)
        manifest = replace(manifest, ignored_tables=unknown_tables, ignored_columns=tuple(ignored))
        return Tables(shelf, manifest, self.parent_domain)

    def unpack(self, blobs: Mapping[str, bytes], only: Collection[PersonId] | None = None) -> Tables:
        """A snapshot that was kept with ``pack``."""
        return unpack(blobs, self.parent_domain, only)

    def _files(self) -> dict[str, list[Path]]:
        """The table files that lie there, by table. A name that is no text is kept as what can be written of it."""
        found: dict[str, list[Path]] = {}
        try:
            for path in sorted(self.path.iterdir()):
                if path.suffix[1:] in KINDS and (path.is_file() or path.stem in LAYOUTS):
                    name = os.fsencode(path.stem).decode("utf-8", "backslashreplace")
                    found.setdefault(name, []).append(path)
        except OSError as error:
            raise not_there(f"{self.path} cannot be looked into: {error.strerror}") from error
        return found

    def _table(self, shelf: Shelf, layout: Layout, manifest: Manifest, files: list[Path]) -> tuple[str, ...]:
        """Takes one table; returns its unknown columns. Raises Unreadable, the sentence naming file or table."""
        listed = manifest.tables.get(layout.name)
        if not files and listed is None:
            if layout.required:
                raise Unreadable(f"the table {layout.name} is missing")
            return ()
        if not files or listed is None or len(files) > 1:
            raise Unreadable(_mismatch(layout.name, files, self.path))
        path = files[0]
        stood = _file(path)
        content = _bytes(path)
        if hashlib.sha256(content).hexdigest() != listed.sha256:
            raise Unreadable(f"{path.name} is not the file that the manifest describes: its SHA-256 is another one")
        try:
            rows, unknown = read_table(shelf, layout, path, content)
        except Unreadable as error:
            raise Unreadable(f"{path.name} cannot be used: {error}") from error
        now = _file(path)
        if (stood.st_mtime_ns, stood.st_size, stood.st_ino) != (now.st_mtime_ns, now.st_size, now.st_ino):
            raise Unreadable(f"{path.name} was changed while it was read")
        if rows != listed.rows:
            raise Unreadable(f"{path.name} has {rows} rows, and the manifest says {listed.rows}")
        return unknown


def _false_of_unknown(manifest: Manifest, files: Mapping[str, list[Path]], tables: tuple[str, ...]) -> list[Defect]:
    """Tables that we do not know are ignored; but what the manifest says of them must be true: it is in the hash."""
    defects = []
    for table in tables:
        listed = manifest.tables.get(table)
        try:
            found = [hashlib.sha256(_bytes(path)).hexdigest() for path in files.get(table, ())]
        except Unreadable as error:
            defects.append(partial(str(error)))
            continue
        if listed is not None and listed.sha256 not in found:
            defects.append(partial(f"the table {table} is not the file that the manifest describes"))
    return defects


def _file(path: Path) -> os.stat_result:
    """What the system says of a file; Unreadable for anything else: who opens a pipe may wait for ever."""
    try:
        found = path.stat()
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}") from error
    if not stat.S_ISREG(found.st_mode):
        raise Unreadable(f"{path} is not a file")
    return found


def _bytes(path: Path) -> bytes:
    _file(path)
    try:
        return path.read_bytes()
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}") from error


def _mismatch(table: str, files: list[Path], folder: Path) -> str:
    if not files:
        near = sorted(path.name for path in folder.iterdir() if path.name.lower().startswith(f"{table}."))
        told = f"; {', '.join(near)} is none: {table}.csv is expected" if near else ""
        return f"the manifest lists the table {table}, and there is no file of it{told}"
    if len(files) > 1:
        return f"the table {table} is there more than once: {', '.join(path.name for path in files)}"
    return f"{files[0].name} lies there, and the manifest does not list it"
