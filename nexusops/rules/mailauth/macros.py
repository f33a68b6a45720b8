"""Macro strings and domain specifications of SPF (RFC 7208 sections 7.1 to 7.3): their grammar, and as much of their
expansion as a domain alone decides.
"""

from __future__ import annotations

import re

from nexusops.model.dns_spf import Macro, MacroString

_EXPAND = re.compile(
    r"%(?:\{(?P<letter>[A-Za-z])(?P<digits>\d*)(?P<r>[rR]?)(?P<delimiters>[.\-+,/_=]*)\}|(?P<one>[%_-]))"
)
_ONE = {"%": "%", "_": " ", "-": "%20"}
_TOPLABEL = re.compile(r"[A-Za-z0-9]*[A-Za-z][A-Za-z0-9]*|[A-Za-z0-9]+-[A-Za-z0-9-]*[A-Za-z0-9]")
LETTERS = frozenset("slodiphv")
"""The macros of a domain-spec; c, r and t belong to the text of an explanation only."""
LONGEST_NAME, LONGEST_LABEL = 253, 63


class BadMacro(Exception):
    """Not a macro-string, or not a domain-spec; why stands in the text."""


def macro_string(text: str) -> MacroString:
    """The text in its parts. Raises BadMacro."""
    return tuple(_part(piece) for piece in _pieces(text))


def _pieces(text: str) -> list[str | re.Match[str]]:
    """Literal text, and what is to be expanded."""
    found: list[str | re.Match[str]] = []
    at = 0
    while at < len(text):
        match = _EXPAND.match(text, at)
        if match is not None:
            found.append(match)
            at = match.end()
            continue
        if text[at] == "%":
            raise BadMacro(f"{text[at : at + 8]!r} is no macro; a percent sign itself is written %%")
        end = text.find("%", at) if "%" in text[at:] else len(text)
        found.append(text[at:end])
        at = end
    return found


def _part(piece: str | re.Match[str]) -> str | Macro:
    if isinstance(piece, str):
        return piece
    return _ONE[piece["one"]] if piece["one"] else _macro(piece)


def _macro(match: re.Match[str]) -> Macro:
    letter = match["letter"].lower()
    if letter not in LETTERS:
        word = "belongs to explanation texts only" if letter in "crt" else "is not defined"
        raise BadMacro(f"the macro letter {match['letter']!r} in {match[0]} {word}")
    if match["digits"] and int(match["digits"]) == 0:
        raise BadMacro(f"{match[0]} keeps no part at all; the number must be positive")
    return Macro(
        letter=letter,
        parts=int(match["digits"] or 0),
        reverse=bool(match["r"]),
        delimiters=match["delimiters"] or ".",
    )


def domain_spec(text: str) -> MacroString:
    """A domain-spec: it ends in a macro, or in a dot and a label that is not all digits. Raises BadMacro."""
    pieces = _pieces(text)
    parts = tuple(_part(piece) for piece in pieces)
    if not pieces:
        raise BadMacro("it names no domain")
    if isinstance(pieces[-1], str):
        _, dot, top = pieces[-1].removesuffix(".").rpartition(".")
        if not dot or not _TOPLABEL.fullmatch(top):
            raise BadMacro(f"{text!r} is no domain name: {_why_not(text)}")
    if all(isinstance(part, str) for part in parts) and not well_formed("".join(map(str, parts))):
        raise BadMacro(f"{text!r} is no domain name: it has an empty label, or one that is too long")
    return parts


def _why_not(text: str) -> str:
    if re.fullmatch(r"[\d.]+", text):
        return "addresses are written ip4: and the address"
    if "." not in text.removesuffix("."):
        return "it has only one label"
    return "its last label must be letters, digits and inner hyphens, and not all digits"


def well_formed(name: str) -> bool:
    """Whether the DNS can be asked for it: no empty label, none over 63 octets, not over 253 in all (RFC 1035)."""
    bare = name.removesuffix(".")
    labels = bare.split(".")
    return len(bare) <= LONGEST_NAME and all(0 < len(label) <= LONGEST_LABEL for label in labels)


def expanded(parts: MacroString | None, domain: str, sender_domain: str) -> str | None:
    """The name that a domain-spec means at ``domain`` for mail from ``sender_domain``; None: only a message can tell.

    In lower case, without a dot at its end, cut on the left to 253 octets (section 7.3).
    """
    if parts is None:
        return domain
    text = ""
    for part in parts:
        if isinstance(part, str):
            text += part
        elif part.letter in "do":
            text += _transformed(part, domain if part.letter == "d" else sender_domain)
        else:
            return None
    name = text.lower().removesuffix(".")
    while len(name) > LONGEST_NAME and "." in name:
        name = name.partition(".")[2]
    return name


def _transformed(macro: Macro, value: str) -> str:
    pieces = re.split(f"[{re.escape(macro.delimiters)}]", value)
    if macro.reverse:
        pieces.reverse()
    return ".".join(pieces[-macro.parts :] if macro.parts else pieces)
