"""A saved plan whose world has changed: what still fits is done, the rest is set aside with both values (exit 5, 7)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from building.by_hand import exchange
from building.killed import DAYS, KilledSite, differing, second_day

from nexusops import wiring
from nexusops.cli import call
from nexusops.codec import digest_of, dump_plan, load_plan
from nexusops.model.changes import SetForward, SetSender
from nexusops.model.ids import Address
from nexusops.model.plan import Planned

FIRST, SECOND, _ = DAYS
NEITHER = (
    "the sender is by.hand@chem.ox.ac.uk; the plan expected ann.lee2@chem.ox.ac.uk and wants ann.lee2@law.ox.ac.uk"
)
TIGHT = "[limits.Destructive]\ncount = 1\n"


@pytest.fixture
def site(fresh: KilledSite) -> KilledSite:
    """After the first day's run, with the second day's plan saved."""
    assert fresh.type("plan", SECOND, "--out", str(fresh.folder / "plan.json")) == 0
    return fresh


@pytest.fixture
def apply(site: KilledSite, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, Any, str]]:
    def applied(*words: str) -> tuple[int, Any, str]:
        capsys.readouterr()
        config, plan = str(site.folder / "config"), str(site.folder / "plan.json")
        code = call(["--config", config, "apply", plan, "--at", SECOND, "--format", "json", *words])
        said = capsys.readouterr()
        return code, json.loads(said.out) if said.out else None, said.err

    return applied


@pytest.fixture
def expected(two_days: KilledSite) -> dict[str, Any]:
    """How the second day ends when nothing happens."""
    return two_days.outcome()


def test_what_no_longer_fits_is_set_aside_and_the_rest_is_done(
    site: KilledSite, apply: Callable[..., tuple[int, Any, str]], expected: dict[str, Any]
) -> None:
    """interface.md 4 and exit code 5: with the value found, the one expected and the one wanted."""
    exchange(
        site, "1000002", "Set-Mailbox", EmailAddresses=["SMTP:by.hand@chem.ox.ac.uk", "smtp:ann.lee2@chem.ox.ac.uk"]
    )
    code, document, err = apply()
    assert code == 5
    assert err.startswith(
        f"Partly done: 1 change failed or set aside, in the run {document['run_id']}.\nNext: `nexusops "
    )
    assert [(one["kind"], one["target"], one["message"]) for one in document["set_aside"]] == [
        (
            "SetSender",
            "chem0002",
            NEITHER,
        )
    ]
    found, wanted = site.outcome()["tenant"]["people"], expected["tenant"]["people"]
    del found["1000002"], wanted["1000002"]
    assert differing(found, wanted) == {}


def test_a_saved_plan_that_was_killed_is_finished_by_resume(
    site: KilledSite,
    apply: Callable[..., tuple[int, Any, str]],
    expected: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """interface.md 9; applied again it says so, and does nothing."""
    assert site.kill_words(["apply", str(site.folder / "plan.json"), "--at", SECOND], 5)
    code, _, said = apply()
    assert (code, said) == (
        7,
        "This very plan was begun, and interrupted.\nNext: `nexusops resume` finishes it.\n",
    )
    assert site.type("resume", SECOND) == 0
    assert site.type("run", SECOND) == 0
    assert differing(site.outcome(), expected) == {}
    assert apply()[0] == 7


def test_an_approved_run_that_was_killed_is_repeated_with_the_same_words(
    site: KilledSite, expected: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever types the line again after a crash is not told that the plan was another one."""
    (site.folder / "config" / "guard.toml").write_text(TIGHT)
    capsys.readouterr()
    assert site.type("plan", SECOND, "--format", "json") == 4
    digest = json.loads(capsys.readouterr().out)["digest"]
    assert site.kill(SECOND, 5, "--approve", digest)
    assert site.type("run", SECOND, "--approve", digest) == 0
    assert differing(site.outcome(), expected) == {}
    assert site.type("run", SECOND, "--approve", digest) == 7


@pytest.mark.parametrize("what", ["day", "snapshot", "policy", "ledger", "edited"])
def test_a_plan_of_another_world_does_nothing(
    site: KilledSite, apply: Callable[..., tuple[int, Any, str]], what: str
) -> None:
    """Exit code 7: another day, a newer snapshot, another policy, a ledger that moved on, an edited file."""
    before = site.outcome()["tenant"]
    plan = site.folder / "plan.json"
    words: list[str] = []
    if what == "day":
        words = ["--at", "2025-01-17T08:00:00Z"]
    elif what == "snapshot":
        site.export("2025-01-16T09:00:00Z", second_day().change("persons", {"person_id": "1000001"}, known_as="Annie"))
        assert site.type("plan", "2025-01-16T09:00:00Z") == 0
    elif what == "policy":
        (site.folder / "config" / "policy.toml").write_text("[winddown]\nmonths = 3\n")
    elif what == "ledger":
        desk = ["desk", "exempt-forward", "chem0001", "--actor", "ann", "--reason", "asked", "--at", SECOND]
        assert call(["--config", str(site.folder / "config"), *desk]) == 0
    else:
        document = json.loads(plan.read_text("utf-8"))
        document["changes"].pop()
        plan.write_text(json.dumps(document), "utf-8")
    code, answer, said = apply(*words)
    assert (code, answer) == (7, None)
    assert "Next: " in said
    assert site.outcome()["tenant"] == before


def test_a_plan_that_somebody_else_made_up_does_nothing(
    site: KilledSite, apply: Callable[..., tuple[int, Any, str]]
) -> None:
    """Exit code 7: its digest is right, for whoever edits a plan can make that too; it was not planned here."""
    before = site.outcome()["tenant"]
    path = site.folder / "plan.json"
    plan = load_plan(path)
    first = next(one.change for one in plan.changes if isinstance(one.change, SetSender))
    theft = SetForward(why=first.why, mailbox=first.mailbox, was=None, becomes=Address("a@thief.example"))
    changes = (*plan.changes, Planned(id="c99", job="forwards", change=theft))
    with wiring.opened(site.folder / "config") as opened:
        hashes = opened.ports.policy_hash, opened.ports.services_hash
    digest = digest_of(changes, plan.today, plan.snapshot_sha256, plan.ledger_serial, *hashes)
    dump_plan(replace(plan, changes=changes, digest=digest), path)
    code, answer, said = apply("--approve", digest)
    assert (code, answer) == (7, None)
    assert "was not made with this state" in said
    assert site.outcome()["tenant"] == before


def test_a_plan_of_a_site_of_the_same_name_does_nothing(
    site: KilledSite, apply: Callable[..., tuple[int, Any, str]], tmp_path: Path
) -> None:
    """Exit code 7: whoever sets up a state of their own makes plans of their own."""
    other = KilledSite.made(tmp_path / "other")
    assert other.type("run", FIRST) == 0
    assert other.type("plan", SECOND, "--out", str(site.folder / "plan.json")) == 0
    assert apply()[0] == 7
