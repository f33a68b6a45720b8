"""Automatic forwards of mailboxes whose sending address is in a domain that the University does not route."""

from __future__ import annotations

from dataclasses import replace

import pytest
from building.oxford import oxford, student
from building.world import World

from nexusops.model.ids import Address, PersonId, UnitId
from nexusops.model.ledger import Hold, HoldKind
from nexusops.model.mailboxes import Forward, ForwardOrigin
from nexusops.model.people import Staff
from nexusops.model.units import NonpersonalAddress

JO = "jo.hill@stats.ox.ac.uk"
MAILHOST = "jo.hill@mailhost.stats.ox.ac.uk"


def _statistics() -> World:
    """Jo Hill (1), who sends as the own-mail address, and Ann Lee (2) at Balliol."""
    world = student(student(oxford(), "1", "Jo Hill", "STAT", "BALL"), "2", "Ann Lee")
    return world.choose("1", JO).route_outside(JO, MAILHOST, "1")


def _exempt() -> Hold:
    return Hold(subject="1", kind=HoldKind.FORWARD_EXEMPT, fingerprint="", actor="desk", reason="research group")


def _auto(to: str) -> Forward:
    return Forward(to=to, origin=ForwardOrigin.AUTO)


def test_a_sender_in_an_own_mail_domain_is_forwarded_to_where_registration_says() -> None:
    """R58, 3.7: in the run that sees it; it is set once."""
    world = _statistics()
    assert ("SetForward", "ball0001") in world.run("2024-10-01").acts
    assert (world.box("ball0001").sender, world.box("ball0001").forward) == (JO, _auto(MAILHOST))
    assert world.run("2024-10-02").acts == []


@pytest.mark.parametrize("destination", [None, ""])
def test_without_a_known_route_nothing_is_forwarded_and_it_is_reported(destination: str | None) -> None:
    """R58, D35: NO_ROUTE."""
    world = _statistics().route_outside(JO, destination, "1")
    done = world.run("2024-10-01")
    assert (world.box("ball0001").forward, ("NO_ROUTE", JO) in done.codes) == (None, True)


def test_a_route_that_ends_forwarding_ends_the_forward() -> None:
    """D35: what it set itself is cleared when its reason disappears."""
    world = _statistics()
    world.run("2024-10-01")
    world.route_outside(JO, None, "1")
    assert world.run("2024-10-02").acts == [("ClearForward", "ball0001")]


def test_a_destination_that_changes_moves_the_forward() -> None:
    """R58: equal to the routing address that Registration knows."""
    world = _statistics()
    world.run("2024-10-01")
    world.route_outside(JO, "jo@new.stats.ox.ac.uk", "1")
    assert world.run("2024-10-02").acts == [("SetForward", "ball0001")]
    assert world.tenant["ball0001"].forward == "jo@new.stats.ox.ac.uk"


def test_a_sender_that_moves_back_to_a_managed_domain_ends_the_forward() -> None:
    """R58: sender changes back to a managed domain."""
    world = _statistics()
    world.run("2024-10-01")
    del world.choices["1"]
    assert ("ClearForward", "ball0001") in world.run("2024-10-02").acts
    assert world.box("ball0001").sender == "jo.hill@balliol.ox.ac.uk"


def test_a_sender_of_an_own_mail_domain_leaves_the_mailbox_when_another_takes_its_place() -> None:
    """R57: else mail from inside would end in a mailbox that forwards no more, and drift would report it for ever."""
    world = _statistics()
    world.run("2024-10-01")
    assert JO in world.tenant["ball0001"].addresses
    del world.choices["1"]
    assert world.run("2024-10-02").codes == set()
    assert world.tenant["ball0001"].addresses == {"ball0001@nexus.ox.ac.uk", "jo.hill@balliol.ox.ac.uk"}
    assert world.run("2024-10-03").codes == set()


def test_a_sender_that_winds_down_as_its_domain_gets_mail_of_its_own_stays_as_an_alias() -> None:
    """R55, R40: it is an address of the mailbox, and receives until its end."""
    world = student(oxford(), "1", "Jo Hill", "CHEM")
    world.run("2024-10-01")
    world.domain("chem.ox.ac.uk", managed=False).unit("CHEM", "department", "chem.ox.ac.uk", own_mail=True)
    assert ("SetSender", "ball0001") in world.run("2024-10-02").acts
    assert "jo.hill@chem.ox.ac.uk" in world.tenant["ball0001"].addresses


