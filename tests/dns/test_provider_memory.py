"""What is remembered of providers, and what is told of them (R73): a failed look teaches nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path

from building.dns_answers import answers

from nexusops.dns.memory import ProviderMemory
from nexusops.model.dns import Answer, Question
from nexusops.model.dns_report import DomainFacts
from nexusops.model.policy import Policy
from nexusops.pipeline.domain_checks import Terms, check_with_providers
from nexusops.rules.mailauth.site import MailSite

SITE = MailSite(parent_domain="ox.ac.uk", site_include="_spf.ox.ac.uk", standard_mx="", catch_all="-all")
TERMS = Terms(policy=Policy(), site=SITE, selectors=(), today=date(2025, 10, 1))
FACTS = [DomainFacts(domain="day.chem.ox.ac.uk", state="published", zone="service")]
LINES = (
    "_spf.ox.ac.uk TXT v=spf1 ip4:129.67.0.0/16 ~all",
    "day.chem.ox.ac.uk TXT v=spf1 include:_spf.ox.ac.uk include:spf.p.example -all",
    "spf.p.example TXT v=spf1 include:inner.p.example -all",
)
INNER = "inner.p.example TXT v=spf1 ip4:192.0.2.0/24 -all"


class Written:
    """A Resolver that answers from lines; ``failing`` names are answered by nobody."""

    def __init__(self, *lines: str, failing: tuple[str, ...] = ()) -> None:
        self._ask = answers(*lines, failing=failing)

    def ask(self, questions: Collection[Question]) -> Mapping[Question, Answer]:
        found = {question: self._ask(question) for question in questions}
        return {question: answer for question, answer in found.items() if answer is not None}

    def close(self) -> None:
        return


def told(resolver: Written, memory: ProviderMemory, *, remember: bool = False) -> list[tuple[str, str]]:
    _, notes = check_with_providers(FACTS, TERMS, resolver, memory, remember=remember)
    return [(note.code, note.domain) for note in notes]


def test_what_was_never_seen_is_remembered_and_only_what_differs_is_told(tmp_path: Path) -> None:
    memory = ProviderMemory(path=tmp_path / "dns" / "providers.json")
    assert told(Written(*LINES, INNER), memory) == []
    assert memory.read() == {
        "spf.p.example": {
            "spf.p.example": "v=spf1 include:inner.p.example -all",
            "inner.p.example": "v=spf1 ip4:192.0.2.0/24 -all",
        }
    }
    assert told(Written(*LINES, INNER), memory) == []
    assert told(Written(*LINES, INNER.replace("/24", "/25")), memory) == [("PROVIDER_CHANGED", "spf.p.example")]


def test_a_look_that_failed_is_told_and_not_remembered(tmp_path: Path) -> None:
    """A failed read is never an empty answer."""
    memory = ProviderMemory(path=tmp_path / "providers.json")
    dead = Written(*LINES, failing=("inner.p.example",))
    for remember in (False, True):
        assert told(dead, memory, remember=remember) == [("DNS_UNKNOWN", "spf.p.example")]
        assert memory.read() == {}


def test_what_is_broken_is_told_and_what_was_good_is_kept(tmp_path: Path) -> None:
    memory = ProviderMemory(path=tmp_path / "providers.json")
    told(Written(*LINES, INNER), memory)
    good = memory.read()
    for remember in (False, True):
        assert told(Written(*LINES), memory, remember=remember) == [("PROVIDER_BROKEN", "spf.p.example")]
        assert memory.read() == good


def test_a_provider_that_comes_near_the_limit_is_told(tmp_path: Path) -> None:
    """R84: before it breaks the mail of all who include it."""
    memory = ProviderMemory(path=tmp_path / "providers.json")
    six = "inner.p.example TXT v=spf1 " + "a:h.p.example " * 6 + "-all"
    assert told(Written(*LINES, six.replace("a:h.p.example ", "", 1), "h.p.example A 192.0.2.1"), memory) == []
    more = Written(*LINES, six, "h.p.example A 192.0.2.1")
    assert told(more, memory, remember=True) == [("PROVIDER_NEAR_LIMIT", "spf.p.example")]
    assert "a:h.p.example" in memory.read()["spf.p.example"]["inner.p.example"]
