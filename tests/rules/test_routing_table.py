"""The routing table and the findings about routes, told with days of a small university."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from building.oxford import oxford, student
from building.world import SITE, Day, World
from hypothesis import given
from hypothesis import strategies as st

from nexusops.model.addresses import AddressState
from nexusops.model.findings import Severity
from nexusops.model.ids import Address, Domain, PersonId, UnitId
from nexusops.model.mailboxes import Forward, ForwardOrigin
from nexusops.model.people import Staff
from nexusops.model.policy import DisabledPolicy, Policy
from nexusops.model.routing import LiveAddress
from nexusops.model.units import DomainState, NonpersonalAddress, NonpersonalMailbox
from nexusops.rules.judging import Known
from nexusops.rules.routes import judge_routes
from nexusops.rules.routing import RouteBook, accepted_states, table, without_loops

ANN, BOB = "ann.lee@chem.ox.ac.uk", "bob.ray@chem.ox.ac.uk"
OFFICE, SAFETY = "office@chem.ox.ac.uk", "safety@chem.ox.ac.uk"
MONDAY, TUESDAY = "2024-10-07", "2024-10-08"


def _chemistry() -> World:
    """Ann Lee (1) and Bob Ray (2), who is its IT staff, the office's mailbox of Bob's; all there is after a run."""
    world = student(student(oxford(), "1", "Ann Lee", "CHEM", code="US"), "2", "Bob Ray", "CHEM", code="US")
    world.staff.append(Staff(staff_id="chem0009", person_id=PersonId("2"), unit_id=UnitId("CHEM")))
    world.boxes["chemoffice"] = NonpersonalMailbox(
        mailbox_id="chemoffice",
        kind="secondary",
        unit_id=UnitId("CHEM"),
        owner_person_id=PersonId("2"),
        address=Address(OFFICE),
        requested_by="chem0009",
    )
    world.run("2024-10-01")
    return world


def _alias(world: World, address: str, target: str | None) -> World:
    world.aliases[address] = NonpersonalAddress(
        address=Address(address), unit_id=UnitId("CHEM"), mailbox_id=None, target=target
    )
    return world


def _table(world: World, today: str = TUESDAY, policy: Policy | None = None) -> dict[str, str]:
    """As a run would build it from the ledger as it is."""
    rows = sorted(world.ledger.allocations.values(), key=lambda row: row.period)
    boxes = world.ledger.mailboxes
    known = Known(
        holders={row.address: tuple(r for r in rows if r.address == row.address) for row in rows},
        boxes=boxes.values(),
        states=world.ledger.people,
        accepted=(states := accepted_states(policy or world.policy)),
        routed=world.routed,
    )
    snapshot = world.snapshot(date.fromisoformat(today))
    book, _ = judge_routes(snapshot, known, SITE.fallback_domain)
    live = [
        LiveAddress(row.address, row.kind, boxes[row.mailbox_key].name if row.mailbox_key else None, row.target)
        for row in rows
        if row.state in states
    ]
    unmanaged = frozenset(domain.domain for domain in world.domains.values() if not domain.managed)
    return table(live, book.chosen, SITE.fallback_domain, unmanaged)


def _routes(day: Day) -> set[tuple[str, str]]:
    """What was found about routes."""
    return {found for found in day.codes if found[0] != "OWNER_INELIGIBLE"}


PLAIN = {
    ANN: "ball0001@nexus.ox.ac.uk",
    BOB: "ball0002@nexus.ox.ac.uk",
    OFFICE: "chemoffice@nexus.ox.ac.uk",
    "ball0001@nexus.ox.ac.uk": "ball0001@nexus.ox.ac.uk",
    "ball0002@nexus.ox.ac.uk": "ball0002@nexus.ox.ac.uk",
}


def test_every_address_goes_to_the_mailbox_that_it_is_on() -> None:
    """R13, D21, interface.md 3: named by username, or mailbox name, at the fallback domain; fallbacks are accepted."""
    assert _table(_chemistry()) == PLAIN


def test_an_address_in_wind_down_still_receives_and_a_deleted_one_does_not() -> None:
    """R40, R41, 2.1."""
    world = _chemistry().affiliation("1", "CHEM", "2024-10-01", "2024-10-31").affiliation("1", "LAW", "2024-10-01")
    for number in range(100):
        world.run(date(2024, 11, 1) + timedelta(days=number))
        state = world.states("1")[ANN]
        assert (ANN in _table(world)) == (state == "winddown"), state
    assert world.states("1") == {ANN: "deleted", "ann.lee@law.ox.ac.uk": "active"}


def test_a_disabled_mailbox_is_not_delivered_to() -> None:
    """D08, R36: its addresses are suspended; accepted only where the site answers for them."""
    world = _chemistry()
    world.cards["c1"] = replace(world.cards["c1"], end_date=date(2024, 10, 6))
    world.run(MONDAY)
    left = {address: to for address, to in PLAIN.items() if to != "ball0001@nexus.ox.ac.uk"}
    assert (world.box("ball0001").state, _table(world)) == ("disabled", left)
    assert _table(world, policy=Policy(disabled=DisabledPolicy(inbound="accept_autoreply"))) == PLAIN


def test_a_domain_that_is_not_managed_is_not_in_the_table() -> None:
    """3.4, T15: its own server decides; a domain that nobody describes stays (D29)."""
    world = _chemistry().domain("chem.ox.ac.uk", managed=False)
    assert set(_table(world)) == {"ball0001@nexus.ox.ac.uk", "ball0002@nexus.ox.ac.uk"}
    del world.domains[Domain("chem.ox.ac.uk")]
    assert _table(world) == PLAIN


@pytest.mark.parametrize(
    ("destination", "to"),
    [
        ("mailbox:ball0002", "ball0002@nexus.ox.ac.uk"),
        ("Ann@Lab.example", "ann@lab.example"),
        (OFFICE, OFFICE),
    ],
)
def test_it_staff_of_the_unit_say_where_an_address_goes(destination: str, to: str) -> None:
    """R16, R57, D47: it is done, and reported as split; nothing is forwarded for it."""
    world = _chemistry().route(ANN, destination, set_by="chem0009")
    done = world.run(MONDAY)
    assert (done.acts, _routes(done)) == ([], {("SPLIT_ROUTING", ANN)})
    assert _table(world) == {**PLAIN, ANN: to}
    world.routes.clear()
    assert (_routes(world.run(TUESDAY)), _table(world)) == (set(), PLAIN)


def test_an_address_in_wind_down_can_still_be_routed() -> None:
    """R16."""
    world = _chemistry().affiliation("1", "CHEM", "2024-10-01", "2024-10-31").affiliation("1", "LAW", "2024-10-01")
    world.route(ANN, "ann@lab.example", set_by="chem0009").run("2024-11-01")
    assert (world.states("1")[ANN], _table(world)[ANN]) == ("winddown", "ann@lab.example")


def test_a_route_back_to_its_own_mailbox_is_not_split() -> None:
    """R57: the outside route ends where inside mail does, by however many steps."""
    world = _chemistry().route(ANN, SAFETY, set_by="chem0009")
    done = _alias(world, SAFETY, "mailbox:ball0001").run(MONDAY)
    assert (_routes(done), _table(world)[ANN]) == ({("ROLE_TO_PERSONAL", SAFETY)}, SAFETY)


@pytest.mark.parametrize(
    ("set_by", "unit", "code"),
    [("law0001", "LAW", "NOT_UNIT_IT"), ("nobody", "CHEM", "NOT_UNIT_IT"), ("registration", "LAW", None)],
)
def test_only_it_staff_of_a_unit_that_uses_the_domain_are_heeded(set_by: str, unit: str, code: str | None) -> None:
    """R16, 3.6, 3.17: their unit's domain, or registration itself; anybody else is ignored."""
    world = _chemistry().route(ANN, "ann@lab.example", set_by=set_by)
    if set_by == "law0001":
        world.staff.append(Staff(staff_id=set_by, person_id=PersonId("2"), unit_id=UnitId(unit)))
    done = world.run(MONDAY)
    assert _routes(done) == {(code or "SPLIT_ROUTING", ANN)}
    assert _table(world)[ANN] == (PLAIN[ANN] if code else "ann@lab.example")


