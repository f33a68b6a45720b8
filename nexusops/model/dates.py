"""Dates and months (rules.md 0; D01, D02, D04). Always computed from the anchor date, never by chaining steps."""

from __future__ import annotations

import calendar
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)


@lru_cache(maxsize=4096)
def add_months(day: date, months: int, *, overflow: str = "clamp") -> date:
    """The corresponding day ``months`` later; in a shorter month its last day (``clamp``) or the first of the next
    (``roll``).

    D01. Not invertible: 31 December + 2 months is 28 February, 28 February - 2 months is 28 December.
    Registration writes "without end" as 9999-12-31: what would lie beyond the calendar is its last (or first) day.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not date.min.year <= year <= date.max.year:
        return date.max if months > 0 else date.min
    last = calendar.monthrange(year, month + 1)[1]
    if day.day > last and overflow == "roll":
        return next_day(date(year, month + 1, last))
    return date(year, month + 1, min(day.day, last))


def local_date(instant: datetime, zone: str) -> date:
    """The date of an aware instant in ``zone`` (D02): 2025-06-30T23:30Z is 2025-07-01 in Europe/London."""
    return instant.astimezone(ZoneInfo(zone)).date()


@lru_cache(maxsize=4096)
def next_day(day: date) -> date:
    """The last day of the calendar has none: it is its own."""
    return day if day == date.max else day + ONE_DAY


def earliest(*days: date | None) -> date | None:
    """The earliest of the dates that are there (D22), or None."""
    return min((d for d in days if d is not None), default=None)
