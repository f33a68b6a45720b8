"""One job after another comes to what a run of all of them does (interface.md 3; architecture.md, Jobs)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from building.snapshot_folder import SnapshotFolder

if TYPE_CHECKING:
    from cli.conftest import CommandSite


def test_who_comes_back_is_told_once_and_sends_as_no_address_that_still_winds_down(
    site: CommandSite, tmp_path: Path
) -> None:
    """D23, R40: each job that ran before that of the addresses owed one more notice, and the sender went ahead."""
    data = SnapshotFolder().unit("CHEM", domain="chem.ox.ac.uk").domain("chem.ox.ac.uk")
    data.unit("BALL", "college", "ball.ox.ac.uk").domain("ball.ox.ac.uk").person("1", "chem0001")
    data.card("1", "AV", "Ann", "Lee", "2024-10-01", "2030-09-30")
    data.affiliation("1", "BALL", "2024-10-01").affiliation("1", "CHEM", "2024-10-01")

    def run(day: str, *jobs: str) -> None:
        folder = data.write(tmp_path / f"{day}-{len(list(tmp_path.iterdir()))}", f"{day}T07:50:00Z")
        said = site.type("run", *jobs, "--at", f"{day}T08:00:00Z", "--snapshot", folder)
        assert said.code == 0, said.out + said.err

    run("2025-01-10")
    data.change("affiliations", {"unit_id": "CHEM"}, end_date="2025-01-10")
    run("2025-01-11")
    run("2025-01-12")
    data.change("affiliations", {"unit_id": "CHEM"}, end_date="")
    for job in ("notices", "senders", "mailboxes"):
        run("2025-01-13", job)
        (box,) = site.type("state", "export", "--format", "json").document["mailboxes"]
        assert box["sender"] == "ann.lee@ball.ox.ac.uk"
    for job in ("addresses", "senders", "notices", "notices"):
        run("2025-01-13", job)
    state = site.type("state", "export", "--format", "json").document
    assert [one["kind"] for one in state["notices"]] == ["winddown", "winddown_cancelled"]
    assert [one["sender"] for one in state["mailboxes"]] == ["ann.lee@chem.ox.ac.uk"]
