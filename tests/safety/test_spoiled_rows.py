"""D29: a row that is spoiled in one place costs nobody anything, and what really goes still goes.

A few ways for each key and reference in the suite; with NEXUSOPS_FUZZ set all of them (``make fuzz``).
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from building.fuzzed import answers
from building.killed import DAYS, KilledSite, first_day
from building.snapshot_folder import SnapshotFolder
from building.spoiled_rows import SpoiledRow, spoiled_rows

TAKES = {"WindDownAddress", "DisableMailbox", "DeleteMailbox", "RemoveAddress", "ClearForward", "RevokeAccess"}
MEANT = {
    ("nonpersonal_addresses", "mailbox_id"),
    ("units", "domain", "empty"),
    *(("affiliations", "person_id", way) for way in ("endless", "a path", "a formula", "markup", "quoted")),
}
"""What an empty value says in so many words: attached to no mailbox, a unit without a domain; and ids that could be
somebody's who is not in persons (ORPHAN_AFFILIATION)."""

UNTOLD = {
    ("cards", "card_id"),
    ("name_requests", "request_id"),
    ("it_staff", "staff_id"),
    ("it_staff", "person_id"),
    ("units", "domain"),
    ("it_staff", "unit_id"),
    ("nonpersonal_mailboxes", "owner_person_id"),
}
"""What may be anything, or leads to nobody without being wrong: somebody who has left is no longer in persons."""


def town() -> SnapshotFolder:
    """A row in nearly every table; the last one of each is the one that is spoiled."""
    data = first_day()
    data.choice("1000002", "ann.lee2@chem.ox.ac.uk")
    data.unit("HIST", "department", "hist.ox.ac.uk").domain("hist.ox.ac.uk")
    data.person("1000007", "hist0007").card("1000007", "MC", "Gus", "Hale", "2024-10-01", "2026-09-30")
    data.affiliation("1000007", "HIST", "2024-10-01").alternative("1000007", "gus@private.example")
    data.staff("hist0007", "1000007", "HIST").name_request("n1", "1000007", "gus.h")
    data.mailbox("hist-lab", "HIST", "lab@hist.ox.ac.uk", "1000007", requested_by="hist0007")
    data.nonpersonal_address("help@hist.ox.ac.uk", "HIST", mailbox_id="hist-lab")
    data.route("gus.hale@hist.ox.ac.uk", "mailbox:hist0007")
    return data


CASES = list(spoiled_rows(town()))
EVERY = bool(os.environ.get("NEXUSOPS_FUZZ"))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> KilledSite:
    found = KilledSite.made(tmp_path_factory.mktemp("spoiled") / "site")
    found.export(DAYS[0], town())
    assert found.type("run", DAYS[0]) == 0
    return found


def planned(site: KilledSite, data: SnapshotFolder, day: str = DAYS[1]) -> tuple[set[str], list[str]]:
    """The kinds of change, and the codes of what is found."""
    site.export(day, data)
    code, out = answers(*site.words("plan", day, "--format", "json"))
    assert code == 0, out
    document = json.loads(out)
    return set(document["counts"]), [one["code"] for one in document["findings"]]


@pytest.mark.parametrize("spoiled", CASES if EVERY else CASES[::17], ids=str)
def test_a_row_that_is_spoiled_in_one_place_costs_nobody_anything(spoiled: SpoiledRow, site: KilledSite) -> None:
    """D29: neither its own person or mailbox, nor anybody else."""
    found, codes = planned(site, spoiled.spoil(town()))
    if not {(spoiled.table, spoiled.column), (spoiled.table, spoiled.column, spoiled.way)} & MEANT:
        assert found & TAKES == set()
    assert codes or (spoiled.table, spoiled.column) in UNTOLD


GOES = {
    "affiliations": ("person_id", {"WindDownAddress"}),
    "nonpersonal_mailboxes": ("mailbox_id", {"DeleteMailbox"}),
    "nonpersonal_addresses": ("address", {"RemoveAddress"}),
}


@pytest.mark.parametrize("table", GOES)
def test_what_really_goes_goes_once_the_row_is_out_of_the_way(table: str, site: KilledSite, tmp_path: Path) -> None:
    """D29: what is held back is looked at again in every run, though nothing of its own changes any more."""
    column, goes = GOES[table]
    own = site.copied(tmp_path / "own")
    own.export(DAYS[1], SpoiledRow(table, column, "empty", "").spoil(town()))
    assert own.type("run", DAYS[1]) == 0
    data = town()
    data.tables[table].pop()
    if table == "nonpersonal_mailboxes":
        data.tables["nonpersonal_addresses"].pop()
    assert goes <= planned(own, data, DAYS[2])[0]
    shutil.rmtree(own.folder)