def test_it_staff_of_another_unit_that_shares_the_domain_are_heeded() -> None:
    """R9, R16: several units may use one domain."""
    world = student(oxford(), "1", "Ann Lee", "HIST", code="US")
    world.staff.append(Staff(staff_id="hmed0001", person_id=PersonId("1"), unit_id=UnitId("HMED")))
    world.run("2024-10-01")
    world.route("ann.lee@history.ox.ac.uk", "ann@lab.example", set_by="hmed0001")
    assert _routes(world.run(MONDAY)) == {("SPLIT_ROUTING", "ann.lee@history.ox.ac.uk")}


def test_routes_in_a_domain_that_its_unit_has_left_stay_while_its_addresses_wind_down() -> None:
    """R16, R52: on the day of a new domain all that the unit's IT staff had routed came back, and they could not route
    it any more; who has left is not heeded there either (3.13), and what is set anew waits for registration.
    """
    world = _chemistry().route(ANN, "ann@lab.example", set_by="chem0009")
    world.run(MONDAY)
    world.routed = {Address(address): Address(to) for address, to in _table(world).items()}
    world.domain("chem.ox.ac.uk", state=DomainState.WINDDOWN, winddown_start=date(2024, 10, 8), winddown_months=3)
    world.unit("CHEM", "department", "chemistry.ox.ac.uk").route(BOB, "bob@lab.example", set_by="chem0009")
    done = world.run(TUESDAY)
    assert (world.states("1")[ANN], _routes(done)) == (
        "winddown",
        {("NOT_UNIT_IT", ANN), ("NOT_UNIT_IT", BOB), ("ROLES_END", "chem.ox.ac.uk"), ("SPLIT_ROUTING", ANN)},
    )
    assert (_table(world)[ANN], _table(world)[BOB]) == ("ann@lab.example", PLAIN[BOB])
    world.staff.clear()
    assert _table(world)[ANN] == PLAIN[ANN]


