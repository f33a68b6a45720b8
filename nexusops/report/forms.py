"""One plan, or one calendar, in the format that ``--format`` names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from nexusops.errors import UsageError
from nexusops.model.forecast import Forecast
from nexusops.model.plan import Plan
from nexusops.report.blocks import PLAIN, Look
from nexusops.report.text import plan_pieces
from nexusops.report.view import NOBODY, NOWHERE, Names, Units


def forecast_written(forecast: Forecast, form: str, *, changes: bool, look: Look) -> str:
    """A calendar in the format of ``--format``: text, json, csv or html. ``changes``: each of them, in text."""
    from nexusops.report.simulate import simulate_csv, simulate_json, simulate_text

    match form:
        case "json":
            return simulate_json(forecast)
        case "csv":
            return simulate_csv(forecast)
        case "html":
            from nexusops.report.simulate_page import simulate_page

            return simulate_page(forecast)
        case _:
            return simulate_text(forecast, changes=changes, look=look)


def rendered(
    plan: Plan,
    form: str,
    *,
    units: Units = NOWHERE,
    names: Names = NOBODY,
    look: Look = PLAIN,
    beside: Mapping[str, list[str]] = MappingProxyType({}),
) -> Iterable[str]:
    """A plan in the format of ``--format``, in pieces: text, json (with ``beside``), html, csv or md. Raises UsageError
    (2) for any other.
    """
    match form:
        case "text":
            return plan_pieces(plan, units=units, names=names, look=look)
        case "json":
            from nexusops.report.jsontext import plan_json

            return (plan_json(plan, beside),)
        case "html":
            from nexusops.report.page import plan_page

            return (plan_page(plan, units=units, names=names),)
        case "csv":
            from nexusops.report.csvtable import plan_csv

            return (plan_csv(plan, units=units, names=names),)
        case "md":
            from nexusops.report.markdown import plan_markdown

            return (plan_markdown(plan, units=units, names=names),)
        case _:
            raise UsageError(
                f"A plan cannot be printed as {form!r}.", next_step="Use --format text, json, html, csv or md."
            )
