"""SaaS requests hour by hour: what changes elsewhere in registration is seen without looking at everybody."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from building.snapshot_folder import SnapshotFolder
from cli.conftest import CommandSite
from cli.test_saas import DOMAIN_REQUEST, file

from nexusops import wiring
from nexusops.model.changes import Change, Kind, kind_of
from nexusops.model.tenant import Wanted
from nexusops.pipeline.decide import decide
from nexusops.pipeline.inputs import Ports, accepted_tables
from nexusops.pipeline.saas.plan import plan_of_request

START = datetime(2025, 10, 1, 8, tzinfo=UTC)


def food() -> SnapshotFolder:
    """Food Technology with its IT staff, an owner, and another unit."""
    folder = SnapshotFolder().domain("foodtech.ox.ac.uk").domain("chem.ox.ac.uk")
    folder.unit("FOOD", domain="foodtech.ox.ac.uk").unit("CHEM", domain="chem.ox.ac.uk")
    for person_id, username in (("1000007", "food0007"), ("1000042", "food0042")):
        folder.person(person_id, username).card(
            person_id, "US", "Ann", f"Lee{username[:4]}", "2024-10-01", "2028-09-30"
        )
        folder.affiliation(person_id, "FOOD", "2024-10-01")
    return folder.row("it_staff", staff_id="food0007", person_id="1000007", unit_id="FOOD")


def hour(site: CommandSite, number: int, folder: SnapshotFolder) -> list[dict[str, Any]]:
    """Writes that hour's snapshot; its planned changes, from the difference and from scratch, which are the same."""
    at = START + timedelta(hours=number)
    path = site.folder / f"hour-{number}"
    folder.write(path, as_of=at - timedelta(minutes=10))
    words = ("--at", at.isoformat().replace("+00:00", "Z"), "--snapshot", path)
    plans = [site.type("plan", *words, "--format", "json", "--refresh", way).document for way in ("delta", "full")]
    assert plans[0]["changes"] == plans[1]["changes"]
    assert site.type("run", *words).code == 0
    found: list[dict[str, Any]] = plans[0]["changes"]
    return found


def kinds(changes: list[dict[str, Any]], *subjects: str) -> list[str]:
    return [one["kind"] for one in changes if one["subject"] in subjects]


def test_what_ends_elsewhere_ends_here(site: CommandSite) -> None:
    """2.4, 2.5: its unit's domain fails; the plan from the difference is the plan from scratch."""
    file(site, "mailshot", **DOMAIN_REQUEST)
    file(site, "adminday")
    mine = ("mailshot", "adminday")
    folder = food()
    assert kinds(hour(site, 0, folder), *mine) == ["CreateMailbox", "GrantAccess", "PublishRecords"]
    assert kinds(hour(site, 1, folder), *mine) == []
    assert kinds(hour(site, 2, folder.change("domains", {"domain": "chem.ox.ac.uk"}, state="failing")), *mine) == []
    changes = hour(site, 3, folder.change("domains", {"domain": "foodtech.ox.ac.uk"}, state="failing"))
    assert sorted(kinds(changes, *mine)) == ["DeleteMailbox", "RetireRecords", "RevokeAccess"]
    assert kinds(hour(site, 4, folder), *mine) == []


def test_a_request_waits_for_its_staff_and_then_goes_on(site: CommandSite) -> None:
    """R62: refused until registration knows the requester; nothing in the request has to change."""
    file(site, "adminday")
    staff = food()
    nobody = staff.copy().remove("it_staff", staff_id="food0007").table("it_staff")
    assert kinds(hour(site, 0, nobody), "adminday") == []
    assert kinds(hour(site, 1, staff), "adminday") == ["CreateMailbox", "GrantAccess"]
    assert kinds(hour(site, 2, nobody), "adminday") == []


def test_a_domain_that_passed_on_is_shown_as_its_present_owners(site: CommandSite) -> None:
    """D39, 2.5: once one request is retired another may have the name; what is shown is what stands in the DNS."""
    folder = food()
    file(site, "mailshot", **DOMAIN_REQUEST)
    assert kinds(hour(site, 0, folder), "mailshot") == ["PublishRecords"]
    assert site.type("saas", "retire", "mailshot", "--reason", "another provider").code == 0
    file(site, "amailshot", **DOMAIN_REQUEST)
    assert kinds(hour(site, 1, folder), "mailshot", "amailshot") == ["RetireRecords"]
    assert kinds(hour(site, 2, folder), "mailshot", "amailshot") == ["PublishRecords"]
    found = site.type("domain", "list", "--zone-kind", "service", "--format", "json").document["domains"]
    assert [(one["domain"], one["state"]) for one in found] == [("mail-shot.foodtech.ox.ac.uk", "published")]
    assert site.type("domain", "list", "--state", "winding").code == 2


def test_what_is_published_ends_with_its_own_domain_wherever_the_unit_has_gone(site: CommandSite) -> None:
    """2.4, 2.5: the unit took its mail elsewhere before; the owner has no address in the domain that ends."""
    folder = food().domain("new.ox.ac.uk").person("1000044", "chem0044")
    folder.card("1000044", "US", "Cy", "Dent", "2024-10-01", "2028-09-30").affiliation("1000044", "CHEM", "2024-10-01")
    file(site, "mailshot", **DOMAIN_REQUEST, owner_person_id="1000044")
    assert kinds(hour(site, 0, folder), "mailshot") == ["PublishRecords"]
    assert kinds(hour(site, 1, folder.change("units", {"unit_id": "FOOD"}, domain="new.ox.ac.uk")), "mailshot") == []
    assert kinds(hour(site, 2, folder), "mailshot") == []
    changes = hour(site, 3, folder.change("domains", {"domain": "foodtech.ox.ac.uk"}, state="failing"))
    assert kinds(changes, "mailshot") == ["RetireRecords"]
    assert kinds(hour(site, 4, folder), "mailshot") == []