def test_it_staff_who_have_left_are_no_longer_heeded() -> None:
    """3.13: a staff member whose person is out loses scope, and the address goes to its mailbox again."""
    world = _chemistry().route(ANN, "ann@lab.example", set_by="chem0009")
    world.run(MONDAY)
    world.cards["c2"] = replace(world.cards["c2"], end_date=date(2024, 10, 7))
    world.run(TUESDAY)
    done = world.run("2024-10-09")
    assert ("NOT_UNIT_IT", ANN) in done.codes
    assert _table(world)[ANN] == PLAIN[ANN]


@pytest.mark.parametrize(
    ("address", "destination", "code"),
    [
        ("nobody.here@chem.ox.ac.uk", "mailbox:ball0001", "ROUTE_UNKNOWN_ADDRESS"),
        ("ball0001@nexus.ox.ac.uk", "ann@lab.example", "BAD_ROUTE"),
        (ANN, "mailbox:gone0001", "DANGLING_ROUTE"),
        (ANN, "gone0001@nexus.ox.ac.uk", "DANGLING_ROUTE"),
        (ANN, "nobody.here@chem.ox.ac.uk", "DANGLING_ROUTE"),
        (ANN, ANN, "ROUTE_LOOP"),
    ],
)
def test_a_route_that_cannot_be_followed_is_reported_and_mail_goes_on_to_the_mailbox(
    address: str, destination: str, code: str
) -> None:
    """R16, 3.6."""
    world = _chemistry().route(address, destination)
    assert (_routes(world.run(MONDAY)), _table(world)) == ({(code, address)}, PLAIN)


