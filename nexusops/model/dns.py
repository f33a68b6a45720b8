"""Questions to the DNS and their answers. That nobody answered is an answer of its own, never an empty one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from nexusops.model.frozen import frozen


class AnswerStatus(StrEnum):
    FOUND = "found"
    NO_DATA = "no_data"
    """The name exists, and has no record of that type."""
    NO_NAME = "no_name"
    """NXDOMAIN."""
    FAILED = "failed"
    """SERVFAIL, REFUSED, a timeout: nothing is known."""


@dataclass(frozen=True, slots=True, order=True)
class Question:
    """``name`` in lower case, without a dot at its end; ``kind`` is a record type, such as TXT."""

    name: str
    kind: str


@frozen
class Answer:
    """``values`` as a zone file writes them, of a TXT the strings joined. ``message``: why it failed."""

    status: AnswerStatus
    values: tuple[str, ...] = ()
    message: str = ""

    @property
    def void(self) -> bool:
        """RFC 7208 section 4.6.4: nothing there, for certain."""
        return self.status in (AnswerStatus.NO_DATA, AnswerStatus.NO_NAME)

    @property
    def failed(self) -> bool:
        return self.status is AnswerStatus.FAILED


Ask = Callable[[Question], Answer | None]
"""How rules ask; None: it is not known yet, and the judgement that rests on it is not final."""


def found(*values: str) -> Answer:
    return Answer(status=AnswerStatus.FOUND, values=values)


@frozen
class DnsRecord:
    """``name`` is absolute, with or without its last dot. ``value`` is the zone file's, of a TXT the bare text."""

    type: str
    name: str
    value: str


class SigningStep(StrEnum):
    """What becomes of Exchange's signatures of a domain (R87). ``configure`` yields two aliases, which are published
    with the other records; once the DNS has them ``enable`` begins to sign.
    """

    NONE = ""
    CONFIGURE = "configure"
    ENABLE = "enable"
    DISABLE = "disable"
