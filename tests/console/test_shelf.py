"""What the console keeps between pages: made once for many, and never in the way of another page."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from building.patience import PATIENCE
from console.conftest import SECOND

from nexusops import wiring
from nexusops.console.answers import Page
from nexusops.console.shelf import FRESH, Shelf
from nexusops.pipeline.inputs import Ports


@pytest.fixture
def ports(site: Path) -> Iterator[Ports]:
    with wiring.opened(site) as opened:
        yield opened.ports


@dataclass
class Slow:
    """Registration data that come when they are let go."""

    registration: Any
    begun: threading.Event
    go_on: threading.Event

    def read(self) -> Any:
        self.begun.set()
        assert self.go_on.wait(PATIENCE)
        return self.registration.read()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.registration, name)


def test_while_a_plan_is_made_whoever_asks_for_something_else_is_answered(ports: Ports) -> None:
    """Who may what is looked up for every click: a plan of minutes would have shut the whole console for as long."""
    shelf, slow = Shelf(), Slow(ports.registration, threading.Event(), threading.Event())
    slowly = replace(ports, registration=slow)
    with ThreadPoolExecutor(3) as threads:
        try:
            plans = [threads.submit(shelf.plan, slowly, SECOND) for _ in range(2)]
            assert slow.begun.wait(PATIENCE)
            staff = threads.submit(shelf.staff, ports).result(PATIENCE)
        finally:
            slow.go_on.set()
    assert "chem0011" in {row.staff_id for row in staff}
    assert plans[0].result() is plans[1].result()


def test_a_forecast_is_made_once_until_it_is_old_or_what_it_rests_on_is_another(ports: Ports) -> None:
    """On a large site it takes many seconds; everybody who looks at it had it made anew."""
    shelf, until, made = Shelf(), date(2026, 2, 1), list[Page]()

    def page(at: timedelta = timedelta(), until: date = until) -> Page:
        def make() -> Page:
            made.append(Page(template="forecast", title=f"{len(made)}"))
            return made[-1]

        return shelf.forecast(ports, SECOND + at, until, make)

    assert [page().title, page(FRESH / 2).title, page(FRESH).title] == ["0", "0", "1"]
    assert page(FRESH, date(2026, 3, 1)).title == "2"
    other = replace(ports, faulty_services={"adminday": "it was changed"})
    assert shelf.forecast(other, SECOND + FRESH, date(2026, 3, 1), lambda: made[0]) is made[0]