def test_an_own_mail_domain_that_moves_to_nexus_ends_the_forward() -> None:
    """R58, 2.5: addresses are made; auto-forwards are cleared; the outside route is now nobody's."""
    world = _statistics()
    world.run("2024-10-01")
    world.domain("stats.ox.ac.uk").unit("STAT", "department", "stats.ox.ac.uk", own_mail=False)
    done = world.run("2024-10-02")
    assert done.acts == [("ClearForward", "ball0001")]
    assert (world.box("ball0001").sender, world.states("1")[JO]) == (JO, "active")
    assert ("ROUTE_UNKNOWN_ADDRESS", JO) in done.codes


def test_a_forward_set_by_hand_is_never_touched() -> None:
    """D35: neither overwritten, nor cleared when there is no reason for one."""
    world = _statistics()
    world.run("2024-10-01")
    world.tenant["ball0001"] = replace(world.tenant["ball0001"], forward="jo@home.example")
    assert world.run("2024-10-02").acts == []
    world.route_outside(JO, None, "1")
    assert world.run("2024-10-03").acts == []
    assert world.box("ball0001").forward == Forward(to="jo@home.example", origin=ForwardOrigin.MANUAL)


def test_a_forward_set_by_hand_is_remembered_while_its_mailbox_is_not_told_of() -> None:
    """D35, tenant-api.md 5.4: what was not read has not been removed."""
    world = _statistics()
    world.run("2024-10-01")
    there = replace(world.tenant["ball0001"], forward="jo@home.example")
    world.tenant["ball0001"] = there
    world.run("2024-10-02")
    world.tenant["ball0001"] = replace(there, exchange_guid=None, forward=None)
    world.run("2024-10-03")
    assert world.box("ball0001").forward == Forward(to="jo@home.example", origin=ForwardOrigin.MANUAL)
    world.tenant["ball0001"] = there
    assert world.run("2024-10-04").acts == []


def test_an_exempt_mailbox_keeps_its_mail() -> None:
    """R59, R57: cleared in the next run, not set again while exempt, and set again afterwards."""
    world = _statistics()
    world.run("2024-10-01")
    world.hold(_exempt())
    done = world.run("2024-10-02")
    assert (done.acts, ("SPLIT_ROUTING", JO) in done.codes) == ([("ClearForward", "ball0001")], True)
    assert world.run("2024-10-03").acts == []
    world.ledger = replace(world.ledger, holds={})
    assert world.run("2024-10-04").acts == [("SetForward", "ball0001")]


def test_mail_that_comes_back_to_an_exempt_mailbox_is_as_it_should_be() -> None:
    """R59: a forward back from the own-mail server is what must then be set up."""
    world = _statistics().route_outside(JO, "mailbox:ball0001", "1").hold(_exempt())
    done = world.run("2024-10-01")
    assert (world.box("ball0001").forward, done.codes) == (None, set())


def test_a_route_to_somebody_elses_mailbox_is_forwarded_to_its_routing_name() -> None:
    """R58, 3.6: mailbox:<username> is username@ and the fallback domain."""
    world = _statistics().route_outside(JO, "mailbox:ball0002", "1")
    world.run("2024-10-01")
    assert world.box("ball0001").forward == _auto("ball0002@nexus.ox.ac.uk")


LOOPS = {
    "its own mailbox": lambda world: world.route_outside(JO, "mailbox:ball0001", "1"),
    "its own routing name": lambda world: world.route_outside(JO, "BALL0001@nexus.ox.ac.uk", "1"),
    "itself": lambda world: world.route_outside(JO, JO, "1"),
    "another address of the mailbox": lambda world: world.route_outside(JO, "jo.hill@balliol.ox.ac.uk", "1"),
    "an address that is routed to the mailbox": lambda world: world.route_outside(
        JO, "ann.lee@balliol.ox.ac.uk", "1"
    ).route("ann.lee@balliol.ox.ac.uk", "mailbox:ball0001"),
    "a chain of outside routes": lambda world: world.route_outside(JO, "j@stats.ox.ac.uk", "1").route_outside(
        "j@stats.ox.ac.uk", "mailbox:ball0001", "1"
    ),
    "a mailbox that forwards to it": lambda world: (
        world.route_outside(JO, "mailbox:ball0002", "1")
        .choose("2", "ann@stats.ox.ac.uk")
        .route_outside("ann@stats.ox.ac.uk", "jo.hill@balliol.ox.ac.uk", "2")
    ),
}


