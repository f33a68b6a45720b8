"""`snapshot check` and `snapshot diff` as whoever repairs the export reads them (rules.md 3, D27, D29)."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from building.snapshot_folder import SnapshotFolder
from cli.conftest import CommandSite

from nexusops.cli import call

AS_OF = "2025-10-01T08:50:00+01:00"


def college() -> SnapshotFolder:
    return (
        SnapshotFolder()
        .unit("BALL", "college", "balliol.ox.ac.uk")
        .domain("balliol.ox.ac.uk")
        .person("1000001", "ball1234")
        .card("1000001", "UG", "Mary", "Brown", "2025-10-01", "2028-09-30")
        .affiliation("1000001", "BALL", "2025-10-01")
    )


def test_check_tells_of_every_row_that_freezes_somebody(site: CommandSite, tmp_path: Path) -> None:
    """D29: the snapshot is good, and whoever's row is bad is left as they are; the export's authors must hear of it."""
    rows = college().person("1000001", "ball1235").card("1000002", "UG", "A", "B", "2025-10-01", "2028-09-30")
    folder = rows.person("1000003", "ball1236", deceased="maybe").write(tmp_path / "snapshot", AS_OF)
    said = site.type("snapshot", "check", folder, "--format", "json")
    assert (said.code, said.document["ok"], said.document["as_of"]) == (0, True, "2025-10-01T07:50:00Z")
    assert [(one["code"], one["subject"], one["severity"]) for one in said.document["findings"]] == [
        ("BAD_VALUE", "1000003", "warning"),
        ("DUP_PERSON", "1000001", "warning"),
        ("ORPHAN_CARD", "1000002", "warning"),
    ]


def test_check_tells_of_whom_the_policy_does_not_know(site: CommandSite, tmp_path: Path) -> None:
    """D46, R15: a status in neither list, and a username that is not of the site's form, freeze as a bad row does."""
    rows = (
        college()
        .person("1000002", "ball1235")
        .card("1000002", "ZZ", "Ann", "Lee", "2025-10-01", "2028-09-30")
        .person("1000003", "ballard")
        .card("1000003", "UG", "Jo", "Hill", "2025-10-01", "2028-09-30")
    )
    said = site.type("snapshot", "check", rows.write(tmp_path / "snapshot", AS_OF), "--format", "json")
    assert (said.code, [(one["code"], one["subject"], one["severity"]) for one in said.document["findings"]]) == (
        0,
        [("BAD_USERNAME", "1000003", "alert"), ("UNKNOWN_STATUS", "1000002", "warning")],
    )


def test_without_a_configuration_it_is_said_whose_words_it_is_looked_at_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """rules.md 3.17: what is Oxford's own domain is another university's foreign one."""
    folder = college().write(tmp_path / "snapshot", AS_OF)
    assert call(["--config", str(tmp_path / "none"), "snapshot", "check", str(folder)]) == 0
    assert capsys.readouterr().err.splitlines() == [
        f"There is no configuration at {tmp_path / 'none'}, so it is looked at as Oxford's.",
        "Next: Name your own site with --config DIR, if it is another's.",
    ]


def test_a_bad_row_of_a_mailbox_is_told_once_and_explained(site: CommandSite, tmp_path: Path) -> None:
    """D29: its mailbox and its address are neither made nor ended, and one finding says so."""
    rows = college().person("1000002", "ball1235").card("1000002", "US", "Ann", "Lee", "2025-10-01", "2028-09-30")
    rows.mailbox("bursary", "BALL", "bursary@balliol.ox.ac.uk", "1000002")
    sound = rows.write(tmp_path / "sound", AS_OF)
    assert site.type("run", "--at", "2025-10-01T08:00:00Z", "--snapshot", sound).code == 0
    rows.change("nonpersonal_mailboxes", {"mailbox_id": "bursary"}, kind="letterbox")
    faulty = rows.write(tmp_path / "faulty", "2025-10-01T09:50:00+01:00")
    said = site.type("run", "--at", "2025-10-01T09:00:00Z", "--snapshot", faulty, "--format", "json")
    [told] = [one for one in said.document["findings"] if "bursary" in one["message"]]
    assert (told["subject"], told["message"].endswith("nothing is changed for it")) == ("bursary", True)
    document = site.type("explain", "bursary", "--at", "2025-10-01T09:30:00Z", "--format", "json").document
    assert [fact["because"] for fact in document["facts"] if fact["label"] == "finding"] == [told["message"]]


def test_diff_names_the_folder_that_cannot_be_read(site: CommandSite, tmp_path: Path) -> None:
    earlier = college().write(tmp_path / "a", AS_OF)
    later = Path(shutil.copytree(earlier, tmp_path / "b"))
    (later / "units.csv").unlink()
    said = site.type("snapshot", "diff", earlier, later)
    assert (said.code, said.out) == (3, "")
    assert said.err.splitlines() == [
        f"SNAPSHOT_PARTIAL: {later}: the manifest lists the table units, and there is no file of it",
        f"Next: `nexusops snapshot check {later}` checks it by itself.",
    ]


def test_what_has_no_end_may_say_so_with_the_last_day_of_the_calendar(site: CommandSite, tmp_path: Path) -> None:
    """9999-12-31 has no next day and no month after it; registers write it for "for ever" (R35, D01)."""
    rows = (
        college()
        .person("1000002", "ball1235")
        .card("1000002", "US", "Ann", "Lee", "0001-01-01", "9999-12-31", cancelled_on="9999-12-31")
        .affiliation("1000002", "BALL", "0001-01-01", "9999-12-31")
        .change("affiliations", {"person_id": "1000001"}, end_date="9999-12-31")
        .change("cards", {"person_id": "1000001"}, end_date="9999-12-31")
    )
    folder = rows.write(tmp_path / "snapshot", AS_OF)
    made = site.type("run", "--at", "2025-10-01T08:00:00Z", "--snapshot", folder, "--format", "json")
    assert (made.code, made.document["result"]) == (0, "applied")
    told = site.type("explain", "ball1235", "--at", "2025-10-01T09:00:00Z", "--format", "json")
    assert (told.code, told.err) == (0, "")


def test_a_file_beside_the_tables_whose_name_is_no_text_is_ignored_like_any_other(site: CommandSite) -> None:
    """rules.md 3: unknown tables are; the snapshot with it could not be kept, and ended the run as a defect."""
    stranger = os.fsdecode(os.fsencode(site.day_one) + b"/caf\xe9.csv")
    Path(stranger).write_text("coffee\n", "utf-8")
    said = site.on_day_one("run")
    assert (said.code, said.err) == (0, "")
    assert site.type("explain", "1000001", "--at", "2025-10-01T08:30:00Z").code == 0


def test_a_faulty_snapshot_that_is_checked_is_not_sent_to_the_same_check_as_another(
    site: CommandSite,
) -> None:
    (site.day_one / "units.csv").unlink()
    said = site.type("snapshot", "check", site.day_one)
    assert said.code == 3
    assert said.err == (
        f"Next: Have the registration export repaired, then check it again: `nexusops snapshot check {site.day_one}`.\n"
    )
