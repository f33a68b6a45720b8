"""A plan as CSV (RFC 4180): a header, one row a change, CRLF, in the order of the plan.

A cell that a spreadsheet would take for a formula gets an apostrophe before it (OWASP, CSV injection): names and
reasons come from registration data, which somebody else has typed.
"""

from __future__ import annotations

import csv
import io
import json

from nexusops.codec import encode_planned
from nexusops.model.changes import kind_of
from nexusops.model.plan import Plan
from nexusops.plan.guard import DESTRUCTIVE_KINDS
from nexusops.report.sentences import describe
from nexusops.report.text import NOBODY, NOWHERE
from nexusops.report.view import Names, Units, units_of

COLUMNS = (
    "id", "kind", "destructive", "target", "subject", "name", "units", "what", "was", "becomes",
    "rule", "because", "undo", "job", "after",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def plan_csv(plan: Plan, *, units: Units = NOWHERE, names: Names = NOBODY) -> str:
    """``was`` and ``becomes`` are JSON, ``units`` and ``after`` have spaces between, ``destructive`` is yes or no."""
    out = io.StringIO(newline="")
    rows = csv.writer(out, lineterminator="\r\n")
    rows.writerow(COLUMNS)
    for planned in plan.changes:
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
        rows.writerow([harmless(cells[name]) for name in COLUMNS])
    return out.getvalue()


def harmless(cell: str) -> str:
    """The cell as text that no spreadsheet computes."""
    return f"'{cell}" if cell.lstrip(" \u00a0").startswith(_FORMULA) or cell.startswith(_FORMULA) else cell


def _json(value: object) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False)
