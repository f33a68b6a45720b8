"""What becomes of the ledger, row by row: what the journal will tell."""

from __future__ import annotations

from building.state_rows import allocation

from nexusops.model.ledger import Ledger
from nexusops.plan.advance import differences


def test_rows_come_in_one_order_however_the_state_gave_them() -> None:
    """PostgreSQL gives rows as they lie, and another way after each hour: the journal of one history would be two."""
    names = ["ann.lee@law.ox.ac.uk", "ann.lee@chem.ox.ac.uk", "bo.lee@chem.ox.ac.uk"]
    rows = {(row.address, row.period): row for row in map(allocation, names)}
    backwards = dict(reversed(rows.items()))
    empty, full, turned = (Ledger(serial=0, allocations=found) for found in ({}, rows, backwards))
    assert [change.row for change in differences(empty, full)] == [rows[key] for key in sorted(rows)]
    assert differences(empty, full) == differences(empty, turned)
    assert differences(full, empty) == differences(turned, empty)
    assert differences(full, turned) == ()
