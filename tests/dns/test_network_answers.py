"""Answers from a real name server; what fails says so and is never empty."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from building.name_server import NameServer, name_server
from building.patience import PATIENCE

from nexusops.dns.network import NetworkAnswers
from nexusops.errors import UsageError
from nexusops.model.dns import Answer, AnswerStatus, Question, found

ZONE = 'chem IN TXT "v=spf1 " "-all"\n MX 10 mail\nwww CNAME chem\n'


@pytest.fixture(scope="module")
def server() -> Iterator[NameServer]:
    with name_server({"ox.ac.uk": ZONE}) as running:
        yield running


def test_a_name_server_answers(server: NameServer) -> None:
    answers = {
        Question("chem.ox.ac.uk", "TXT"): found("v=spf1 -all"),
        Question("chem.ox.ac.uk", "MX"): found("10 mail.ox.ac.uk."),
        Question("www.ox.ac.uk", "TXT"): found("v=spf1 -all"),
        Question("chem.ox.ac.uk", "A"): Answer(status=AnswerStatus.NO_DATA),
        Question("nowhere.ox.ac.uk", "TXT"): Answer(status=AnswerStatus.NO_NAME),
        Question("no..name", "TXT"): Answer(status=AnswerStatus.NO_NAME),
    }
    assert NetworkAnswers(("127.0.0.1", server.port)).ask(answers) == answers


def test_a_refusal_is_a_failure_and_not_empty(server: NameServer) -> None:
    question = Question("elsewhere.example", "TXT")
    (answer,) = NetworkAnswers(("127.0.0.1", server.port), seconds=PATIENCE).ask([question]).values()
    assert (answer.failed, answer.message) == (True, "REFUSED")


def test_a_server_that_is_silent_is_a_failure_and_not_empty() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        asked = NetworkAnswers(("127.0.0.1", silent.getsockname()[1]), seconds=0.3).ask([Question("a.example", "TXT")])
    (answer,) = asked.values()
    assert (answer.failed, answer.message) == (True, "the time is up")


def test_a_resolver_that_stays_silent_is_not_asked_for_ever() -> None:
    """What was not asked is a failure too."""
    questions = [Question(f"n{number}.example", "TXT") for number in range(200)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        asked = NetworkAnswers(("127.0.0.1", silent.getsockname()[1]), seconds=0.2).ask(questions)
    assert all(answer.failed for answer in asked.values())
    assert sum("not asked" in answer.message for answer in asked.values()) > 100


def test_a_resolver_is_given_by_its_address() -> None:
    with pytest.raises(UsageError, match=r"dns\.resolver"):
        NetworkAnswers(("ns.example", 53))