@pytest.mark.parametrize("destination", ["mailbox:ball0001", ANN])
def test_a_route_to_a_mailbox_that_is_disabled_is_not_followed(destination: str) -> None:
    """R13, R16, D08: mail to a live address came back for two months, until the mailbox was deleted."""
    world = _chemistry().route(BOB, destination)
    world.run(MONDAY)
    assert _table(world)[BOB] == (PLAIN[ANN] if destination.startswith("mailbox:") else ANN)
    world.cards["c1"] = replace(world.cards["c1"], end_date=date(2024, 10, 7))
    assert ("DANGLING_ROUTE", BOB) in world.run(TUESDAY).codes
    left = {address: to for address, to in PLAIN.items() if to != PLAIN[ANN]}
    assert _table(world) == left
    answers = Policy(disabled=DisabledPolicy(inbound="accept_autoreply"))
    assert _table(world, policy=answers)[BOB] == (PLAIN[ANN] if destination.startswith("mailbox:") else ANN)
    world.card("1", "US", "Ann", "Lee", "2024-10-01", "2028-09-30").run("2024-10-09")
    assert _table(world)[BOB] != PLAIN[BOB]


@pytest.mark.parametrize("target", ["mailbox:gone0001", None])
def test_a_route_to_a_role_that_goes_nowhere_is_not_followed(target: str | None) -> None:
    """R13, R16, R29: the role is told of, and the person's mail goes to their own mailbox, and does not come back."""
    world = _alias(_alias(_chemistry(), SAFETY, "press@chem.ox.ac.uk"), "press@chem.ox.ac.uk", target)
    world.run(MONDAY)
    assert ("DANGLING_ROUTE", ANN) in world.route(ANN, SAFETY).run(TUESDAY).codes
    assert (_table(world)[ANN], _table(world)[SAFETY]) == (PLAIN[ANN], "press@chem.ox.ac.uk")
    _alias(world, "press@chem.ox.ac.uk", SAFETY).run("2024-10-09")  # each goes to the other now
    assert _table(world) == PLAIN


def test_a_route_to_a_long_chain_of_roles_is_followed_to_its_end() -> None:
    """R16, R29: two thousand that lead to one another, and to a mailbox."""
    world, rooms = _chemistry(), [f"room{n}@chem.ox.ac.uk" for n in range(2_000)]
    for room, following in pairwise([*rooms, OFFICE]):
        _alias(world, room, following)
    world.run(MONDAY)
    done = world.route(ANN, rooms[0]).route(BOB, rooms[1]).run(TUESDAY)
    assert _routes(done) == {("SPLIT_ROUTING", ANN), ("SPLIT_ROUTING", BOB)}


def test_a_route_of_a_former_owner_takes_no_mail_of_whoever_has_the_address_now() -> None:
    """R16, R19: it says nothing of theirs until it is set anew; to whoever comes back it still does."""
    world = _chemistry().route(ANN, "ann@home.example")
    world.cards["c1"] = replace(world.cards["c1"], end_date=date(2024, 10, 6))
    world.run(MONDAY), world.run("2024-12-07")
    twin, other = deepcopy(world), student(world, "3", "Ann Lee", "CHEM", code="US", start="2025-04-08")
    done = other.run("2025-04-08")
    assert other.states("3") == {ANN: "active"}
    assert _table(other, "2025-04-08")[ANN] == "ball0003@nexus.ox.ac.uk"
    assert (_routes(done), [f.severity for f in done.findings]) == ({("ROUTE_UNKNOWN_ADDRESS", ANN)}, ["warning"])
    other.routes[ANN] = replace(other.routes[ANN], set_at=datetime(2025, 4, 8, 7, tzinfo=UTC))
    assert _table(other, "2025-04-08")[ANN] == "ann@home.example"
    twin.card("1", "US", "Ann", "Lee", "2025-04-08", "2028-09-30").run("2025-04-08")
    assert _table(twin, "2025-04-08")[ANN] == "ann@home.example"


