"""What RFC 7208 makes of a domain's SPF record, looked at without a message (D40).

A message is compared with the terms in their order, so the first that ends every comparison decides: an error (for all
who get so far) or a term that lets everybody pass. Counted is what a message could cost that nothing matches: each term
that asks the DNS, each time that it stands there, and each that finds nothing (4.6.4).
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import collapse_addresses, ip_address, ip_network

from nexusops.model.dns import Answer, AnswerStatus, Ask, Question
from nexusops.model.dns_spf import Branch, Macro, Mechanism, Network, Note, Qualifier, SpfReport, Term, Verdict
from nexusops.model.frozen import frozen
from nexusops.model.policy import SpfPolicy
from nexusops.rules.mailauth.macros import expanded, well_formed
from nexusops.rules.mailauth.platforms import shared_platform
from nexusops.rules.mailauth.syntax import parse, spf_records

MOST_HOSTS = 10
"""MX hosts of one mx term (4.6.4); what they do beyond is a permerror."""
ENOUGH = 100
"""After so many lookups nothing is followed any more: the verdict is clear long before."""

WIDE = {4: 8, 6: 16}
"""A network with a shorter prefix is WIDE_RANGE."""


def lint(domain: str, ask: Ask, policy: SpfPolicy) -> SpfReport:
    """The verdict, the findings and the tree. Final once ``ask`` knew every answer."""
    walk = _Walk(domain=domain, ask=ask, policy=policy)
    seen = walk.record(domain, (), passing=True)
    walk.judge_counts()
    if walk.verdict is None and not seen.exists:
        walk.note("NO_SPF", f"{domain} has no SPF record", domain)
    return SpfReport(
        domain=domain,
        verdict=_verdict(walk, seen),
        lookups=walk.lookups,
        void_lookups=walk.voids,
        record=seen.text,
        notes=tuple(dict.fromkeys(walk.notes)),
        tree=seen.branches,
        networks=_collapsed(walk.networks),
        others=walk.others,
    )


def _verdict(walk: _Walk, seen: _Seen) -> Verdict:
    if walk.verdict is not None:
        return walk.verdict
    if walk.unanswered:
        return Verdict.TEMPERROR
    return Verdict.OK if seen.exists else Verdict.NONE


@frozen
class _Seen:
    """A record as it was found. ``exists`` is true too where that is not known."""

    exists: bool = True
    void: bool = False
    text: str | None = None
    branches: tuple[Branch, ...] = ()


class _Walk:
    """One look at a domain's record and all that it leads to."""

    def __init__(self, *, domain: str, ask: Ask, policy: SpfPolicy) -> None:
        self.sender_domain, self.ask, self.policy = domain, ask, policy
        self.lookups = self.voids = 0
        self.notes: list[Note] = []
        self.networks: list[Network] = []
        self.verdict: Verdict | None = None
        self.unanswered = self.others = False

    def note(self, code: str, message: str, domain: str = "", term: str = "") -> None:
        self.notes.append(Note(code=code, message=message, domain=domain, term=term))

    def error(self, code: str, message: str, domain: str, term: str = "") -> None:
        """A permerror, unless the comparison had ended before."""
        self.note(code, message, domain, term)
        self.verdict = self.verdict or Verdict.PERMERROR

    def judge_counts(self) -> None:
        """The findings that need the whole count."""
        most, voids = self.policy.max_lookups, self.policy.max_void_lookups
        if self.lookups > most:
            number = f"more than {ENOUGH}" if self.lookups > ENOUGH else str(self.lookups)
            message = f"{number} lookups are needed, and {most} are allowed; receivers take it for an error"
            self.note("TOO_MANY_LOOKUPS", message, self.sender_domain)
        elif self.lookups >= self.policy.near_lookups:
            self.note("NEAR_LOOKUP_LIMIT", f"{self.lookups} of {most} lookups are used", self.sender_domain)
        if self.voids > voids:
            message = f"{self.voids} lookups find nothing, and {voids} are allowed; receivers take it for an error"
            self.note("TOO_MANY_VOID_LOOKUPS", message, self.sender_domain)

    def record(self, domain: str, path: tuple[str, ...], *, passing: bool) -> _Seen:
        """The record of ``domain``; ``path`` leads there. ``passing``: what passes here passes at the beginning too."""
        if not well_formed(domain) or "." not in domain:
            return _Seen(exists=False)
        answer = self.answer(domain, "TXT")
        if answer is None or answer.failed:
            return _Seen()
        records = spf_records(answer.values)
        if not records:
            return _Seen(exists=False, void=answer.void)
        if len(records) > 1:
            self.error("MULTIPLE_SPF", f"{domain} has {len(records)} SPF records; only one may be there", domain)
            return _Seen(text=" | ".join(records))
        record = parse(records[0])
        for problem in record.problems:
            self.error("SYNTAX", f"the record of {domain} has an error: {problem}", domain)
        way = (*path, domain)
        branches = tuple(self.term(term, domain, way, passing=passing) for term in record.evaluated)
        return _Seen(text=record.text, branches=branches)

    def answer(self, name: str, kind: str) -> Answer | None:
        """None: not known yet. That nobody answered is a finding, and no empty answer."""
        if not well_formed(name):
            return Answer(status=AnswerStatus.NO_NAME)
        answer = self.ask(Question(name, kind))
        if answer is not None and answer.failed:
            self.unanswered = True
            self.note("DNS_UNKNOWN", f"{name} {kind} could not be looked up: {answer.message}", name)
        return answer

    def term(self, term: Term, domain: str, path: tuple[str, ...], *, passing: bool) -> Branch:
        """One term, with all that it leads to."""
        passes = passing and (not isinstance(term, Mechanism) or term.qualifier is Qualifier.PASS)
        if isinstance(term, Mechanism) and (term.network is not None or term.name == "all"):
            return self._at_hand(term, domain, passes)
        before = self.lookups
        self._count()
        parts = term.domain if isinstance(term, Mechanism) else term.value
        if parts is not None and any(isinstance(part, Macro) and part.letter == "p" for part in parts):
            self.note("PTR", f"{term.text} rests on PTR records, which is slow and deprecated", domain, term.text)
        target = expanded(parts, domain, self.sender_domain)
        seen = self._followed(term, target, domain, path, passes) if self.lookups <= ENOUGH else _Seen()
        if seen.void:
            self._void()
        return Branch(
            term=term.text,
            target=target or "",
            lookups=self.lookups - before,
            void=seen.void,
            shared=term.name in ("include", "redirect") and shared_platform(target or "") is not None,
            record=seen.text,
            terms=seen.branches,
        )

    def _at_hand(self, term: Mechanism, domain: str, passes: bool) -> Branch:
        """all, ip4 and ip6 ask nothing."""
        if term.network is not None:
            self._permit(term, term.network, domain, passes)
        elif passes:
            self.note(
                "PASS_ALL", f"{term.text} in the record of {domain} lets everybody send as you", domain, term.text
            )
            self.verdict = self.verdict or Verdict.CRITICAL
            self.others = True
        return Branch(term=term.text)

    def _followed(self, term: Term, target: str | None, domain: str, path: tuple[str, ...], passes: bool) -> _Seen:
        self.others = self.others or (passes and (term.name == "ptr" or target is None))
        if term.name == "ptr":
            self.note("PTR", f"{term.text} in the record of {domain} is slow and deprecated", domain, term.text)
            return _Seen()
        if target is None:
            return _Seen()
        if term.name in ("include", "redirect"):
            return self._led(term, target, domain, path, passes)
        ways: dict[str, Callable[[Mechanism, str, str, bool], bool]] = {"a": self._a, "mx": self._mx}
        if isinstance(term, Mechanism) and term.name in ways:
            return _Seen(void=ways[term.name](term, target, domain, passes))
        return _Seen(void=self._exists(term, target, domain, passes))

    def _led(self, term: Term, target: str, domain: str, path: tuple[str, ...], passes: bool) -> _Seen:
        """include and redirect: another record, which must be there (5.2, 6.1)."""
        if target in path:
            way = " -> ".join((*path[path.index(target) :], target))
            self.error("LOOP", f"{term.text} leads back to where it came from: {way}", domain, term.text)
            return _Seen()
        seen = self.record(target, path, passing=passes)
        if not seen.exists:
            message = f"{term.text} in the record of {domain}: {target or 'it'} has no SPF record"
            self.error("INCLUDE_NO_SPF", message, domain, term.text)
        return seen

    def _a(self, term: Mechanism, name: str, domain: str, passes: bool) -> bool:
        """The addresses of a name; whether there are none."""
        found = [self.answer(name, kind) for kind in ("A", "AAAA")]
        for answer, length in zip(found, (term.cidr4, term.cidr6), strict=True):
            for text in answer.values if answer is not None else ():
                self._permit(term, ip_network((ip_address(text).packed, length), strict=False), domain, passes)
        return all(answer is not None and answer.void for answer in found)

    def _exists(self, term: Term, name: str, domain: str, passes: bool) -> bool:
        """A name that no message alters: it is there for everybody, or for nobody."""
        answer = self.answer(name, "A")
        if passes and answer is not None and answer.values:
            message = f"{term.text} in the record of {domain} lets everybody send as you: {name} is always there"
            self.note("WIDE_RANGE", message, domain, term.text)
            self.others = True
        return answer is not None and answer.void

    def _mx(self, term: Mechanism, name: str, domain: str, passes: bool) -> bool:
        """The addresses of a name's mail hosts; whether there are no hosts, or one without an address."""
        answer = self.answer(name, "MX")
        if answer is None or not answer.values:
            return answer is not None and answer.void
        hosts = [value.split()[-1].lower().rstrip(".") for value in answer.values]
        if len(hosts) > MOST_HOSTS:
            message = f"{term.text} in the record of {domain}: {name} has {len(hosts)} mail hosts, {MOST_HOSTS} may be"
            self.error("TOO_MANY_LOOKUPS", message, domain, term.text)
            return False
        voids = [self._a(term, host, domain, passes) for host in dict.fromkeys(hosts) if host]
        return any(voids)

    def _permit(self, term: Mechanism, network: Network, domain: str, passes: bool) -> None:
        """Notes who may send; a network that is most of the Internet is hardly meant."""
        if not passes:
            return
        self.networks.append(network)
        if network.prefixlen < WIDE[network.version]:
            message = f"{term.text} in the record of {domain} lets {network} send as you: most of the Internet"
            self.note("WIDE_RANGE", message, domain, term.text)

    def _count(self) -> None:
        self.lookups += 1
        if self.lookups > self.policy.max_lookups:
            self.verdict = self.verdict or Verdict.PERMERROR

    def _void(self) -> None:
        self.voids += 1
        if self.voids > self.policy.max_void_lookups:
            self.verdict = self.verdict or Verdict.PERMERROR


def _collapsed(networks: list[Network]) -> tuple[Network, ...]:
    four = collapse_addresses(one for one in networks if one.version == 4)
    six = collapse_addresses(one for one in networks if one.version == 6)
    return (*four, *six)
