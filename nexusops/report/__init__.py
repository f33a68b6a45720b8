"""Show: one plan, run, explanation or error as text, JSON, HTML, CSV or Markdown. Pure functions."""

from __future__ import annotations

from nexusops.errors import UsageError
from nexusops.model.forecast import Forecast
from nexusops.model.plan import Plan
from nexusops.report.adopted import adoption_json, adoption_text
from nexusops.report.applied import Applied, Undone, applied_json, applied_text
from nexusops.report.blocks import PLAIN, Look, look_of
from nexusops.report.csvtable import plan_csv
from nexusops.report.drift import drift_json, drift_text
from nexusops.report.errors import error_json, error_text
from nexusops.report.explain import Event, Explanation, Fact, Period, Upcoming, explain_json, explain_text
from nexusops.report.jsontext import plan_json
from nexusops.report.markdown import plan_markdown
from nexusops.report.page import plan_page
from nexusops.report.routing import routing_summary, routing_written
from nexusops.report.sentences import describe
from nexusops.report.simulate import simulate_csv, simulate_json, simulate_text
from nexusops.report.simulate_page import simulate_page
from nexusops.report.text import NOBODY, NOWHERE, plan_text
from nexusops.report.view import Names, Units

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


def forecast_written(forecast: Forecast, form: str, *, changes: bool = False, look: Look = PLAIN) -> str:
    """A calendar in the format of ``--format``: text, json, csv or html. ``changes``: each of them, in text."""
    match form:
        case "json":
            return simulate_json(forecast)
        case "csv":
            return simulate_csv(forecast)
        case "html":
            return simulate_page(forecast)
        case _:
            return simulate_text(forecast, changes=changes, look=look)


def rendered(plan: Plan, form: str, *, units: Units = NOWHERE, names: Names = NOBODY, look: Look = PLAIN) -> str:
    """A plan in the format of ``--format``: text, json, html, csv or md. Raises UsageError (2) for any other."""
    match form:
        case "text":
            return plan_text(plan, units=units, names=names, look=look)
        case "json":
            return plan_json(plan)
        case "html":
            return plan_page(plan, units=units, names=names)
        case "csv":
            return plan_csv(plan, units=units, names=names)
        case "md":
            return plan_markdown(plan, units=units, names=names)
        case _:
            raise UsageError(f"A plan cannot be printed as {form!r}.", next_step="Use text, json, html, csv or md.")
