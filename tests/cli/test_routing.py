"""``routing build`` as postmasters and mail hubs see it (interface.md 3, R60)."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from building.snapshot_folder import SnapshotFolder

from nexusops.pipeline.routing import build_routing
from nexusops.wiring import opened

if TYPE_CHECKING:
    from building.typed import Said
    from cli.conftest import CommandSite

    from nexusops.ports import Store

EIGHT = datetime(2025, 10, 1, 8, tzinfo=UTC)
ANN, BOB, SAFETY = "ann.lee@chem.ox.ac.uk", "bob.ray@chem.ox.ac.uk", "safety@chem.ox.ac.uk"
ANN_NEXUS, BOB_NEXUS = "chem0001@nexus.ox.ac.uk", "chem0002@nexus.ox.ac.uk"
TABLE = {ANN: ANN_NEXUS, BOB: BOB_NEXUS, ANN_NEXUS: ANN_NEXUS, BOB_NEXUS: BOB_NEXUS}
UNCHANGED: dict[str, list[str]] = {"added": [], "removed": [], "moved": []}


@dataclass
class Hours:
    """A small department, run hour by hour. ``hour`` 0 is 08:00Z; each snapshot is of ten minutes before."""

    site: CommandSite
    tables: SnapshotFolder
    folder: Path

    def run(self, hour: int, *words: str) -> Said:
        at = EIGHT + timedelta(hours=hour)
        snapshot = self.tables.write(self.folder / f"{hour}", at - timedelta(minutes=10))
        return self.site.type("run", *words, "--at", at.isoformat(), "--snapshot", snapshot)

    def build(self, hour: int, *words: str | Path) -> Said:
        return self.site.type("routing", "build", *words, "--at", (EIGHT + timedelta(hours=hour)).isoformat())

    def table(self, hour: int) -> dict[str, str]:
        document = self.build(hour, "--format", "json").document
        return {entry["address"]: entry["destination"] for entry in document["entries"]}

    def changed(self, hour: int) -> Any:
        return self.build(hour, "--format", "json").document["changed"]


@pytest.fixture
def hours(site: CommandSite, tmp_path: Path) -> Hours:
    tables = SnapshotFolder().domain("chem.ox.ac.uk").unit("CHEM", "department", "chem.ox.ac.uk")
    for number, name in (("1", "Ann Lee"), ("2", "Bob Ray")):
        first, last = name.split()
        tables.person(number, f"chem000{number}").card(number, "US", first, last, "2025-01-01", "2028-09-30")
        tables.affiliation(number, "CHEM", "2025-01-01")
    return Hours(site, tables.staff("chem0002", "2", "CHEM").table("routing"), tmp_path / "hours")


def test_before_the_first_run_there_is_no_table(hours: Hours) -> None:
    said = hours.build(0)
    assert (said.code, said.out) == (6, "")
    assert said.err == "There is no routing table yet.\nNext: Make a run with `nexusops run`.\n"


def test_the_table_is_that_of_the_last_run_in_the_shape_that_scripts_rely_on(hours: Hours) -> None:
    """interface.md 3: exactly this document, sorted by address."""
    hours.run(0)
    said = hours.build(0, "--format", "json")
    assert (said.code, said.err) == (0, "")
    assert said.document == {
        "at": "2025-10-01T08:00:00Z",
        "entries": [{"address": address, "destination": to} for address, to in sorted(TABLE.items())],
        "changed": {**UNCHANGED, "added": sorted(TABLE)},
    }
    assert hours.build(0, "--format", "json").out == said.out


def test_changes_are_those_since_the_last_hours_table(hours: Hours) -> None:
    """R16, R60: a route moves an address; the same hour run again has the same changes; the next has none."""
    hours.run(0)
    hours.tables.route(ANN, "ann@lab.example", "chem0002", EIGHT)
    assert hours.run(1).code == 0
    assert hours.changed(1) == {**UNCHANGED, "moved": [ANN]}
    hours.run(1)
    assert (hours.changed(1), hours.table(1)) == ({**UNCHANGED, "moved": [ANN]}, {**TABLE, ANN: "ann@lab.example"})
    hours.run(2)
    assert hours.changed(2) == UNCHANGED
    hours.tables.remove("routing", address=ANN).nonpersonal_address(SAFETY, "CHEM", target="mailbox:chem0001")
    hours.run(3)
    assert hours.changed(3) == {"added": [SAFETY], "removed": [], "moved": [ANN]}
    hours.tables.remove("nonpersonal_addresses", address=SAFETY)
    hours.run(4)
    assert (hours.changed(4), hours.table(4)) == ({**UNCHANGED, "removed": [SAFETY]}, TABLE)


@pytest.mark.parametrize(("second", "moved_at"), [(0, 1), (1, 2)])
def test_a_change_counts_for_the_hour_if_it_was_committed_ten_minutes_before(
    hours: Hours, second: int, moved_at: int
) -> None:
    """R60, D34: at 08:50:00 for 09:00, a second later for 10:00."""
    hours.run(0)
    hours.tables.route(ANN, "ann@lab.example", "chem0002", EIGHT + timedelta(minutes=50, seconds=second))
    seen = []
    for hour in (1, 2):
        hours.run(hour)
        seen.append(hours.table(hour)[ANN])
    assert seen.index("ann@lab.example") + 1 == moved_at


class Asked:
    """A state that tells what it was asked for."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.questions: list[str] = []

    def __getattr__(self, name: str) -> Any:
        self.questions.append(name)
        return getattr(self.store, name)


