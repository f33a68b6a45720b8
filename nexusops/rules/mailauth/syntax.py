"""The syntax of SPF records (RFC 7208 sections 4.5, 4.6.1, 5 and 6, and the grammar of its section 12)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address, IPv6Network

from nexusops.model.dns_spf import Mechanism, Modifier, Network, Qualifier, SpfRecord, Term
from nexusops.rules.mailauth.macros import BadMacro, domain_spec, macro_string

VERSION = "v=spf1"
_MODIFIER = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9_.-]*)=(?P<value>.*)")
_MECHANISM = re.compile(r"([+?~-]?)([A-Za-z0-9_.-]*)(.*)")
_IP4 = re.compile(r"(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}")
_LENGTH = re.compile(r"0|[1-9]\d{0,2}")
_CIDR = re.compile(r"(.*?)(?:/(\d+))?(?://(\d+))?")
NAMES = ("all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists")
ONCE = ("redirect", "exp")


class _Wrong(Exception):
    """One term is no term; why stands in the text."""


def is_spf(text: str) -> bool:
    """Whether a TXT record is an SPF record: the version, then a space or the end (section 4.5)."""
    return text.lower() == VERSION or text.lower().startswith(f"{VERSION} ")


def spf_records(texts: Iterable[str]) -> list[str]:
    return [text for text in texts if is_spf(text)]


def parse(text: str) -> SpfRecord:
    """Every term of a record, and what is wrong with it. Never raises: errors anywhere count (section 4.6)."""
    terms: list[Term] = []
    problems: list[str] = []
    for word in text[len(VERSION) :].split(" "):
        if word:
            try:
                terms.append(_term(word))
            except (_Wrong, BadMacro) as error:
                problems.append(f"{_shown(word)}: {error}")
    for name in ONCE:
        if sum(isinstance(term, Modifier) and term.name == name for term in terms) > 1:
            problems.append(f"{name}= stands there more than once")
    return SpfRecord(text=text, terms=tuple(terms), problems=tuple(problems))


def _shown(word: str) -> str:
    return word if word.isprintable() and word.isascii() else ascii(word)[1:-1]


def _term(word: str) -> Term:
    if not all("!" <= char <= "~" for char in word):
        raise _Wrong("only visible ASCII characters may stand there, and terms are parted by spaces")
    modifier = _MODIFIER.fullmatch(word)
    if modifier is not None:
        name = modifier["name"].lower()
        value = domain_spec(modifier["value"]) if name in ONCE else macro_string(modifier["value"])
        return Modifier(text=word, name=name, value=value)
    return _mechanism(word)


def _mechanism(word: str) -> Mechanism:
    given, name, rest = _taken(_MECHANISM, word)
    name, qualifier = (name or "").lower(), Qualifier(given or "+")
    rest = rest or ""
    if name not in NAMES or (rest and rest[0] not in ":/"):
        raise _Wrong("there is no such mechanism" + (", it is written redirect=" if name == "redirect" else ""))
    if name == "all":
        if rest:
            raise _Wrong("all takes nothing after it")
        return Mechanism(text=word, qualifier=qualifier, name=name)
    if name in ("ip4", "ip6"):
        return Mechanism(text=word, qualifier=qualifier, name=name, network=_network(name, rest))
    if name in ("a", "mx"):
        return _with_lengths(word, qualifier, name, rest)
    if not rest and name == "ptr":
        return Mechanism(text=word, qualifier=qualifier, name=name)
    if not rest.startswith(":"):
        raise _Wrong(f"{name} needs a colon and a domain" if name != "ptr" else "ptr takes no prefix length")
    return Mechanism(text=word, qualifier=qualifier, name=name, domain=domain_spec(rest[1:]))


def _with_lengths(word: str, qualifier: Qualifier, name: str, rest: str) -> Mechanism:
    """a and mx: a domain or none, then prefix lengths for IPv4 and, after two slashes, for IPv6."""
    domain, four, six = _taken(_CIDR, rest)
    if domain and not domain.startswith(":"):
        raise _Wrong("prefix lengths are written /24, //64 or /24//64")
    return Mechanism(
        text=word,
        qualifier=qualifier,
        name=name,
        domain=domain_spec(domain[1:]) if domain else None,
        cidr4=_length(four, 32),
        cidr6=_length(six, 128),
    )


def _taken(pattern: re.Pattern[str], text: str) -> Sequence[str | None]:
    """The groups of a pattern that matches anything."""
    match = pattern.fullmatch(text)
    return match.groups() if match is not None else ()


def _length(text: str | None, most: int) -> int:
    if text is None:
        return most
    if not _LENGTH.fullmatch(text) or int(text) > most:
        raise _Wrong(f"/{text} is no prefix length; 0 to {most}, without leading zeros")
    return int(text)


def _network(name: str, rest: str) -> Network:
    if not rest.startswith(":"):
        raise _Wrong(f"{name} needs a colon and an address")
    text, slash, length = rest[1:].partition("/")
    bits = 32 if name == "ip4" else 128
    prefix = _length(length, bits) if slash else bits
    if name == "ip4":
        if not _IP4.fullmatch(text):
            raise _Wrong(f"{text!r} is no IPv4 address")
        return IPv4Network((int(IPv4Address(text)), prefix), strict=False)
    try:
        if "%" in text:
            raise AddressValueError(text)
        return IPv6Network((int(IPv6Address(text)), prefix), strict=False)
    except AddressValueError as error:
        raise _Wrong(f"{text!r} is no IPv6 address") from error
