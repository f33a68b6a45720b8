"""An SPF record taken apart (RFC 7208), and what looking at it and at all that it names has shown."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network

from nexusops.model.frozen import frozen

Network = IPv4Network | IPv6Network


class Qualifier(StrEnum):
    PASS = "+"  # noqa: S105  # no secret
    FAIL = "-"
    SOFTFAIL = "~"
    NEUTRAL = "?"


@frozen
class Macro:
    """``%{letter digits r delimiters}`` (RFC 7208 section 7.1). ``parts`` 0: all of them."""

    letter: str
    parts: int = 0
    reverse: bool = False
    delimiters: str = "."


MacroString = tuple[str | Macro, ...]
"""Literal text and macros, in their order."""


@frozen
class Mechanism:
    """``domain`` None: the domain of the record. ``network``: of ip4 and ip6. ``cidr4``, ``cidr6``: of a and mx."""

    text: str
    qualifier: Qualifier
    name: str
    domain: MacroString | None = None
    network: Network | None = None
    cidr4: int = 32
    cidr6: int = 128


@frozen
class Modifier:
    """``redirect``, ``exp``, or one that is not known, which has no effect (RFC 7208 section 6)."""

    text: str
    name: str
    value: MacroString


Term = Mechanism | Modifier


@frozen
class SpfRecord:
    """``problems``: what is wrong with its syntax, a sentence each; any of them makes the whole record an error."""

    text: str
    terms: tuple[Term, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def evaluated(self) -> tuple[Term, ...]:
        """The terms that count: mechanisms up to the first ``all``; where there is none, then ``redirect`` (5.1)."""
        found: list[Term] = []
        for term in self.terms:
            if isinstance(term, Mechanism):
                found.append(term)
                if term.name == "all":
                    return tuple(found)
        return (*found, *(term for term in self.terms if isinstance(term, Modifier) and term.name == "redirect"))


class Verdict(StrEnum):
    """What RFC 7208 makes of a record; ``critical``: it lets everybody pass. ``temperror``: the DNS did not answer."""

    OK = "ok"
    NONE = "none"
    PERMERROR = "permerror"
    CRITICAL = "critical"
    TEMPERROR = "temperror"


@frozen
class Note:
    """One finding about a domain's DNS: a code of interface.md 7, and a sentence."""

    code: str
    message: str
    domain: str = ""
    term: str = ""


def note(code: str, message: str, domain: str) -> Note:
    """One about a whole domain."""
    return Note(code=code, message=message, domain=domain)


@frozen
class Branch:
    """One term of a record, with the record that it leads to. ``lookups``: with all beneath it.

    ``target``: the name looked up; empty where the term has none, or only a message can tell (macros). ``shared``:
    a platform whose customers all send from the same servers.
    """

    term: str
    target: str = ""
    lookups: int = 0
    void: bool = False
    shared: bool = False
    record: str | None = None
    terms: tuple[Branch, ...] = ()


@frozen
class SpfReport:
    """``networks``: all addresses whose mail may pass, as far as they can be known without a message. ``others``: more
    may pass than those: everybody, or whomever only a message tells (macros, ptr).
    """

    domain: str
    verdict: Verdict
    lookups: int
    void_lookups: int
    record: str | None
    notes: tuple[Note, ...]
    tree: tuple[Branch, ...]
    networks: tuple[Network, ...] = field(default=())
    others: bool = False

    @property
    def can_pass(self) -> bool:
        """Whether any message passes."""
        return self.verdict in (Verdict.OK, Verdict.CRITICAL) and (self.others or bool(self.networks))

    @property
    def codes(self) -> frozenset[str]:
        return frozenset(note.code for note in self.notes)
