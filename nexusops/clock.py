"""The clock. Nothing else in nexusops reads it: time is an argument everywhere (D02)."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The present instant, aware, in UTC, to the second: what is printed is what was used."""
    return datetime.now(UTC).replace(microsecond=0)
