"""The exit codes of interface.md 1, on the real pipeline and the embedded tenant."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nexusops import __version__
from nexusops.cli import call
from nexusops.cli.lazy import COMMANDS, Lazily

if TYPE_CHECKING:
    from cli.conftest import CommandSite


def test_a_plan_ends_with_0_and_with_10_where_a_script_asks(site: CommandSite) -> None:
    """D48: people frozen and findings are still 0."""
    assert site.on_day_one("plan").code == 0
    assert site.on_day_one("plan", "--detailed-exitcode").code == 10
    assert site.on_day_one("run").code == 0
    nothing = site.on_day_one("plan", "--detailed-exitcode")
    assert nothing.code == 0
    assert "No changes." in nothing.out


def test_planning_the_same_instant_twice_gives_the_same_document(site: CommandSite) -> None:
    """interface.md 4: the same but for plan_id."""
    first, second = (site.on_day_one("plan", "--format", "json").document for _ in range(2))
    assert first.pop("plan_id") != second.pop("plan_id")
    assert first == second


def test_the_embedded_tenant_accepts_the_fallback_domain_wherever_it_lies(site: CommandSite) -> None:
    """interface.md 2: what an administrator does in a real one; its users could not be made else."""
    main = site.folder / "nexusops.toml"
    main.write_text(main.read_text("utf-8").replace('"nexus.ox.ac.uk"', '"mail.example"'), "utf-8")
    assert site.on_day_one("run").code == 0
    assert "@mail.example" in site.type("state", "export", "--format", "json").out


def test_a_plan_leaves_ledger_and_tenant_alone(site: CommandSite) -> None:
    site.on_day_one("plan")
    state = site.type("state", "export", "--format", "json").document
    assert (state["serial"], state["mailboxes"], state["runs"]) == (0, [], [])


def test_exactly_the_saved_plan_is_applied_and_only_once(site: CommandSite, tmp_path: Path) -> None:
    """Exit code 7: the ledger's serial has moved on."""
    saved = tmp_path / "plan.json"
    planned = site.on_day_one("plan", "--format", "json", "--out", saved)
    assert json.loads(saved.read_text("utf-8")) == planned.document
    applied = site.type("apply", saved, "--at", "2025-10-01T08:05:00Z", "--format", "json")
    assert (applied.code, applied.err) == (0, "")
    assert applied.document["done"] == planned.document["counts"]
    again = site.type("apply", saved, "--at", "2025-10-01T08:06:00Z")
    assert again.code == 7
    assert "nexusops plan --out FILE" in again.err
    assert again.out == ""


def test_a_plan_of_yesterday_is_stale(site: CommandSite, tmp_path: Path) -> None:
    site.on_day_one("plan", "--out", tmp_path / "plan.json")
    assert site.type("apply", tmp_path / "plan.json", "--at", "2025-10-02T08:00:00Z").code == 7


def test_approving_another_plan_is_stale(site: CommandSite) -> None:
    assert site.on_day_one("run", "--approve", "sha256:" + "0" * 64).code == 7


def test_a_snapshot_that_is_too_old_is_refused_and_nothing_is_printed(site: CommandSite) -> None:
    """D27: exit code 3."""
    late = site.type("run", "--at", "2025-10-01T12:00:00Z", "--snapshot", site.day_one)
    assert late.code == 3
    assert "SNAPSHOT_STALE" in late.err
    assert late.out == ""


def test_a_snapshot_that_is_not_there_is_refused_and_its_place_is_asked_for(site: CommandSite, tmp_path: Path) -> None:
    """D27: nobody at registration can mend a path."""
    nowhere = tmp_path / "none"
    said = site.type("plan", "--at", "2025-10-01T08:00:00Z", "--snapshot", nowhere)
    assert said.code == 3
    assert said.err == (
        f"SNAPSHOT_PARTIAL: {nowhere / 'manifest.json'} cannot be read: No such file or directory\n"
        "Next: Nothing was changed. [registration] in nexusops.toml (`nexusops config show`), or --snapshot, must name "
        "the place of registration's export, and whoever runs this must be able to read there.\n"
    )
    checked = site.type("snapshot", "check", nowhere)
    assert (checked.code, checked.err) == (3, "Next: Name the folder in which manifest.json and the tables lie.\n")


def test_a_guard_stops_with_4_and_lets_exactly_the_named_number_pass(site: CommandSite) -> None:
    """D28, interface.md 4: 4 beats 10; --accept names the number planned."""
    (site.folder / "guard.toml").write_text("[limits]\nAddAddress = 3\n", "utf-8")
    planned = site.on_day_one("plan", "--format", "json", "--detailed-exitcode")
    number = planned.document["counts"]["AddAddress"]
    assert planned.code == 4
    assert planned.document["guard"]["tripped"] == ["AddAddress"]
    stopped = site.on_day_one("run")
    assert stopped.code == 4
    assert f"--accept AddAddress={number}" in stopped.err
    assert "GUARD" in stopped.out
    assert site.on_day_one("run", "--accept", f"AddAddress={number - 1}").code == 4
    assert site.type("state", "export", "--format", "json").document["serial"] == 0
    assert site.on_day_one("run", "--accept", f"AddAddress={number}").code == 0


