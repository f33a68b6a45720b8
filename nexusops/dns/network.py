"""Answers from a resolver: the system's, or the one configured. Failures are answers that say so (interface.md 7)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from time import monotonic

import dns.exception
import dns.resolver

from nexusops.dns.records import dns_name, record_of
from nexusops.errors import UsageError
from nexusops.model.dns import Answer, AnswerStatus, Question

AT_ONCE = 16
"""Questions that are asked beside one another; a record with its includes has some dozens."""
PATIENCE = 32
"""After so many questions in a row without any answer the resolver is taken for dead."""
SILENT = "the time is up"


class NetworkAnswers:
    """The Resolver of ports.py over the network. ``seconds``: how long a question may take; ``in_all``: how long all of
    them, from the first one on.
    """

    def __init__(
        self, server: tuple[str, int] | None = None, *, seconds: float = 10.0, in_all: float | None = None
    ) -> None:
        try:
            self._resolver = dns.resolver.Resolver(configure=server is None)
        except dns.resolver.NoResolverConfiguration as error:
            raise UsageError(
                "This machine has no resolver configured.",
                next_step="Name one as dns.resolver in nexusops.toml, or a zone file with --zone.",
            ) from error
        if server is not None:
            self._resolver.nameservers = [_address(server[0])]
            self._resolver.port = server[1]
        self._resolver.lifetime = seconds
        self._resolver.search = []
        self._silences = 0
        self._in_all = in_all
        self._ends: float | None = None

    def ask(self, questions: Collection[Question]) -> Mapping[Question, Answer]:
        """An answer for each. Of a resolver that stays silent not everything is asked, and nothing is assumed."""
        if self._in_all is not None and self._ends is None:
            self._ends = monotonic() + self._in_all
        with ThreadPoolExecutor(AT_ONCE) as pool:
            wanted = list(questions)
            return dict(zip(wanted, pool.map(self._unless_silent, wanted), strict=True))

    def _unless_silent(self, question: Question) -> Answer:
        if self._silences >= PATIENCE:
            return Answer(status=AnswerStatus.FAILED, message="the resolver does not answer, so it was not asked")
        answer = self._one(question)
        self._silences = self._silences + 1 if answer.message == SILENT else 0
        return answer

    def _one(self, question: Question) -> Answer:
        name, left = dns_name(question.name), self._left()
        if name is None:
            return Answer(status=AnswerStatus.NO_NAME)
        if left <= 0:
            return Answer(status=AnswerStatus.FAILED, message=SILENT)
        try:
            found = self._resolver.resolve(name, question.kind, search=False, lifetime=left)
        except dns.resolver.NXDOMAIN:
            return Answer(status=AnswerStatus.NO_NAME)
        except dns.resolver.NoAnswer:
            return Answer(status=AnswerStatus.NO_DATA)
        except (dns.exception.DNSException, OSError) as error:
            return Answer(status=AnswerStatus.FAILED, message=_said(error))
        return Answer(status=AnswerStatus.FOUND, values=tuple(record_of(question.name, one).value for one in found))

    def _left(self) -> float:
        """Seconds for the next question."""
        if self._ends is None:
            return self._resolver.lifetime
        return min(self._resolver.lifetime, self._ends - monotonic())

    def close(self) -> None:
        return


def _address(host: str) -> str:
    try:
        return str(ip_address(host))
    except ValueError as error:
        raise UsageError(
            f"dns.resolver: expected an address, such as 127.0.0.1:53, found {host!r}.",
            next_step="Give the resolver's address in nexusops.toml, since its name would have to be looked up, "
            "then try `nexusops doctor`.",
        ) from error


def _said(error: Exception) -> str:
    """In a word: SERVFAIL, REFUSED, a timeout."""
    if isinstance(error, dns.resolver.NoNameservers):
        words = {str(answer[3]) for answer in error.kwargs["errors"]} - {""}
        return ", ".join(sorted(words)) or "no answer that can be understood"
    return SILENT if isinstance(error, dns.exception.Timeout) else str(error)