def test_a_route_to_an_address_that_somebody_else_has_now_is_not_followed() -> None:
    """R16, R19: it was set to reach the former owner; by an outside route as by one of ours, until it is set anew."""
    world = student(_chemistry(), "4", "Jo Hill", "STAT", code="US").route(BOB, ANN)
    jo = "jo.hill@stats.ox.ac.uk"
    world.choose("4", jo).route_outside(jo, ANN, "4").run("2024-10-02")
    assert (_table(world)[BOB], world.box("ball0004").forward) == (ANN, Forward(to=ANN, origin=ForwardOrigin.AUTO))
    world.cards["c1"] = replace(world.cards["c1"], end_date=date(2024, 10, 6))
    world.run(MONDAY)  # its end is known to the next run
    for text in (TUESDAY, "2024-12-07", "2025-04-08"):
        if text == "2025-04-08":
            student(world, "3", "Ann Lee", "CHEM", code="US", start=text)
        done = world.run(text)
        assert (_routes(done), world.box("ball0004").forward) == ({("DANGLING_ROUTE", BOB), ("NO_ROUTE", jo)}, None)
    assert (_table(world)[BOB], world.box("ball0004").forward) == (PLAIN[BOB], None)
    now = datetime(2025, 4, 8, 7, tzinfo=UTC)
    world.routes[BOB] = replace(world.routes[BOB], set_at=now)
    world.external[jo] = replace(world.external[jo], set_at=now)
    world.run("2025-04-09")
    assert (_table(world)[BOB], world.box("ball0004").forward) == (ANN, Forward(to=ANN, origin=ForwardOrigin.AUTO))


def test_where_the_fallback_domain_is_a_units_its_addresses_are_destinations_like_others() -> None:
    """3.6, R29: none of them is a mailbox's routing name, and they were taken for names of mailboxes that had gone."""
    world = _chemistry().unit("ITS", "department", "nexus.ox.ac.uk")
    for number, name in (("3", "Cy Dunn"), ("4", "Di Eden")):
        student(world, number, name, "ITS", code="US")
    cy, di, help_ = (f"{local}@nexus.ox.ac.uk" for local in ("cy.dunn", "di.eden", "help"))
    world.aliases[help_] = NonpersonalAddress(
        address=Address(help_), unit_id=UnitId("ITS"), mailbox_id=None, target=OFFICE
    )
    world.run(MONDAY)
    world.route(cy, di).route(ANN, help_).route(BOB, "no.one@nexus.ox.ac.uk")
    assert _routes(world.run(TUESDAY)) == {("DANGLING_ROUTE", BOB), ("SPLIT_ROUTING", ANN), ("SPLIT_ROUTING", cy)}
    routed = {ANN: help_, cy: di, help_: OFFICE}
    assert {address: to for address, to in _table(world).items() if address in (ANN, BOB, cy, help_)} == {
        **routed,
        BOB: PLAIN[BOB],
    }
    world.routed = {Address(cy): Address(di)}
    assert ("ROUTE_LOOP", di) in world.route(di, cy).run("2024-10-09").codes


def test_two_routes_to_each_other_are_a_loop_and_the_destinations_before_it_are_kept() -> None:
    """3.6: ROUTE_LOOP keeps the previous one, each its own."""
    world = _chemistry().route(ANN, BOB)
    world.run(MONDAY)
    world.routed = {Address(ANN): Address(BOB), Address(BOB): Address(PLAIN[BOB])}
    done = world.route(BOB, ANN).run(TUESDAY)
    assert {("ROUTE_LOOP", ANN), ("ROUTE_LOOP", BOB)} <= done.codes
    assert _table(world) == {**PLAIN, ANN: BOB}
    world.routed = {}
    assert _table(world) == PLAIN


