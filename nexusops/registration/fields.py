"""A table's strings, read strictly (rules.md 3): what does not fit is a BadValue, and a fault of its row (D29)."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime
from functools import lru_cache

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}(:?\d{2})?)", re.ASCII)
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(\.{_LABEL})+")
# RFC 5322's dot-atom: mailboxes, the directory and mail hubs have no letters but these in an address.
_LOCAL = re.compile(r"(?!\.)(?!.*\.\.)[!#-'*+\-./0-9=?A-Z^-~]{1,64}(?<!\.)")
_BOX = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_MAILBOX = re.compile(r"mailbox:[a-z0-9][a-z0-9._-]*")
_TRUE = frozenset({"true", "1", "yes"})
_FALSE = frozenset({"false", "0", "no"})


class BadValue(ValueError):
    """A value that is not what its column holds. ``code`` is that of rules.md 3, ``BAD_ROW`` where it names none."""

    def __init__(self, reason: str, code: str = "BAD_ROW") -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code


@lru_cache(maxsize=1 << 16)
def day(text: str) -> date:
    """A date ``YYYY-MM-DD``."""
    if not _DAY.fullmatch(text):
        raise BadValue(f"{text!r} is not a date YYYY-MM-DD")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadValue(f"{text!r} is not a date of the calendar") from error


def instant(text: str) -> datetime:
    """An RFC 3339 instant with an offset or Z, in UTC."""
    written = text.upper()
    if not _INSTANT.fullmatch(written):
        raise BadValue(f"{text!r} is not an instant with an offset or Z")
    try:
        return datetime.fromisoformat(written).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadValue(f"{text!r} is not an instant of the calendar") from error


def flag(text: str) -> bool:
    """true, 1, yes; false, 0, no; in any case of letters."""
    word = text.lower()
    if word not in _TRUE | _FALSE:
        raise BadValue(f"{text!r} is neither true nor false")
    return word in _TRUE


def number(text: str) -> int:
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        raise BadValue(f"{text!r} is not a whole number")
    return int(text)


def is_domain(text: str) -> bool:
    """A lower-case name of letters, digits and hyphens, of two labels at least and 253 characters at most."""
    return len(text) <= 253 and _DOMAIN.fullmatch(text) is not None


def is_address(text: str) -> bool:
    local, at, domain = text.rpartition("@")
    return at == "@" and _LOCAL.fullmatch(local) is not None and is_domain(domain)


def is_box(text: str) -> bool:
    """Whether it can name a mailbox."""
    return _BOX.fullmatch(text) is not None


def meant(key: str) -> str:
    """A key without what nobody sees in it: white space around it, invisible characters, letters of another width."""
    seen = "".join(one for one in key if unicodedata.category(one) not in ("Cc", "Cf"))
    return unicodedata.normalize("NFKC", seen).strip()


def is_destination(text: str) -> bool:
    """``mailbox:<username>`` or an address (rules.md 3.6)."""
    return _MAILBOX.fullmatch(text) is not None or is_address(text)