def test_where_nothing_has_changed_no_address_is_looked_up_for_the_table(hours: Hours) -> None:
    """R60: it stands as it is, as of the new hour; after a route has changed its addresses are looked up again."""
    hours.tables.nonpersonal_address(SAFETY, "CHEM", target="mailbox:chem0001")
    hours.run(0)
    before = hours.table(0)
    for hour, route in ((1, None), (2, "bob@lab.example")):
        if route is not None:
            hours.tables.route(SAFETY, route, "chem0002", EIGHT)
        at = EIGHT + timedelta(hours=hour)
        snapshot = hours.tables.write(hours.folder / f"{hour}", at - timedelta(minutes=10))
        with opened(hours.site.folder, snapshot=snapshot) as wired:
            asked = Asked(wired.ports.store)
            build_routing(replace(wired.ports, store=cast("Store", asked)), wired.ports.registration.read(), at)
        assert ("holders" in asked.questions) == (route is not None)
        assert hours.table(hour) == ({**before, SAFETY: route} if route is not None else before)
        assert hours.build(hour, "--format", "json").document["at"] == f"{at:%Y-%m-%dT%H:%M:%SZ}"


def test_a_refused_snapshot_keeps_the_last_table(hours: Hours) -> None:
    """D27."""
    hours.run(0)
    before = hours.build(0, "--format", "json").out
    hours.tables.tables["persons"].clear()
    assert hours.run(1).code == 3
    assert hours.build(0, "--format", "json").out == before


def test_a_loop_keeps_the_destination_of_the_hour_before(hours: Hours) -> None:
    """3.6: ROUTE_LOOP, found in the plan, kept in the table, hour after hour."""
    hours.run(0)
    hours.tables.route(ANN, BOB, "chem0002")
    hours.run(1)
    hours.tables.route(BOB, ANN, "chem0002")
    for hour in (2, 3):
        hours.run(hour)
        assert (hours.table(hour), hours.changed(hour)) == ({**TABLE, ANN: BOB}, UNCHANGED)
    found = hours.site.type("state", "export", "--format", "json").document["findings"]
    assert [(f["code"], f["subject"]) for f in found] == [
        ("ROUTE_LOOP", ANN),
        ("ROUTE_LOOP", BOB),
        ("SPLIT_ROUTING", ANN),
    ]


def test_routes_of_people_whom_nothing_else_affects_are_judged_each_hour(hours: Hours) -> None:
    """R57, 3.13: the split is reported as long as it lasts; staff who left are no longer heeded."""
    hours.tables.route(ANN, "ann@lab.example", "chem0002")
    for hour in (0, 1, 2):
        said = hours.run(hour)
        document = hours.site.type("state", "export", "--format", "json").document
        assert [(f["code"], f["subject"]) for f in document["findings"]] == [("SPLIT_ROUTING", ANN)], said.err
    hours.tables.change("cards", {"person_id": "2"}, end_date="2025-09-30")
    hours.run(3)
    assert (hours.table(3)[ANN], hours.changed(3)) == (
        ANN_NEXUS,
        {"added": [], "removed": [BOB, BOB_NEXUS], "moved": [ANN]},
    )


