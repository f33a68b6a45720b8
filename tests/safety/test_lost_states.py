"""A state that is gone beside a tenant that is in use: nothing is done before somebody has looked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from building.killed import DAYS, KilledSite, differing

TODAY = DAYS[1]


@pytest.fixture
def lost(second: KilledSite) -> KilledSite:
    """Two days' work, of which only the tenant knows. Seven mailboxes are few, so three stand for the limit of ten."""
    for part in (second.folder / "config" / "state").glob("nexusops.db*"):
        part.unlink()
    guard = second.folder / "config" / "guard.toml"
    guard.write_text("[limits]\nTakenOver = 3\n", "utf-8")
    return second


def tenant(site: KilledSite) -> Any:
    found = site.outcome()
    return {"tenant": found["tenant"], "letters": found["letters"]}


def test_a_run_without_a_history_is_stopped_beside_a_tenant_that_is_in_use(
    lost: KilledSite, capsys: pytest.CaptureFixture[str]
) -> None:
    """interface.md 4: before the first write, and the plan says so; D28."""
    before = tenant(lost)
    capsys.readouterr()
    for command in ("plan", "run"):
        assert lost.type(command, TODAY) == 4
        said = capsys.readouterr()
        assert "TakenOver: 7 planned, limit 3, 4 too many" in said.out
        assert "The state has no history, and 7 mailboxes of people and units are in the tenant already" in said.err
        assert "Next: If the state was lost, restore its backup; if nexusops is new to this tenant, use" in said.err
        assert "`nexusops adopt`. If not use `--accept TakenOver=7`" in said.err
    assert differing(tenant(lost), before) == {}


def test_after_an_adoption_the_run_goes_on(lost: KilledSite, capsys: pytest.CaptureFixture[str]) -> None:
    assert lost.type("adopt", TODAY, "--snapshot", str(lost.folder / TODAY[:10])) == 0
    assert lost.type("run", TODAY) == 0
    capsys.readouterr()
    assert lost.type("plan", TODAY, "--format", "json") == 0
    plan = json.loads(capsys.readouterr().out)
    assert "TakenOver" not in plan["guard"]["limits"]
    assert "NO_HISTORY" not in {finding["code"] for finding in plan["findings"]}


def test_whoever_names_the_number_begins_without_a_history_once(
    lost: KilledSite, capsys: pytest.CaptureFixture[str]
) -> None:
    assert lost.type("run", TODAY, "--accept", "TakenOver=6") == 4
    assert lost.type("run", TODAY, "--accept", "TakenOver=7") == 0
    assert lost.type("run", TODAY) == 0


def test_a_saved_plan_without_a_history_is_stopped_too(lost: KilledSite, tmp_path: Path) -> None:
    saved = str(tmp_path / "plan.json")
    assert lost.type("plan", TODAY, "--out", saved) == 4
    assert lost.type("apply", TODAY, saved) == 4
    assert lost.type("apply", TODAY, saved, "--accept", "TakenOver=7") == 0


def test_a_few_mailboxes_before_the_first_run_are_told_of_and_stop_nothing(
    lost: KilledSite, capsys: pytest.CaptureFixture[str]
) -> None:
    (lost.folder / "config" / "guard.toml").write_text("", "utf-8")
    capsys.readouterr()
    assert lost.type("plan", TODAY, "--format", "json") == 0
    plan = json.loads(capsys.readouterr().out)
    (told,) = [finding for finding in plan["findings"] if finding["code"] == "NO_HISTORY"]
    assert (told["subject"], told["severity"]) == ("oxford-test", "alert")
    assert (plan["guard"]["counts"]["TakenOver"], plan["guard"]["limits"]["TakenOver"]) == (7, 10)


def test_a_new_site_in_a_new_tenant_hears_nothing_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site = KilledSite.made(tmp_path / "site")
    capsys.readouterr()
    assert site.type("plan", DAYS[0], "--format", "json") == 0
    plan = json.loads(capsys.readouterr().out)
    assert (list(plan["guard"]["limits"]), [f["code"] for f in plan["findings"]]) == (["Destructive"], [])
