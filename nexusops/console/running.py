"""Runs, and what each wrote into the journal."""

from __future__ import annotations

from collections.abc import Mapping

from nexusops.console.answers import Answer, Asked, NotFound, Page
from nexusops.model.journal import Phase
from nexusops.pipeline.explain.history import did, mailbox_names, noted

RUNS, ROWS = 100, 200
"""So many of them stand on a page."""
UNDONE = frozenset({Phase.FAILED, Phase.SET_ASIDE})
SHOWN: Mapping[str, frozenset[Phase]] = {
    "": frozenset(Phase),
    "undone": UNDONE,
    "steps": frozenset(Phase) - {Phase.INTENT, Phase.PROMISE},
    "ledger": frozenset({Phase.PROMISE}),
}
"""What a run's journal is narrowed to."""


def runs_page(asked: Asked) -> Answer:
    runs = asked.site.ports.store.latest_runs(RUNS)
    return Page(template="runs", title="Runs", here="runs", values={"runs": runs, "most": RUNS})


def run_page(asked: Asked) -> Answer:
    run_id = asked.path["run"]
    store = asked.site.ports.store
    run = store.run_of(run_id)
    if run is None:
        raise NotFound(f"There is no run {run_id}", "Those that there are stand under Runs.")
    chosen = asked.query.get("show", "")
    phases = SHOWN.get(chosen, SHOWN[""])
    first, written = asked.start() // ROWS * ROWS, store.phases_of(run_id)
    total = sum(written.get(phase, 0) for phase in phases)
    rows = store.journal_of(run_id, phases, first, ROWS)
    names = mailbox_names(asked.site.ports, rows)
    return Page(
        template="run",
        title=f"Run of {run.at:%Y-%m-%d %H:%M} UTC",
        here="runs",
        values={
            "run": run,
            "rows": [(row, did(row.entry, names) or noted(row.entry, names)) for row in rows],
            "total": total,
            "chosen": chosen,
            "first": first,
            "earlier": f"?show={chosen}&from={first - ROWS}" if first and chosen in SHOWN else None,
            "later": f"?show={chosen}&from={first + ROWS}" if first + ROWS < total and chosen in SHOWN else None,
            "undone": sum(written.get(phase, 0) for phase in UNDONE),
            "done": asked.query.get("done", ""),
        },
    )