def test_a_plan_from_the_differences_finds_what_a_plan_from_scratch_does(hours: Hours) -> None:
    """R16, R24, R57: whatever routes name is looked up, though nobody whom they concern has changed."""
    hours.tables.nonpersonal_address(SAFETY, "CHEM", target="mailbox:chem0001").route(ANN, BOB, "chem0002")
    hours.tables.nonpersonal_address("lost@chem.ox.ac.uk", "CHEM", target="mailbox:gone0001")
    hours.run(0)
    hours.tables.route(BOB, "mailbox:chem0001", "chem0002").external_route(ANN, "ann@lab.example", "1")
    snapshot = hours.tables.write(hours.folder / "next", EIGHT + timedelta(minutes=50))
    found = [
        hours.site.type(
            "plan", "--refresh", refresh, "--format", "json", "--at", "2025-10-01T09:00:00Z", "--snapshot", snapshot
        ).document["findings"]
        for refresh in ("delta", "full")
    ]
    assert found[0] == found[1]
    assert [(f["code"], f["subject"]) for f in found[0]] == [
        ("DANGLING_ROUTE", "lost@chem.ox.ac.uk"),
        ("ROLE_TO_PERSONAL", SAFETY),
        ("ROUTE_UNKNOWN_ADDRESS", ANN),
        ("SPLIT_ROUTING", BOB),
    ]


def test_a_mailbox_is_known_whatever_the_capitals(hours: Hours) -> None:
    """3.6: it had been no such mailbox, and its route was not followed."""
    hours.tables.mailbox("Labs", "CHEM", SAFETY, "2")
    hours.run(0)
    for hour, target in enumerate(("mailbox:Labs", "mailbox:labs", "LABS@nexus.ox.ac.uk"), start=1):
        for name in ("routing", "nonpersonal_addresses"):
            hours.tables.tables[name] = []
        hours.tables.route(ANN, target, "chem0002").route(SAFETY, target, "chem0002")
        hours.tables.nonpersonal_address("press@chem.ox.ac.uk", "CHEM", target=target)
        hours.run(hour)
        found = hours.site.type("state", "export", "--format", "json").document["findings"]
        assert [(f["code"], f["subject"]) for f in found] == [("SPLIT_ROUTING", ANN)]
        table = hours.table(hour)
        assert table[ANN] == table["press@chem.ox.ac.uk"] == table[SAFETY] == "labs@nexus.ox.ac.uk"


def test_a_domain_that_moves_to_its_own_server_leaves_the_table(hours: Hours) -> None:
    """3.4, T15: what the University does not route is not in it, and comes back with the domain."""
    hours.run(0)
    hours.tables.change("domains", {"domain": "chem.ox.ac.uk"}, managed=False)
    hours.run(1)
    assert (hours.changed(1), set(hours.table(1))) == ({**UNCHANGED, "removed": [ANN, BOB]}, {ANN_NEXUS, BOB_NEXUS})
    hours.tables.change("domains", {"domain": "chem.ox.ac.uk"}, managed=True)
    hours.run(2)
    assert (hours.changed(2), hours.table(2)) == ({**UNCHANGED, "added": [ANN, BOB]}, TABLE)


def test_mail_stops_with_the_routing_table_of_the_next_run(hours: Hours) -> None:
    """D41: the desk disables at once; the hubs follow at the hour."""
    hours.run(0)
    said = hours.site.type(
        "desk", "disable", "chem0001", "--override", "--actor", "kim", "--reason", "asked by security",
        "--at", "2025-10-01T08:20:00Z",
    )  # fmt: skip
    assert (said.code, hours.table(0)) == (0, TABLE)
    hours.run(1)
    assert hours.changed(1) == {**UNCHANGED, "removed": [ANN, ANN_NEXUS]}