@pytest.mark.parametrize("loop", LOOPS)
def test_a_route_that_leads_back_to_the_mailbox_is_refused(loop: str) -> None:
    """D35: FORWARD_LOOP, whichever way it comes back; the forward that stood goes as well."""
    world = _statistics()
    world.run("2024-10-01")
    LOOPS[loop](world)
    world.run("2024-10-02")
    done = world.run("2024-10-03")
    assert (world.box("ball0001").forward, ("FORWARD_LOOP", JO) in done.codes) == (None, True)
    assert world.tenant["ball0001"].forward is None


def test_a_loop_through_an_unattached_address_is_refused() -> None:
    """D35, R29."""
    world = _statistics()
    world.aliases["all@chem.ox.ac.uk"] = NonpersonalAddress(
        address=Address("all@chem.ox.ac.uk"), unit_id=UnitId("CHEM"), mailbox_id=None, target="mailbox:ball0001"
    )
    world.run("2024-10-01")
    done = world.route_outside(JO, "all@chem.ox.ac.uk", "1").run("2024-10-02")
    assert (world.box("ball0001").forward, ("FORWARD_LOOP", JO) in done.codes) == (None, True)


def test_only_it_staff_of_the_own_mail_unit_say_where_its_mail_goes() -> None:
    """3.6: an outside route set by others is ignored with NOT_UNIT_IT, and its address is no sender (3.7)."""
    world = _statistics()
    world.external[JO] = replace(world.external[JO], set_by="chem0009")
    done = world.run("2024-10-01")
    assert {("NOT_UNIT_IT", JO), ("SENDER_UNKNOWN", "1")} <= done.codes
    assert world.box("ball0001").forward is None
    world.staff.append(Staff(staff_id="chem0009", person_id=PersonId("2"), unit_id=UnitId("STAT")))
    assert ("SetForward", "ball0001") in world.run("2024-10-02").acts


def test_a_mailboxs_own_routing_name_is_nobodys_outside_address() -> None:
    """3.6, R18: it is routed here; else its owner's notices and mail were another's."""
    bobs = "ball0002@nexus.ox.ac.uk"
    world = _statistics().choose("1", bobs).route_outside(bobs, "jo@home.example", "1")
    world.run("2024-10-01")
    assert {("ROUTE_UNKNOWN_ADDRESS", bobs), ("SENDER_NOT_YOURS", "1")} <= world.run("2024-10-02").codes
    assert (world.box("ball0001").sender, world.box("ball0001").forward) == ("jo.hill@balliol.ox.ac.uk", None)


def test_an_address_that_winds_down_is_nobody_elses_sender_by_an_outside_route() -> None:
    """R19, R40, 3.7: until it has ended here it is its owner's, whoever has it in the unit's own mail system."""
    world = student(student(oxford(), "1", "Jo Hill", "BALL"), "2", "Ann Lee", "CHEM")
    world.run("2024-10-01")
    anns = "ann.lee@chem.ox.ac.uk"
    world.domain("chem.ox.ac.uk", managed=False).unit("CHEM", "department", "chem.ox.ac.uk", own_mail=True)
    world.choose("1", anns).route_outside(anns, "jo@home.example", "1")
    assert ("SENDER_NOT_YOURS", "1") in world.run("2024-10-02").codes
    assert (world.box("ball0001").sender, world.states("2")) == ("jo.hill@balliol.ox.ac.uk", {anns: "winddown"})
    for text in ("2024-10-03", "2024-12-03", "2024-12-04"):
        world.run(text)
    assert (world.box("ball0001").sender, world.states("2")) == (anns, {anns: "deleted"})
