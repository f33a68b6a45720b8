"""What will happen if the registration data stay as they are: the calendar of ``simulate`` as a page with its chart."""

from __future__ import annotations

from datetime import date, timedelta

from nexusops.console.answers import Answer, Asked, Page
from nexusops.errors import Refused
from nexusops.pipeline.simulate.days import simulate
from nexusops.report.sentences import describe
from nexusops.report.simulate import ASSUMED, peak, totals
from nexusops.report.simulate_page import FOOT, HEIGHT, LEFT, NAMES, WIDTH, chart_of
from nexusops.report.view import cost

SPAN, LONGEST = timedelta(days=120), timedelta(days=800)
LISTED = 2000
"""So many changes are listed; a page of more would not open."""


def forecast_page(asked: Asked) -> Answer:
    """Until a day, four months ahead unless another is asked for."""
    until = _until(asked)
    forecast = simulate(asked.site.ports, at=asked.at, until=until)
    everything = totals(forecast)
    return Page(
        template="forecast",
        title="Forecast",
        here="forecast",
        values={
            "until": until,
            "longest": asked.today + LONGEST,
            "today": asked.today,
            "assumed": ASSUMED,
            "totals": everything,
            "peak": peak(forecast),
            "licences": forecast.licences,
            "stops": [one for one in forecast.happenings if one.guard.tripped],
            "chart": chart_of(forecast),
            "names": NAMES,
            "measures": {"width": WIDTH, "height": HEIGHT, "left": LEFT, "foot": FOOT},
            "happenings": forecast.happenings,
            "listed": sum(everything.values()) <= LISTED,
            "describe": describe,
            "cost": cost,
        },
    )


def _until(asked: Asked) -> date:
    text = asked.query.get("until", "")
    try:
        until = date.fromisoformat(text) if text else asked.today + SPAN
    except ValueError as error:
        raise Refused(f"{text!r} is no day.", next_step="Give a day as year-month-day.") from error
    if not asked.today <= until <= asked.today + LONGEST:
        raise Refused(
            f"{until} is not within the next {LONGEST.days} days.",
            next_step="Name a day within them; `nexusops simulate` looks further.",
        )
    return until
