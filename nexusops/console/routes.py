"""The console as a table: what is asked, the right that it takes, the page that answers."""

from __future__ import annotations

from typing import NamedTuple

from nexusops.console import forecast, people, planning, requests, running, units
from nexusops.console.answers import View
from nexusops.console.roles import Right


class Route(NamedTuple):
    """One row. Every row but signing in and out takes a right; every POST takes the session's token."""

    method: str
    path: str
    right: Right
    view: View


ROUTES: tuple[Route, ...] = (
    Route("GET", "/", Right.SEE_PLAN, planning.plan_page),
    Route("POST", "/plan/again", Right.SEE_PLAN, planning.plan_again),
    Route("POST", "/plan/approve", Right.APPROVE, planning.approve),
    Route("POST", "/plan/carry-out", Right.CARRY_OUT, planning.carry_out),
    Route("POST", "/plan/finish", Right.CARRY_OUT, planning.finish),
    Route("GET", "/carrying-out", Right.SEE_RUNS, planning.carrying_out_page),
    Route("GET", "/people", Right.SEE_PEOPLE, people.people_page),
    Route("GET", "/people/{subject}", Right.SEE_PEOPLE, people.subject_page),
    Route("GET", "/units", Right.SEE_UNITS, units.units_page),
    Route("GET", "/units/{unit}", Right.SEE_UNITS, units.unit_page),
    Route("POST", "/units/{unit}/hand-over", Right.HAND_OVER, units.hand_over),
    Route("GET", "/saas", Right.SEE_REQUESTS, requests.requests_page),
    Route("GET", "/new-request", Right.FILE_REQUEST, requests.new_page),
    Route("POST", "/new-request/advise", Right.FILE_REQUEST, requests.advise),
    Route("POST", "/saas", Right.FILE_REQUEST, requests.file_request),
    Route("GET", "/saas/{request}", Right.SEE_REQUESTS, requests.request_page),
    Route("POST", "/saas/{request}/hand-over", Right.FILE_REQUEST, requests.hand_over),
    Route("POST", "/saas/{request}/retire", Right.FILE_REQUEST, requests.retire),
    Route("GET", "/runs", Right.SEE_RUNS, running.runs_page),
    Route("GET", "/runs/{run}", Right.SEE_RUNS, running.run_page),
    Route("GET", "/findings", Right.SEE_FINDINGS, units.findings_page),
    Route("GET", "/forecast", Right.SEE_FORECAST, forecast.forecast_page),
)

PARTS: tuple[tuple[str, str, str, Right], ...] = (
    ("plan", "/", "Plan", Right.SEE_PLAN),
    ("people", "/people", "People", Right.SEE_PEOPLE),
    ("units", "/units", "Units", Right.SEE_UNITS),
    ("saas", "/saas", "SaaS mail", Right.SEE_REQUESTS),
    ("findings", "/findings", "Findings", Right.SEE_FINDINGS),
    ("runs", "/runs", "Runs", Right.SEE_RUNS),
    ("forecast", "/forecast", "Forecast", Right.SEE_FORECAST),
)
"""What the navigation offers to whom."""


class Match(NamedTuple):
    """A row, and the variable parts of the address."""

    route: Route
    parts: dict[str, str]


def match(method: str, path: str) -> Match | None:
    """The row for an address (as it is decoded: a part never holds a slash), None where there is none."""
    if "\0" in path:  # which no database keeps
        return None
    wanted = path.strip("/").split("/")
    for route in ROUTES:
        parts = _parts(route.path.strip("/").split("/"), wanted)
        if parts is not None and route.method == ("GET" if method == "HEAD" else method):
            return Match(route, parts)
    return None


def _parts(pattern: list[str], wanted: list[str]) -> dict[str, str] | None:
    """The variable parts, None where the pattern does not fit."""
    if len(pattern) != len(wanted):
        return None
    pairs = list(zip(pattern, wanted, strict=True))
    if any(piece != word for piece, word in pairs if not piece.startswith("{")):
        return None
    return {piece[1:-1]: word for piece, word in pairs if piece.startswith("{")}