def test_a_repaired_row_leaves_nothing_behind(site: KilledSite, tmp_path: Path) -> None:
    own = site.copied(tmp_path / "own")
    for table, (column, _) in GOES.items():
        own.export(DAYS[1], SpoiledRow(table, column, "empty", "").spoil(town()))
    assert own.type("run", DAYS[1]) == 0
    assert planned(own, town(), DAYS[2])[0] == set()


def test_no_mailbox_is_called_as_somebody_is(site: KilledSite) -> None:
    """R15, R18: its unit would have had the person's mailbox send as the unit; capitals make no difference."""
    for name in ("hist0007", "HIST0007", "Hist-Lab"):
        data = town().mailbox(name, "HIST", "new@hist.ox.ac.uk", "1000007", requested_by="hist0007")
        found, codes = planned(site, data)
        assert (found, {"ADDRESS_TAKEN", "DUP_ROW"} & set(codes) != set()) == (set(), True)


def test_a_mailbox_whose_name_is_spelled_in_other_letters_is_kept(site: KilledSite) -> None:
    """D29, R30: nobody can tell whether it is another one, and content is at stake."""
    data = town().change("nonpersonal_mailboxes", {"mailbox_id": "hist-lab"}, mailbox_id="HIST-lab")
    data.change("nonpersonal_addresses", {"mailbox_id": "hist-lab"}, mailbox_id="HIST-lab")
    found, codes = planned(site, data)
    assert (found, codes.count("ADDRESS_TAKEN")) == (set(), 2)


def test_a_choice_that_cannot_be_read_undoes_no_earlier_one(site: KilledSite, tmp_path: Path) -> None:
    """D29, R12."""
    own = site.copied(tmp_path / "own")
    data = town().affiliation("1000007", "CHEM", "2024-10-01").choice("1000007", "gus.hale@hist.ox.ac.uk")
    own.export(DAYS[1], data)
    assert own.type("run", DAYS[1]) == 0
    bad = data.change("sender_choices", {"person_id": "1000007"}, chosen_at="soon")
    assert planned(own, bad, DAYS[2])[0] == set()


def test_a_domain_that_cannot_be_read_sends_no_mail_elsewhere(site: KilledSite) -> None:
    """D29, R58: an outside route that was ignored while the domain was ours does not come into force by that."""
    data = town().external_route("gus.hale@hist.ox.ac.uk", "gus@elsewhere.example", "1000007")
    found, codes = planned(site, data.change("domains", {"domain": "hist.ox.ac.uk"}, managed="perhaps"))
    assert (found, "NO_ROUTE" in codes, "BAD_ROW" in codes) == (set(), False, True)


def test_an_instant_without_an_end_does_not_wait_for_ever(site: KilledSite) -> None:
    """R60: the row is told instead."""
    data = town().change("routing", {"address": "gus.hale@hist.ox.ac.uk"}, set_at="infinity")
    assert "BAD_ROW" in planned(site, data)[1]


def test_a_mistyped_person_id_costs_its_person_nothing(site: KilledSite, tmp_path: Path) -> None:
    """D29, rules.md 3.5: one slip of the keyboard, in a row of somebody who was never here; the person is told of."""
    own = site.copied(tmp_path / "own")
    for typed in ("100007", "10000077", "1000070", "1000097"):
        data = town().change("affiliations", {"person_id": "1000007"}, person_id=typed)
        own.export(DAYS[1], data)
        code, out = answers(*own.words("plan", DAYS[1], "--format", "json"))
        found = {(one["code"], one["subject"]) for one in json.loads(out)["findings"]}
        assert (code, json.loads(out)["counts"], typed) == (0, {}, typed)
        assert {("ORPHAN_AFFILIATION", typed), ("ORPHAN_AFFILIATION", "1000007")} <= found
    assert own.type("run", DAYS[1]) == 0
    code, told = answers(*own.words("explain", DAYS[1], "hist0007"))
    assert (code, "ORPHAN_AFFILIATION" in told, "Wind down" in told) == (0, True, False)
    assert planned(own, data.remove("affiliations", person_id="1000097"), DAYS[2])[0] == {
        "WindDownAddress",
        "SetSender",
    }


@pytest.mark.parametrize("typed", ["2000042", "1000003"])
def test_an_affiliation_of_somebody_else_keeps_nobodys_address(typed: str, site: KilledSite) -> None:
    """R39: of another one, or of somebody who is no longer in persons and was here (ORPHAN_AFFILIATION)."""
    data = town().change("affiliations", {"person_id": "1000007"}, person_id=typed)
    if typed == "1000003":
        data.remove("persons", person_id=typed)
    assert "WindDownAddress" in planned(site, data)[0]
