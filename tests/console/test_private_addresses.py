"""R31: where somebody gets their rescue codes is not for everybody who supports one of their units."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from building.notices import MARY, notice
from building.plans import plan_of
from console.conftest import serving
from console.test_approvals import NOWHERE
from console.test_pages import shown

from nexusops.console.private import OUTSIDE, without_addresses_outside
from nexusops.model.changes import SendNotice
from nexusops.model.ids import Address
from nexusops.model.plan import Planned
from nexusops.model.site import Site


def test_unit_it_see_that_there_is_an_address_outside_and_not_which(site: Path) -> None:
    guard = site / "guard.toml"
    guard.write_text(guard.read_text("utf-8").replace('"admn0033", ', ""), "utf-8")
    with serving(site, signing_in=NOWHERE) as doors:
        unit, desk = (shown(doors.signed_in(who).open("/people/admn0040").text) for who in ("admn0033", "stat0038"))
    assert f"reached at {OUTSIDE} D32" in unit
    assert "helen@mail.example" not in unit
    assert "reached at helen@mail.example (from hris) D32" in desk


def test_a_plan_shows_unit_it_no_address_outside() -> None:
    site = Site(name="s", fallback_domain="nexus.example.ac.uk")
    to = (MARY, Address("ball1234@nexus.example.ac.uk"), Address("mary@mail.example"), Address("x@notox.ac.uk"))
    plan = plan_of([Planned(id="c1", job="notices", change=replace(notice(), to=to))])
    (planned,) = without_addresses_outside(plan, site).changes
    assert isinstance(planned.change, SendNotice)
    assert planned.change.to == (*to[:2], OUTSIDE, OUTSIDE)
