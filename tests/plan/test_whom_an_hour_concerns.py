"""An hour costs what changed, not what exists (architecture.md, Driven by diffs): who is judged, counted."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from building.town import Town

from nexusops import wiring
from nexusops.model.addresses import Allocation
from nexusops.pipeline.decide import decide, read_tables


def judged(town: Town) -> set[str]:
    """The scopes that the plan from the diff looks at now."""
    town.hours += 1
    town.at += timedelta(hours=1)
    town.data.write(town.path, town.at - timedelta(minutes=10))
    with wiring.opened(town.config, snapshot=town.path) as site:
        decision = decide(site.ports, read_tables(site.ports, town.at), at=town.at, jobs=(), full=False, accept={})
    assert decision.judged is not None
    return set(decision.judged) - {"site"}


def test_an_address_that_changes_brings_none_that_begin_like_it(tmp_path: Path) -> None:
    """room1@ is looked up with room10@ and all the others, and each brought its mailbox, and that one its addresses:
    of a unit with 1,500 numbered rooms the change of one concerned all (3.10)."""
    town = Town.made(tmp_path)
    for number in range(1, 21):
        town.data.mailbox(f"box-{number}", "CHEM", f"desk{number}@chem.ox.ac.uk", "1000003")
        town.data.nonpersonal_address(f"room{number}@chem.ox.ac.uk", "CHEM", mailbox_id=f"box-{number}")
    assert town.run() == {}
    assert judged(town) == set()
    town.put("nonpersonal_addresses", {"address": "room1@chem.ox.ac.uk"}, mailbox_id="box-2")
    assert judged(town) == {
        "box:room1@chem.ox.ac.uk",
        *("box:box-1", "box:box-2", "box:room2@chem.ox.ac.uk"),
    }


def test_a_role_of_one_word_brings_whoever_is_called_so(tmp_path: Path) -> None:
    """R23: annlee is like ann.lee; where the name parts is seen from the person, and nobody else is looked at."""
    town = Town.made(tmp_path)
    assert town.run() == {}
    rows = [row for row in town_rows(town) if row.kind == "personal" and row.domain == "chem.ox.ac.uk" and row.live]
    called = {f"person:{row.person_id}" for row in rows if row.base == "ann.lee"}
    assert called
    town.data.nonpersonal_address("annlee@chem.ox.ac.uk", "CHEM", target="mailbox:chem0001")
    assert {scope for scope in judged(town) if scope.startswith("person:")} == called
    assert town.run() == {}
    assert not judged(town) & called
    town.data.remove("nonpersonal_addresses", address="annlee@chem.ox.ac.uk")
    assert {scope for scope in judged(town) if scope.startswith("person:")} == called
    assert town.run() == {}


def town_rows(town: Town) -> list[Allocation]:
    with wiring.opened(town.config) as site:
        return list(site.ports.store.ledger(None, None).allocations.values())
