"""Show: one plan, run, explanation or error as text, JSON, HTML, CSV or Markdown. Pure functions.

A plan: text.py, jsontext.py, page.py, csvtable.py, markdown.py; forms.py chooses. Everything else that is shown has a
file of its name:

adopted.py, applied.py (a run), audit.py, domains.py, drift.py, due.py, errors.py, explain.py, health.py, journal.py,
preview.py, reorg.py, replay.py, routing.py, services.py, simulate.py with simulate_page.py and simulate_policy.py,
spf.py, unit.py.

What they are made of:

    blocks.py     lines and tables; terminal.py: folded to a width, with colour
    sentences.py  every kind of change in words
    view.py       a plan arranged for reading, and numbers and names as they are said
    templates/    pages
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nexusops.late import late

if TYPE_CHECKING:
    from nexusops.report.adopted import adoption_json, adoption_text
    from nexusops.report.applied import Applied, Undone, applied_json, applied_text
    from nexusops.report.blocks import PLAIN, Look, look_of
    from nexusops.report.csvtable import plan_csv
    from nexusops.report.drift import drift_json, drift_text
    from nexusops.report.errors import error_json, error_text
    from nexusops.report.explain import Event, Explanation, Fact, Period, Upcoming, explain_json, explain_text
    from nexusops.report.forms import forecast_written, rendered
    from nexusops.report.jsontext import plan_json
    from nexusops.report.markdown import plan_markdown
    from nexusops.report.page import plan_page
    from nexusops.report.routing import routing_summary, routing_written
    from nexusops.report.sentences import describe
    from nexusops.report.text import plan_text

__all__ = [
    "PLAIN",
    "Applied",
    "Event",
    "Explanation",
    "Fact",
    "Look",
    "Period",
    "Undone",
    "Upcoming",
    "adoption_json",
    "adoption_text",
    "applied_json",
    "applied_text",
    "describe",
    "drift_json",
    "drift_text",
    "error_json",
    "error_text",
    "explain_json",
    "explain_text",
    "forecast_written",
    "look_of",
    "plan_csv",
    "plan_json",
    "plan_markdown",
    "plan_page",
    "plan_text",
    "rendered",
    "routing_summary",
    "routing_written",
]

__getattr__ = late(
    __name__,
    {
        "adoption_json": "adopted",
        "adoption_text": "adopted",
        "Applied": "applied",
        "Undone": "applied",
        "applied_json": "applied",
        "applied_text": "applied",
        "PLAIN": "blocks",
        "Look": "blocks",
        "look_of": "blocks",
        "plan_csv": "csvtable",
        "drift_json": "drift",
        "drift_text": "drift",
        "error_json": "errors",
        "error_text": "errors",
        "Event": "explain",
        "Explanation": "explain",
        "Fact": "explain",
        "Period": "explain",
        "Upcoming": "explain",
        "explain_json": "explain",
        "explain_text": "explain",
        "forecast_written": "forms",
        "rendered": "forms",
        "plan_json": "jsontext",
        "plan_markdown": "markdown",
        "plan_page": "page",
        "routing_summary": "routing",
        "routing_written": "routing",
        "describe": "sentences",
        "plan_text": "text",
    },
)