def test_whoever_loses_a_units_address_counts_to_that_units_limit(begun: CommandSite, tmp_path: Path) -> None:
    """interface.md 4: Thomas Ashdown leaves Chemistry, and is served there no more; Xiao Ming Li stays."""
    (begun.folder / "guard.toml").write_text('[limits]\n"unit:CHEM" = 2\n', "utf-8")
    saved = tmp_path / "plan.json"
    planned = begun.on_day_two("plan", "--format", "json", "--out", saved)
    lost = {one["target"] for one in planned.document["changes"] if one["kind"] == "WindDownAddress"}
    assert {"thomas.ashdown@chem.ox.ac.uk", "xiao.li@chem.ox.ac.uk", "xiao.li@bray.ox.ac.uk"} <= lost
    guard = planned.document["guard"]
    assert (planned.code, guard["counts"]["unit:CHEM"], guard["tripped"]) == (4, 3, ["unit:CHEM"])
    apply = ("apply", saved, "--at", "2025-10-02T08:00:00Z")
    assert begun.type(*apply).code == 4
    assert begun.type(*apply, "--accept", "unit:CHEM=3").code == 0


def test_the_approved_digest_lifts_every_limit_for_that_plan(site: CommandSite) -> None:
    (site.folder / "guard.toml").write_text("[limits]\nAddAddress = 3\n", "utf-8")
    digest = site.on_day_one("plan", "--format", "json").document["digest"]
    assert site.on_day_one("run", "--approve", digest, "--actor", "alice", "--reason", "start of term").code == 0


def test_a_dry_run_shows_what_an_approval_would_lift_and_keeps_none(site: CommandSite) -> None:
    """interface.md 3 and 4: it is the plan, with the limits lifted for exactly that digest; 7 for another one."""
    (site.folder / "guard.toml").write_text("[limits]\nAddAddress = 3\n", "utf-8")
    plan = site.on_day_one("plan", "--format", "json")
    words = ("run", "--dry-run", "--format", "json", "--approve")
    approved = site.on_day_one(*words, plan.document["digest"])
    lifted = {**plan.document["guard"], "tripped": [], "accepted": ["AddAddress"]}
    assert (approved.code, approved.document["guard"]) == (0, lifted)
    assert site.on_day_one(*words, "sha256:" + "0" * 64).code == 7
    assert site.on_day_one("run").code == 4
    two = "[limits]\nAddAddress = 3\n[approval]\napprovers = 2\n"
    (site.folder / "guard.toml").write_text(two, "utf-8")
    assert site.on_day_one(*words, plan.document["digest"], "--actor", "ann").code == 4
    assert site.on_day_one("run", "--approve", plan.document["digest"], "--actor", "ann").code == 4
    assert site.on_day_one(*words, plan.document["digest"], "--actor", "ann").code == 4
    assert site.on_day_one(*words, plan.document["digest"], "--actor", "bo").code == 0


def test_a_job_restricts_the_changes_to_its_kinds(site: CommandSite) -> None:
    whole = site.on_day_one("plan", "--format", "json").document["changes"]
    part = site.on_day_one("plan", "mailboxes", "--format", "json").document["changes"]
    wanted = [(one["kind"], one["target"], one["because"]) for one in whole if one["job"] == "mailboxes"]
    assert [(one["kind"], one["target"], one["because"]) for one in part] == wanted
    assert len(wanted) > 40


def test_an_unknown_job_names_the_nearest_one(site: CommandSite) -> None:
    said = site.on_day_one("plan", "mailboxs")
    assert (said.code, said.out) == (2, "")
    assert "mailboxes" in said.err


def test_a_state_of_another_site_is_a_configuration_error(site: CommandSite) -> None:
    """architecture.md: one state is one site."""
    site.on_day_one("run")
    file = site.folder / "nexusops.toml"
    file.write_text(file.read_text("utf-8").replace('"oxford-test"', '"oxford-other"'), "utf-8")
    assert site.type("state", "export").code == 2


@pytest.mark.parametrize(
    ("url", "code", "told"),
    [
        ("nosuch://host/name", 2, "state.url is not the URL of a database that this installation can open"),
        ("mysql://u:hunter2@host/name", 2, "state.url"),
        ("sqlite://", 2, "forgotten at once"),
        ("sqlite:////proc/none/nexusops.db", 9, "The state at /proc/none/nexusops.db cannot be opened"),
        ("sqlite:///nexusops.toml", 9, "file is not a database"),
        ("postgresql://u:hunter2@127.0.0.1:1/name", 9, "cannot be read"),
    ],
)
def test_a_state_that_cannot_be_kept_or_opened_says_so(site: CommandSite, url: str, code: int, told: str) -> None:
    """2 for what the configuration says wrong, 9 for what cannot be read."""
    file = site.folder / "nexusops.toml"
    file.write_text(file.read_text("utf-8").replace("sqlite:///state/nexusops.db", url), "utf-8")
    said = site.on_day_one("plan")
    assert (said.code, said.out) == (code, "")
    assert told in said.err
    assert "hunter2" not in said.err
    assert "\nNext: " in said.err


