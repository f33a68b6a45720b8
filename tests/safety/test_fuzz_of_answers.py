"""Whatever a tenant answers, once or twice in a row: no traceback, no wrong change, an exit code of the contract.

The real command line with the real credentials and clients, over TLS, against the embedded tenant whose answers are
spoiled on their way. NEXUSOPS_FUZZ=2000 (``make fuzz``) tries more of them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from building.fuzzed import FUZZ, answers
from building.killed import DAYS, KilledSite, differing
from building.spoiled import Answered, FarSite, Spoil, far_tenant
from building.spoils import any_spoil, saying, unreadable
from hypothesis import given, settings
from hypothesis import strategies as st

TRIES = max(3, int(os.environ.get("NEXUSOPS_FUZZ", "0")) // 4)
pytestmark = pytest.mark.timeout(600 + 30 * TRIES)
FEW = settings(FUZZ, max_examples=TRIES)
READS, REQUESTS = 10, 46
"""So many requests a plan from scratch makes, and a run of the second day."""


@pytest.fixture(scope="module")
def far(one_day: KilledSite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FarSite]:
    folder = tmp_path_factory.mktemp("far")
    with far_tenant(folder, one_day.copied(folder / "still").folder / "config") as found:
        yield found


@pytest.fixture(scope="module")
def expected(two_days: KilledSite) -> dict[str, Any]:
    return two_days.outcome()


def planned(site: KilledSite) -> tuple[int, Any]:
    code, said = answers(*site.words("plan", DAYS[1], "--refresh", "full", "--format", "json"))
    document = json.loads(said) if code == 0 else {}
    return code, {name: value for name, value in document.items() if name != "plan_id"}


@FEW
@given(number=st.integers(0, READS - 1), spoil=unreadable())
def test_a_plan_from_an_answer_that_cannot_be_read_is_the_right_plan_or_none(
    number: int, spoil: Spoil, far: FarSite, one_day: KilledSite, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The answer is asked for again, or the command ends with 8; never is a part taken for the whole."""
    site = one_day.copied(tmp_path_factory.mktemp("plan") / "site")
    with far.answering(site.folder / "config") as tenant:
        right = planned(site)
        tenant.spoil({number: spoil})
        code, plan = planned(site)
    assert (code, plan) in (right, (8, {}))
    shutil.rmtree(site.folder)


@FEW
@given(number=st.integers(0, REQUESTS - 1), spoil=any_spoil(), again=st.booleans())
def test_a_run_whose_answers_are_spoiled_ends_in_the_end_as_without_that(
    number: int,
    spoil: Spoil,
    again: bool,
    far: FarSite,
    one_day: KilledSite,
    expected: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Done, set aside, or stopped before the first write; the next run does what is left, and nothing twice."""
    site = one_day.copied(tmp_path_factory.mktemp("run") / "site")
    with far.answering(site.folder / "config") as tenant:
        tenant.spoil({number: spoil, number + 1: spoil} if again else {number: spoil})
        code, _ = answers(*site.words("run", DAYS[1]))
        assert code in (0, 5, 8)
        tenant.spoil({})
        code, said = answers(*site.words("run", DAYS[1]))
        assert code == 0, said
    assert differing(site.outcome(), expected) == {}
    shutil.rmtree(site.folder)


@pytest.mark.parametrize("where", ["/users", "InvokeCommand", "token"])
def test_an_answer_nested_beyond_measure_is_no_defect_of_ours(
    where: str, far: FarSite, one_day: KilledSite, tmp_path: Path
) -> None:
    site = one_day.copied(tmp_path / "site")
    with far.answering(site.folder / "config") as tenant:
        _, right = planned(site)
        number = next(n for n, asked in enumerate(tenant.asked) if where in asked)
        tenant.spoil({number: saying(200, b"[" * 20_000)})
        code, plan = planned(site)
        assert tenant.met == 1
    assert (code, plan) in ((0, right), (8, {}))


def without_their_values(answer: Answered) -> Answered:
    """Rows that are there and say nothing, and ends that are no instants."""
    document = json.loads(answer.body)
    for name, rows in document.items():
        if isinstance(rows, list) and not name.startswith("@"):
            document[name] = [{"@odata.id": "1", "keyId": "1", "endDateTime": "soon"} for _ in rows]
    return answer.saying(json.dumps(document).encode())


def test_doctor_says_which_question_was_not_answered_as_documented(
    far: FarSite, one_day: KilledSite, tmp_path: Path
) -> None:
    """interface.md 3: it ends with 6, and the rest is told all the same."""
    config = str(one_day.copied(tmp_path / "site").folder / "config")
    with far.answering(Path(config)) as tenant:
        _, right = answers("--config", config, "doctor", "--at", DAYS[1])
        asked = [n for n, one in enumerate(tenant.asked) if "InvokeCommand" in one or "applications" in one]
        for number in asked[:-1]:  # the last one looks for the sender's mailbox
            tenant.spoil({number: without_their_values})
            code, said = answers("--config", config, "doctor", "--at", DAYS[1])
            assert (code, tenant.met) == (6, 1)
            assert "cannot be understood" in said or "is not what Graph documents" in said
            assert len(said.splitlines()) >= len(right.splitlines()) - 1
    assert len(asked) == 5


def test_a_token_in_an_answer_that_cannot_be_read_is_shown_to_nobody(
    far: FarSite, one_day: KilledSite, tmp_path: Path
) -> None:
    """interface.md 1, with the log of most words: azure-identity quotes such an answer, in its errors and its log."""
    site = one_day.copied(tmp_path / "site")
    said = []
    with far.answering(site.folder / "config") as tenant:
        for text in (b'{"access_token": "TOKEN-4711", "expires_in": 3599', b'{"access_token": "TOKEN-4711"} \n {}'):
            tenant.spoil({1: saying(200, text)})
            words = [sys.executable, "-m", "nexusops", "--log-level", "debug", *site.words("plan", DAYS[1])]
            done = subprocess.run(words, capture_output=True, text=True, check=False)
            assert (done.returncode, tenant.met) == (8, 1)
            assert "The tenant could not be read: Authentication failed: JSON is invalid" in done.stderr
            said.append(done.stdout + done.stderr)
    assert not [one for one in said if "TOKEN-4711" in one]
