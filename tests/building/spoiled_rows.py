"""One row of a snapshot spoiled in one place: a key or a reference that is empty, blurred, or nobody's."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from building.snapshot_folder import SnapshotFolder, Value
from nexusops.registration.layout import LAYOUTS

REFERENCES = {
    "cards": ("person_id",),
    "units": ("domain",),
    "nonpersonal_mailboxes": ("unit_id", "owner_person_id"),
    "nonpersonal_addresses": ("unit_id",),
}
"""Columns that say whose a row is, or lead elsewhere, beside the keys."""


@dataclass(frozen=True, slots=True)
class SpoiledRow:
    table: str
    column: str
    way: str
    becomes: Value

    def __str__(self) -> str:
        return f"{self.table}.{self.column} {self.way}"

    def spoil(self, data: SnapshotFolder) -> SnapshotFolder:
        """The table's last row has this value there."""
        data.tables[self.table][-1][self.column] = self.becomes
        return data


def blurred(key: str) -> dict[str, str]:
    """The key as somebody may send it, who means no other."""
    wide = "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in key)
    return {
        "with a blank behind": f"{key} ",
        "with a blank before": f" {key}",
        "with a no-break space": f"{key}\u00a0",
        "with a line end": f"{key}\n",
        "with a tab": f"\t{key}",
        "with a zero-width space": f"{key[:2]}\u200b{key[2:]}",
        "from right to left": f"\u202e{key}",
        "with a byte order mark": f"\ufeff{key}",
        "in wide letters": wide,
        "with an accent of its own": unicodedata.normalize("NFD", f"{key}é"),
        "with a letter that looks alike": key.replace("e", "\u0435").replace("1", "\u0661"),
        "with a smile": f"{key}\U0001f600",
        "blank": " ",
        "empty": "",
        "endless": key * 400,
        "a path": f"../{key}",
        "a formula": f"=HYPERLINK({key})",
        "markup": f"<b>{key}</b>",
        "quoted": f"'{key}'",
    }


def spoiled_rows(data: SnapshotFolder) -> Iterator[SpoiledRow]:
    """Every key and reference of the last row of each table that has one, in every way."""
    for table, rows in data.tables.items():
        for column in dict.fromkeys((*LAYOUTS[table].key, *REFERENCES.get(table, ()))):
            if not rows or not isinstance(rows[-1].get(column), str):
                continue
            for way, becomes in blurred(str(rows[-1][column])).items():
                if becomes != rows[-1][column]:
                    yield SpoiledRow(table, column, way, becomes)