@pytest.mark.parametrize("path", ["nexusops.toml", "/proc/none/tenant.db", "state/nexusops.db", "state"])
def test_an_embedded_tenant_that_cannot_be_opened_is_one_that_cannot_be_read(site: CommandSite, path: str) -> None:
    file = site.folder / "nexusops.toml"
    file.write_text(file.read_text("utf-8").replace('"state/tenant.db"', f'"{path}"'), "utf-8")
    said = site.on_day_one("plan", "--refresh", "full")
    assert (said.code, said.out) == (8, "")
    assert said.err.startswith(f"The embedded tenant at {site.folder / path} cannot be opened: ")
    assert "[tenant] path in nexusops.toml" in said.err


def test_nothing_to_resume_says_so(site: CommandSite) -> None:
    """interface.md 8."""
    said = site.type("resume")
    assert (said.code, said.out) == (0, "Nothing to resume: no run was interrupted.\n")
    document = site.type("resume", "--format", "json").document
    assert (document["run_id"], document["resumed"], document["result"]) == (None, None, "nothing")
    assert document["next"] == "Nothing to resume: no run was interrupted."


def test_explain_answers_for_an_address_and_refuses_what_nobody_knows(site: CommandSite) -> None:
    """interface.md 3: an unknown subject ends with 6."""
    site.on_day_one("run")
    known = site.type("explain", "siobhan.obrien2@aldgate.ox.ac.uk", "--at", "2025-10-01T09:00:00Z", "--format", "json")
    assert (known.code, known.document["kind"]) == (0, "personal address")
    assert "R17" in {fact["rule"] for fact in known.document["facts"]}
    unknown = site.type("explain", "nobody", "--at", "2025-10-01T09:00:00Z")
    assert (unknown.code, unknown.out) == (6, "")


def test_doctor_tells_a_good_site_from_one_without_a_snapshot(site: CommandSite) -> None:
    missing = site.type("doctor", "--at", "2025-10-01T08:00:00Z", "--format", "json")
    assert missing.code == 6
    assert [one["name"] for one in missing.document["checks"] if not one["ok"]] == ["snapshot"]
    shutil.copytree(site.day_one, site.folder / "snapshot")
    assert site.type("doctor", "--at", "2025-10-01T08:00:00Z").code == 0


def test_snapshot_check_and_diff(site: CommandSite) -> None:
    good = site.type("snapshot", "check", site.day_one, "--format", "json")
    assert (good.code, good.document["ok"], good.document["rows"]["persons"]) == (0, True, 47)
    different = site.type("snapshot", "diff", site.day_one, site.day_two, "--format", "json")
    assert (different.code, different.document["tables"]["persons"]["added"]) == (0, ["1000044"])
    (site.day_one / "cards.csv").unlink()
    bad = site.type("snapshot", "check", site.day_one)
    assert bad.code == 3
    assert bad.out.startswith("SNAPSHOT_PARTIAL: ")


def test_a_plan_document_that_was_edited_is_refused(site: CommandSite, tmp_path: Path) -> None:
    saved = tmp_path / "plan.json"
    site.on_day_one("plan", "--out", saved)
    assert site.type("show", saved).code == 0
    document = json.loads(saved.read_text("utf-8"))
    document["changes"][0]["target"] = "somebody"
    saved.write_text(json.dumps(document), "utf-8")
    refused = site.type("show", saved)
    assert (refused.code, refused.out) == (7, "")
    assert str(saved) in refused.err


@pytest.mark.parametrize("form", ["text", "json", "html", "csv", "md"])
def test_a_plan_is_shown_in_every_format(site: CommandSite, tmp_path: Path, form: str) -> None:
    site.on_day_one("plan", "--out", tmp_path / "plan.json")
    said = site.type("show", tmp_path / "plan.json", "--format", form)
    assert said.code == 0
    assert "obrien2" in said.out


def test_a_defect_is_one_sentence_and_a_traceback_only_when_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 1."""
    monkeypatch.setitem(COMMANDS, "broken", Lazily("nexusops.cli.lazy:nothing", "Breaks."))
    assert call(["broken"]) == 1
    printed = capsys.readouterr()
    assert printed.err.startswith(f"This is a defect in nexusops {__version__}: AttributeError: ")
    assert len(printed.err.splitlines()) == 2
    assert call(["--log-level", "debug", "broken"]) == 1
    assert "Traceback" in capsys.readouterr().err
