"""Months and days (rules.md 0; D01, D02)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexusops.model.dates import add_months, local_date, next_day

DAYS = st.dates(min_value=date(1990, 1, 1), max_value=date(2090, 1, 1))


@pytest.mark.parametrize(
    ("day", "months", "clamped", "rolled"),
    [
        ("2023-12-31", 2, "2024-02-29", "2024-03-01"),
        ("2024-12-31", 2, "2025-02-28", "2025-03-01"),
        ("2025-01-31", 1, "2025-02-28", "2025-03-01"),
        ("2025-01-15", 2, "2025-03-15", "2025-03-15"),
        ("2025-03-31", -1, "2025-02-28", "2025-03-01"),
    ],
)
def test_a_month_later_is_the_corresponding_day_or_the_last_one(
    day: str, months: int, clamped: str, rolled: str
) -> None:
    """D01: clamp; `roll` is the other choice."""
    start = date.fromisoformat(day)
    assert (str(add_months(start, months)), str(add_months(start, months, overflow="roll"))) == (clamped, rolled)


@given(DAYS, st.integers(-60, 60))
def test_adding_months_keeps_the_day_or_clamps_it_and_never_skips_a_month(day: date, months: int) -> None:
    """D01."""
    later = add_months(day, months)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day <= day.day


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (datetime(2025, 6, 30, 23, 30, tzinfo=UTC), "2025-07-01"),
        (datetime(2025, 6, 30, 22, 59, tzinfo=UTC), "2025-06-30"),
        (datetime(2025, 1, 1, 0, 0, tzinfo=UTC), "2025-01-01"),
        (datetime(2025, 3, 30, 23, 0, tzinfo=UTC), "2025-03-31"),
        (datetime(2025, 10, 26, 23, 30, tzinfo=UTC), "2025-10-26"),
    ],
)
def test_today_is_londons_date_whatever_the_clocks_do(instant: datetime, day: str) -> None:
    """D02: dates by the local zone, instants in UTC."""
    assert str(local_date(instant, "Europe/London")) == day


def test_the_last_day_of_the_calendar_has_none_after_it() -> None:
    """Registers write 9999-12-31 for what has no end; reckoning with it must not stop everybody's hour (D29)."""
    assert (next_day(date.max), add_months(date.max, 2), add_months(date.min, -1)) == (date.max, date.max, date.min)
    assert add_months(date(9999, 11, 30), 1) == date(9999, 12, 30)
