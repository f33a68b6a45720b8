"""What the headers of an answer say: how long to wait, when it was given, what the next token is to hold."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def asked_pause(headers: Mapping[str, str]) -> float | None:
    """Seconds that an answer asks us to wait, out of its headers (names in small letters).

    A date is counted from the answer's own Date: our clock may be minutes off.
    """
    return retry_after(headers.get("retry-after"), date_of(headers.get("date", "")))


def retry_after(value: str | None, now: datetime | None = None) -> float | None:
    """Seconds of a Retry-After header, given in seconds or as an HTTP date; None where it is missing or unreadable."""
    if not value:
        return None
    if re.fullmatch(r"\s*\d+(\.\d+)?\s*", value):
        return float(value)
    at = date_of(value)
    if at is None:
        return None
    from nexusops import clock

    return max(0.0, (at - (now or clock.now())).total_seconds())


def date_of(value: str) -> datetime | None:
    """The instant of an HTTP date; None for anything else."""
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def claims_of(challenge: str) -> str | None:
    """What a 401 asks the next token to hold, out of its WWW-Authenticate header; None where it asks for nothing."""
    found = re.search(r'claims="([^"]+)"', challenge)
    try:
        return base64.urlsafe_b64decode(found[1] + "=" * (-len(found[1]) % 4)).decode() if found else None
    except ValueError:
        return None
