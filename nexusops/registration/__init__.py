"""Registration data in: a snapshot from a folder or a database, checked, compared and cut into slices (rules.md 3).

``layout`` says which tables and columns there are, ``manifest`` and ``gate`` whether a snapshot may be used,
``folder`` and ``database`` where it comes from; ``tables`` answers for one that was read, in DuckDB; ``estate`` and
``records`` turn its strings into the nouns of the model, row fault by row fault (D29).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nexusops.late import late

if TYPE_CHECKING:
    from nexusops.registration.database import DatabaseRegistration
    from nexusops.registration.difference import Difference, TableDifference, compare, describe_difference
    from nexusops.registration.folder import FolderRegistration
    from nexusops.registration.tables import Tables

__all__ = [
    "DatabaseRegistration",
    "Difference",
    "FolderRegistration",
    "TableDifference",
    "Tables",
    "compare",
    "describe_difference",
]

__getattr__ = late(
    __name__,
    {
        "DatabaseRegistration": "database",
        "Difference": "difference",
        "TableDifference": "difference",
        "compare": "difference",
        "describe_difference": "difference",
        "FolderRegistration": "folder",
        "Tables": "tables",
    },
)