def test_a_circle_through_an_outside_route_is_a_loop_too() -> None:
    """3.6, R16: from the unit's own mail server mail comes back here; of circles out there nothing is ours."""
    world = _chemistry()
    jo, ed, flo = (f"{name}@stats.ox.ac.uk" for name in ("jo", "ed", "flo"))
    world.route_outside(jo, ANN, "1").route_outside(ed, flo, "1").route_outside(flo, ed, "1")
    done = world.route(ANN, jo).route(BOB, ed).run(MONDAY)
    assert _routes(done) == {("ROUTE_LOOP", ANN), ("SPLIT_ROUTING", BOB)}
    assert _table(world) == {**PLAIN, BOB: ed}


def test_an_unattached_address_goes_to_its_target() -> None:
    """R29: a mailbox's routing name, or an address as it stands."""
    world = _alias(_alias(_chemistry(), SAFETY, "mailbox:chemoffice"), "press@chem.ox.ac.uk", "press@agency.example")
    done = world.run(MONDAY)
    routed = {SAFETY: PLAIN[OFFICE], "press@chem.ox.ac.uk": "press@agency.example"}
    assert (_routes(done), _table(world)) == (set(), {**PLAIN, **routed})


@pytest.mark.parametrize(
    ("target", "to"),
    [(None, None), ("mailbox:gone0001", "gone0001@nexus.ox.ac.uk"), ("x.y@chem.ox.ac.uk", "x.y@chem.ox.ac.uk")],
)
def test_an_unattached_address_without_a_living_target_is_an_alert(target: str | None, to: str | None) -> None:
    """R29: DANGLING_ROUTE; it is reported and stays as its unit wants it."""
    world = _alias(_chemistry(), SAFETY, target)
    done = world.run(MONDAY)
    assert [(f.code, f.subject, f.severity) for f in done.findings] == [("DANGLING_ROUTE", SAFETY, Severity.ALERT)]
    assert _table(world).get(SAFETY) == to


def test_unattached_addresses_that_point_at_each_other_go_nowhere() -> None:
    """3.6: a loop without anything before it."""
    world = _alias(_alias(_chemistry(), SAFETY, "press@chem.ox.ac.uk"), "press@chem.ox.ac.uk", SAFETY)
    done = world.run(MONDAY)
    assert _routes(done) >= {("ROUTE_LOOP", SAFETY), ("ROUTE_LOOP", "press@chem.ox.ac.uk")}
    assert _table(world) == PLAIN


def test_a_role_that_ends_in_a_personal_mailbox_is_a_warning_until_its_owner_leaves() -> None:
    """R24: from creation on a warning, an alert from the day of the grace on, also while the mailbox is disabled, and
    dangling once it is deleted. One that has a mailbox of its own goes there as soon as the other takes no mail (D08).
    """
    world = _alias(_chemistry(), SAFETY, "mailbox:ball0001").route(OFFICE, ANN, set_by="chem0009")

    def found(today: str) -> set[tuple[str, str, str]]:
        kept = ("ROLE_TO_PERSONAL", "DANGLING_ROUTE")
        return {(f.code, f.subject, f.severity) for f in world.run(today).findings if f.code in kept}

    assert found(MONDAY) == {("ROLE_TO_PERSONAL", SAFETY, "warning"), ("ROLE_TO_PERSONAL", OFFICE, "warning")}
    world.cards["c1"] = replace(world.cards["c1"], cancelled_on=date(2024, 10, 8))
    alerts = {("ROLE_TO_PERSONAL", SAFETY, "alert"), ("ROLE_TO_PERSONAL", OFFICE, "alert")}
    assert found(TUESDAY) == alerts
    assert _table(world)[OFFICE] == ANN
    dangling = ("DANGLING_ROUTE", OFFICE, "warning")
    assert found("2024-11-08") == {*alerts, dangling}
    assert (world.box("ball0001").state, _table(world)[OFFICE]) == ("disabled", PLAIN[OFFICE])
    for number in range(40, 120):
        last = found(str(date(2024, 10, 8) + timedelta(days=number)))
    assert world.box("ball0001").state in ("deleted", "purged")
    assert last == {("DANGLING_ROUTE", SAFETY, "alert"), ("DANGLING_ROUTE", OFFICE, "warning")}


