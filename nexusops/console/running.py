"""Runs, and what each wrote into the journal."""

from __future__ import annotations

from itertools import islice

from nexusops.console.answers import Answer, Asked, NotFound, Page

RUNS, ROWS = 100, 500
"""So many of them stand on a page."""


def runs_page(asked: Asked) -> Answer:
    runs = asked.site.ports.store.latest_runs(RUNS)
    return Page(template="runs", title="Runs", here="runs", values={"runs": runs, "most": RUNS})


def run_page(asked: Asked) -> Answer:
    run_id = asked.path["run"]
    store = asked.site.ports.store
    run = store.run_of(run_id)
    if run is None:
        raise NotFound(f"There is no run {run_id}")
    rows = list(islice(store.journal(run_id=run_id), ROWS))
    return Page(
        template="run",
        title=f"Run of {run.at:%Y-%m-%d %H:%M} UTC",
        here="runs",
        values={"run": run, "rows": rows, "most": ROWS, "done": asked.query.get("done", "")},
    )
