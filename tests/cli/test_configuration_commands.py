"""``init``, ``config show`` and ``jobs list`` as a user sees them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nexusops.cli import call
from nexusops.config.starter import FILES
from nexusops.model.changes import Kind

REPOSITORY = Path(__file__).parents[2]


def test_init_writes_the_folder_that_config_shows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site = tmp_path / "site"
    assert call(["init", str(site)]) == 0
    assert capsys.readouterr().out.splitlines() == [str(site / name) for name in FILES]
    written = {str(path.relative_to(site)): path.read_bytes() for path in site.rglob("*") if path.is_file()}
    example = REPOSITORY / "config"
    assert written == {name: (example / name).read_bytes() for name in FILES}
    assert call(["--config", str(site), "config", "show"]) == 0


@pytest.mark.parametrize("profile", ["oxford", "oxford-2023", "cambridge", "other"])
def test_init_writes_the_folder_of_a_profile(profile: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each profile's own names: nothing of Oxford's is left for others to find out, and nothing but they differs."""
    assert call(["init", str(tmp_path), "--profile", profile]) == 0
    assert call(["--config", str(tmp_path), "doctor"]) == 6  # there is no snapshot yet
    assert f"profile {profile}," in capsys.readouterr().out
    written = [(tmp_path / name).read_text("utf-8") for name in FILES]
    assert ("ox.ac.uk" in "".join(written)) is profile.startswith("oxford")
    example = [(REPOSITORY / "config" / name).read_text("utf-8") for name in FILES]
    assert [len(text.splitlines()) for text in written] == [len(text.splitlines()) for text in example]


def test_init_overwrites_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "guard.toml").write_text("# mine\n", "utf-8")
    assert call(["init", str(tmp_path)]) == 2
    assert "nothing was written" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["guard.toml"]


def test_config_show_says_where_each_value_comes_from(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "nexusops.toml").write_text(
        '[site]\nname = "cam-test"\nprofile = "cambridge"\nfallback_domain = "nexus.cam.ac.uk"\n'
        '[tenant]\nsecret = "env:NX_NEVER_SET"\n',
        "utf-8",
    )
    (tmp_path / "policy.toml").write_text("[missing_card]\nhold_days = 3\n", "utf-8")
    assert call(["--config", str(tmp_path), "config", "show", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    found = {(one["file"], one["key"]): (one["value"], one["from"]) for one in document["settings"]}
    assert found["nexusops.toml", "site.profile"] == ("cambridge", "nexusops.toml")
    assert found["nexusops.toml", "site.parent_domain"] == ("cam.ac.uk", "profile cambridge")
    assert found["nexusops.toml", "tenant.secret"] == ("not set", "nexusops.toml")
    assert found["policy.toml", "missing_card.hold_days"] == (3, "policy.toml")
    assert found["policy.toml", "spf.catch_all"] == ("?all", "profile cambridge")
    assert found["policy.toml", "names.username_pattern"] == ("^[a-z]{2,5}[0-9]{1,5}$", "profile cambridge")
    assert found["policy.toml", "time.zone"] == ("Europe/London", "default")
    assert call(["--config", str(tmp_path), "config", "show"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines if line.startswith("missing_card.hold_days")] == [
        ["missing_card.hold_days", "=", "3", "#", "policy.toml"]
    ]


def test_every_kind_belongs_to_exactly_one_job(capsys: pytest.CaptureFixture[str]) -> None:
    """architecture.md: jobs are lenses; the ``job`` of a planned change is never in doubt."""
    assert call(["jobs", "list", "--format", "json"]) == 0
    jobs = json.loads(capsys.readouterr().out)["jobs"]
    kinds = [kind for job in jobs for kind in job["kinds"]]
    assert sorted(kinds) == sorted(kind.value for kind in Kind)
    assert [job["name"] for job in jobs] == [
        "addresses",
        "disable_cancelled",
        "forwards",
        "mailboxes",
        "notices",
        "saas_mailboxes",
        "senders",
        "service_domains",
    ]


def test_a_job_is_a_declaration_of_at_most_forty_lines() -> None:
    lengths = {path.name: len(path.read_text("utf-8").splitlines()) for path in (REPOSITORY / "jobs").glob("*.py")}
    assert max(lengths.values()) <= 40
    assert len(lengths) == 9


def test_jobs_list_is_readable(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["jobs", "list"]) == 0
    text = capsys.readouterr().out
    assert "notices\n    Sends the notices that are due" in text
    reads = "User.Read.All, LicenseAssignment.Read.All"
    assert f"    Graph:     {reads}, Mail.Send\n    Exchange:  Exchange.ManageAsApp, View-Only Recipients\n" in text