@dataclass(frozen=True)
class Sight:
    """A tenant, and whom and what it was asked for."""

    tenant: Any
    asked: set[str]

    def read(self, wanted: Wanted) -> Any:
        self.asked.update(wanted.people, wanted.boxes)
        return self.tenant.read(wanted)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.tenant, name)


def november(site: CommandSite) -> datetime:
    """Forty cards have ended, the one of food0043 among them, and Mae Day's begins; no run has been made since."""
    folder = food()
    for number in range(43, 83):
        person_id, username = f"10000{number}", f"food00{number}"
        folder.person(person_id, username).card(person_id, "US", "Jo", f"Ash{number}", "2024-10-01", "2025-10-31")
        folder.affiliation(person_id, "FOOD", "2024-10-01")
    folder.person("1000090", "food0090").card("1000090", "US", "Mae", "Day", "2025-11-01", "2028-09-30")
    folder.affiliation("1000090", "FOOD", "2025-11-01")
    hour(site, 0, folder)
    return datetime(2025, 11, 1, 8, tzinfo=UTC)


ANSWERABLE = {"1000007", "1000042", "1000043"}


@pytest.mark.parametrize(
    ("owner", "local", "planned", "judged"),
    [
        ("1000042", "adminday", [Kind.CREATE_MAILBOX, Kind.GRANT_ACCESS], ANSWERABLE),
        ("1000043", "adminday", [], ANSWERABLE),  # whose card has ended may own nothing any more
        ("1000042", "mae.day", [], None),  # it becomes somebody's own address on that day
    ],
)
def test_a_request_is_planned_as_in_the_whole_plan_without_all_the_leavers_of_that_day(
    site: CommandSite, owner: str, local: str, planned: list[Kind], judged: set[str] | None
) -> None:
    """interface.md 7: the part of the whole plan, at the price of what it hangs on; None: of everybody."""
    at = november(site)
    file(site, "adminday", owner_person_id=owner, from_local=local)
    part, alone, whole = parts(site, "adminday", at)
    assert part == whole
    assert [kind_of(change) for change in part] == planned
    assert len(alone) > 40 if judged is None else alone <= judged | {"adminday"}


def test_of_all_the_other_requests_only_those_for_its_address_are_judged_beside_it(site: CommandSite) -> None:
    """D39: the first one gets it. With three thousand, a changed file had all their mailboxes read for each page."""
    hour(site, 0, food())
    for request_id, local in (("aday", "day"), ("bday", "day"), ("cday", "else"), ("dday", "other")):
        file(site, request_id, from_local=local)
    for request_id, planned, judged in (("bday", 0, {"aday", "bday"}), ("cday", 2, {"cday"})):
        part, alone, whole = parts(site, request_id, START)
        assert part == whole
        assert (len(part), alone - ANSWERABLE) == (planned, judged)


def parts(site: CommandSite, request_id: str, at: datetime) -> tuple[list[Change], set[str], list[Change]]:
    """A request's own plan, what the tenant was asked about for it, and its part of the whole plan."""
    asked: set[str] = set()
    with wiring.opened(site.folder) as opened:
        tenant = opened.ports.tenant()
        ports: Ports = replace(opened.ports, tenant=lambda: Sight(tenant, asked))
        part = plan_of_request(ports, request_id, at=at)
        alone = set(asked)
        whole = decide(ports, accepted_tables(ports), at=at, jobs=(), full=False, accept={}).plan
    mine = [one.change for one in whole.changes if one.change.why.subject == request_id]
    return [one.change for one in part.changes], alone, mine


def test_the_end_of_a_service_domain_is_foretold_with_its_day(site: CommandSite) -> None:
    """2.5, rules.md 4: it is that of the mail domain above it, and is told of until then."""
    file(site, "mailshot", **DOMAIN_REQUEST)
    folder = food()
    hour(site, 0, folder)
    hour(site, 1, folder.change("domains", {"domain": "foodtech.ox.ac.uk"}, state="winddown", winddown_months=2))
    said = site.type("explain", "mailshot", "--at", "2025-10-01T09:00:00Z").out
    assert "it ends with foodtech.ox.ac.uk, on 2025-12-02 at the earliest" in said
    assert said.split("\nNext\n")[1].splitlines()[0].split(maxsplit=1) == [
        "2025-12-02",
        "Retire 2 DNS records of mail-shot.foodtech.ox.ac.uk as zone lines (R67)",
    ]


def test_whose_staff_have_gone_is_seen_in_that_hour(site: CommandSite) -> None:
    """R62, 2.4: of what runs, and of what needs nothing: the row of the requester is not there any more."""
    file(site, "adminday")
    file(site, "survey", oxford_domain_needed=False)
    folder = food().row("it_staff", staff_id="food0042", person_id="1000042", unit_id="FOOD")
    assert kinds(hour(site, 0, folder), "adminday") == ["CreateMailbox", "GrantAccess"]
    hour(site, 1, folder)
    hour(site, 2, folder.remove("it_staff", staff_id="food0007"))
    rows = site.type("saas", "list", "--format", "json").document["requests"]
    assert [(one["request_id"], one["state"], one["problem"].split(":")[0]) for one in rows] == [
        ("adminday", "review_due", "NOT_UNIT_IT"),
        ("survey", "refused", "NOT_UNIT_IT"),
    ]
