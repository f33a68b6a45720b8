"""A plan as CSV (RFC 4180): a header, one row a change, CRLF, in the order of the plan.

A cell that a spreadsheet would take for a formula gets an apostrophe before it (OWASP, CSV injection): names and
reasons come from registration data, which somebody else has typed.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence

from nexusops.codec import encode_planned
from nexusops.model.changes import kind_of
from nexusops.model.plan import Plan, Planned
from nexusops.plan.guard import DESTRUCTIVE_KINDS
from nexusops.report.sentences import describe
from nexusops.report.view import NOBODY, NOWHERE, Names, Units, units_of

COLUMNS = (
    "id", "kind", "destructive", "target", "subject", "name", "units", "what", "was", "becomes",
    "rule", "because", "undo", "job", "after",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def plan_csv(plan: Plan, *, units: Units = NOWHERE, names: Names = NOBODY) -> str:
    """``was`` and ``becomes`` are JSON, ``units`` and ``after`` have spaces between, ``destructive`` is yes or no."""
    return csv_text(COLUMNS, (_cells(planned, units, names) for planned in plan.changes))


def _cells(planned: Planned, units: Units, names: Names) -> list[str]:
    change = planned.change
    document = encode_planned(planned)
    cells = {
        **{name: str(document.get(name)) for name in COLUMNS},
        "destructive": "yes" if kind_of(change) in DESTRUCTIVE_KINDS else "no",
        "name": names.get(change.why.subject, ""),
        "units": " ".join(units_of(change, units)),
        "what": describe(change),
        "was": _json(document["was"]),
        "becomes": _json(document["becomes"]),
        "after": " ".join(planned.after),
    }
    return [cells[name] for name in COLUMNS]


def csv_text(columns: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    """A table as CSV; None is an empty cell."""
    out = io.StringIO(newline="")
    written = csv.writer(out, lineterminator="\r\n")
    written.writerow(columns)
    for row in rows:
        written.writerow(harmless("" if cell is None else str(cell)) for cell in row)
    return out.getvalue()


def harmless(cell: str) -> str:
    """The cell as text that no spreadsheet computes."""
    return f"'{cell}" if cell.lstrip(" \u00a0").startswith(_FORMULA) or cell.startswith(_FORMULA) else cell


def _json(value: object) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False)