def test_every_live_address_of_the_state_is_in_the_table_and_nothing_else(site: CommandSite) -> None:
    """interface.md 3: live addresses only; the table kept hour by hour is the one that a fresh state would have."""
    for day in (site.on_day_one, site.on_day_two):
        assert day("run").code == 0
        state = site.type("state", "export", "--format", "json").document
        expected = {
            row["address"]: row["address"] if row["kind"] == "fallback" else f"{row['mailbox']}@nexus.ox.ac.uk"
            for row in state["addresses"]
            if row["state"] in ("active", "winddown") and row["mailbox"] is not None
        }
        expected["enquiries@foodtech.ox.ac.uk"] = "food0042@nexus.ox.ac.uk"  # unattached: to its target
        document = site.type("routing", "build", "--format", "json").document
        assert {e["address"]: e["destination"] for e in document["entries"]} == expected


def test_hubs_get_one_line_an_address(hours: Hours) -> None:
    """interface.md 3: two words for Postfix; ``address: destination`` for Exim."""
    hours.run(0)
    pairs = sorted(TABLE.items())
    assert hours.build(0, "--format", "postfix").out == "".join(f"{a} {to}\n" for a, to in pairs)
    assert hours.build(0, "--format", "exim").out == "".join(f"{a}: {to}\n" for a, to in pairs)


def test_what_a_hub_would_take_for_something_else_is_left_out_and_named(hours: Hours) -> None:
    """A pipe, a file or a comment must never come out of a table of addresses."""
    for name in ("|run", "#note", "/etc/x"):
        hours.tables.nonpersonal_address(f"{name}@chem.ox.ac.uk", "CHEM", target="mailbox:chem0001")
    hours.run(0)
    said = hours.build(0, "--format", "exim")
    assert (said.code, said.out) == (0, "".join(f"{a}: {to}\n" for a, to in sorted(TABLE.items())))
    assert [line.split()[0] for line in said.err.splitlines()] == [
        "#note@chem.ox.ac.uk",
        "/etc/x@chem.ox.ac.uk",
        "|run@chem.ox.ac.uk",
    ]


def test_people_get_counts_then_changes_then_the_table(hours: Hours) -> None:
    hours.run(0)
    hours.tables.route(ANN, "ann@lab.example", "chem0002")
    hours.run(1)
    assert hours.build(1).out == (
        "Routing table of 2025-10-01T09:00:00Z: 4 addresses\n"
        "0 added, 0 removed, 1 moved since that of 2025-10-01T08:00:00Z\n"
        "\n"
        "moved\n"
        "  ann.lee@chem.ox.ac.uk  to ann@lab.example, before to chem0001@nexus.ox.ac.uk\n"
        "\n"
        "  ann.lee@chem.ox.ac.uk    ann@lab.example\n"
        "  bob.ray@chem.ox.ac.uk    chem0002@nexus.ox.ac.uk\n"
        "  chem0001@nexus.ox.ac.uk  chem0001@nexus.ox.ac.uk\n"
        "  chem0002@nexus.ox.ac.uk  chem0002@nexus.ox.ac.uk\n"
    )


def test_a_table_that_no_run_has_renewed_is_said_to_be_old(hours: Hours) -> None:
    hours.run(0)
    assert hours.build(1).err == ""
    assert hours.build(2).err == "No run has been accepted since 2025-10-01T08:00:00Z; the table is of then.\n"
    quiet = hours.site.type("--quiet", "routing", "build", "--at", "2025-10-01T10:00:00Z")
    assert (quiet.out, quiet.err) == (hours.build(2).out, "")


def test_a_file_is_written_whole_and_stdout_says_what_changed(hours: Hours, tmp_path: Path) -> None:
    hours.run(0)
    hub = tmp_path / "hub.txt"
    hub.write_text("old\n")
    said = hours.build(0, "--format", "postfix", "--out", hub)
    assert hub.read_text() == "".join(f"{a} {to}\n" for a, to in sorted(TABLE.items()))
    assert said.out == (
        "Routing table of 2025-10-01T08:00:00Z: 4 addresses\n4 added, 0 removed, 0 moved: the first table\n"
    )
    assert [path.name for path in tmp_path.glob("*hub*")] == ["hub.txt"]
    said = hours.build(0, "--format", "json", "--out", hub)
    assert json.loads(hub.read_text()) == said.document


def test_a_file_that_cannot_be_written_is_a_usage_error(hours: Hours, tmp_path: Path) -> None:
    hours.run(0)
    said = hours.build(0, "--out", tmp_path / "nowhere" / "hub.txt")
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"The routing table cannot be written to {tmp_path}/nowhere/hub.txt: ")