def test_a_role_that_goes_to_a_mailbox_of_the_unit_is_as_it_should_be() -> None:
    """R24."""
    assert _routes(_alias(_chemistry(), SAFETY, OFFICE).run(MONDAY)) == set()


def test_routes_are_judged_though_nobody_is_affected() -> None:
    """R57: in each run, from what the slices look up."""
    world = _chemistry()
    world.route(ANN, "ann@lab.example", set_by="chem0009").route("x.y@chem.ox.ac.uk", "mailbox:ball0002")
    done = world.run(MONDAY, only=set())
    assert _routes(done) == {("SPLIT_ROUTING", ANN), ("ROUTE_UNKNOWN_ADDRESS", "x.y@chem.ox.ac.uk")}


NAMES = st.sampled_from([Address(f"{name}@x.ox.ac.uk") for name in "abcdef"])


@given(wanted=st.dictionaries(NAMES, NAMES), before=st.dictionaries(NAMES, NAMES), plain=st.sets(NAMES))
def test_whatever_is_wanted_every_address_ends_somewhere_and_what_ended_is_left_alone(
    wanted: dict[Address, Address], before: dict[Address, Address], plain: set[Address]
) -> None:
    """ROUTE_LOOP: no circle is left, and only addresses on one were given another destination."""
    own = {address: Address(f"{address}.own") for address in plain}
    chosen, looped = without_loops(wanted, before.get, own, {})
    book = RouteBook(fallback_domain="nexus.ox.ac.uk", chosen=chosen)
    assert {a: chosen[a] for a in wanted if a not in looped} == {a: t for a, t in wanted.items() if a not in looped}
    assert all(book.end_of(address) not in chosen for address in wanted)
    assert chosen.keys() == wanted.keys()


PRESS = "press@chem.ox.ac.uk"
ENDS = st.sampled_from(
    [ANN, BOB, OFFICE, SAFETY, PRESS, "x.y@chem.ox.ac.uk", "out@lab.example"]
    + [f"mailbox:{name}" for name in ("ball0001", "ball0002", "chemoffice", "gone0001")]
)


@given(
    routes=st.dictionaries(st.sampled_from([ANN, BOB, OFFICE, SAFETY, PRESS]), ENDS),
    roles=st.dictionaries(st.sampled_from([SAFETY, PRESS]), st.none() | ENDS),
    leaver=st.sampled_from("12"),
)
def test_mail_for_a_living_persons_address_never_comes_back(
    routes: dict[str, str], roles: dict[str, str | None], leaver: str
) -> None:
    """R13, R16, R29, D08: whatever is routed where, and whoever is disabled and deleted meanwhile."""
    world = _chemistry()
    for role, target in roles.items():
        _alias(world, role, target)
    world.run("2024-10-02")
    for address, destination in routes.items():
        world.route(address, destination)
    card = world.cards[f"c{leaver}"]
    world.cards[card.card_id] = replace(card, end_date=date(2024, 10, 7))
    for text in (MONDAY, TUESDAY, "2024-10-09", "2024-12-08", "2024-12-09", "2025-01-10"):
        world.run(text)
        found = _table(world, text)
        boxes = {f"{box.name}@nexus.ox.ac.uk" for box in world.ledger.mailboxes.values() if box.kind == "secondary"}
        for row in world.ledger.allocations.values():
            if row.person_id is not None and row.state == "active":
                end = _followed(found, row.address)
                assert found[end] == end if end in found else end in boxes or end == "out@lab.example"
        world.routed = {Address(address): Address(to) for address, to in found.items()}


def _followed(found: dict[str, str], address: str) -> str:
    for _ in found:
        if found.get(address, address) == address:
            break
        address = found[address]
    return address


def test_addresses_that_are_accepted() -> None:
    """D08, 2.1: live addresses only."""
    assert accepted_states(Policy()) == {AddressState.ACTIVE, AddressState.WINDDOWN}
