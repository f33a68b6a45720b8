"""How a local part is formed from the names on a card (R4-R7; D13, D14, D15; rules.md 3.17)."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from nexusops.model.frozen import frozen

PERSONAL_LOCAL = re.compile(r"^[a-z0-9-]+\.[a-z0-9-]+$")
"""R4: what a personal address looks like before the @."""

_LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i"})
_DROPPED = dict.fromkeys(map(ord, "'\u2018\u2019\u02bc`\u00b4.,"))
_OTHER = re.compile(r"[^a-z0-9-]")
_DASHES = dict.fromkeys((*range(0x2010, 0x2016), 0x2212), "-")


@frozen
class NameForm:
    """``base`` None: no first.last can be formed (D14). ``codes``: findings for staff, in the order met."""

    base: str | None
    codes: tuple[str, ...] = ()


class _Token(NamedTuple):
    text: str
    latin: bool


def normalise(token: str) -> _Token:
    """One white-space-free token in lower-case Latin letters, digits and single inner hyphens (D13)."""
    if token.isascii() and token.isprintable():
        return _Token(_hyphenated(_OTHER.sub("", token.lower())), True)
    kept = "".join(c for c in token if unicodedata.category(c) not in ("Cf", "Cc"))
    text = kept.lower().translate(_LETTERS).translate(_DROPPED).translate(_DASHES)
    text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    # Compatibility forms may open into letters, dashes or apostrophes of their own (ﬀ, ﹣, ＇): once more.
    text = text.lower().translate(_LETTERS).translate(_DROPPED).translate(_DASHES)
    latin = all(not c.isalnum() or c.isascii() for c in text)
    text = _OTHER.sub("", text) if latin else text
    return _Token(_hyphenated(text), latin)


def _hyphenated(text: str) -> str:
    """With single hyphens, inside only."""
    return re.sub(r"-+", "-", text).strip("-") if "-" in text else text


@lru_cache(maxsize=4096)
def tokens(names: str) -> tuple[_Token, ...]:
    """The tokens that are left of a name field, split at any Unicode white space; empty ones are skipped (R6, D13).

    Many people share a name.
    """
    found = [normalise(part) for part in names.split()]
    return tuple(token for token in found if token.text)


def words(names: str) -> list[str]:
    """The Latin tokens of a name field as text."""
    return [token.text for token in tokens(names) if token.latin]


def form_name(
    personal_names: str,
    family_names: str,
    *,
    max_local: int = 64,
    first: str | None = None,
    last: str | None = None,
) -> NameForm:
    """``first.last`` from card names: the first personal token, all family tokens joined (R5, R6, R7).

    ``first`` and ``last`` are override parts of an accepted request (D25), used in place of the card's.
    """
    personal = (_Token(first, True),) if first else tokens(personal_names)[:1]
    family = (_Token(last, True),) if last else tokens(family_names)
    raw = ("" if first else personal_names) + ("" if last else family_names)
    hidden = not raw.isascii() and any(unicodedata.category(c) == "Cf" for c in raw)
    codes = ["NAME_CONTROL_CHARS"] if hidden else []
    if not personal or not family:
        return NameForm(base=None, codes=(*codes, "NAME_INCOMPLETE"))
    if not all(token.latin for token in (*personal, *family)):
        return NameForm(base=None, codes=(*codes, "NAME_NOT_LATIN"))
    base, cut = _fit(personal[0].text, [token.text for token in family], max_local)
    return NameForm(base=base, codes=(*codes, "NAME_TRUNCATED") if cut else tuple(codes))


def _fit(first: str, family: list[str], max_local: int) -> tuple[str, bool]:
    """D15: drop trailing family tokens until it fits; still too long: cut."""
    whole = f"{first}.{''.join(family)}"
    if len(whole) <= max_local:
        return whole, False
    while len(family) > 1 and len(first) + 1 + len("".join(family)) > max_local:
        family = family[:-1]
    first = first[: max_local - 2].rstrip("-")
    return f"{first}.{''.join(family)}"[:max_local].rstrip("-"), True


def local_part(base: str, n: int, max_local: int = 64) -> str:
    """``base`` for n = 1, else base + n with the base cut so that it fits (R17, D15), and keeps its dot (R4)."""
    if n == 1:
        return base
    suffix = str(n)
    room = max_local - len(suffix)
    cut = base[:room]
    if "." in base and "." not in cut:
        cut = base[: room - 1].rstrip("-") + "."
    return cut + suffix


def shortened_for(local: str, base: str, n: int) -> bool:
    """Whether the base had to be cut to make room for the number (D15)."""
    return n > 1 and len(local) < len(base) + len(str(n))
