"""The life of a request for SaaS mail (rules.md 2.4): from the answer to its mailbox or domain, and to its end."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from building.saas import ADMIN_DAY
from building.signing_keys import rsa_key
from building.world import World, day

from nexusops.model.changes import GrantAccess, PublishRecords, RetireRecords
from nexusops.model.dns import DnsRecord
from nexusops.model.ids import Address, Domain, PersonId, UnitId
from nexusops.model.ledger import Hold, HoldKind
from nexusops.model.people import Staff
from nexusops.model.policy import DnsPolicy, Policy, SpfPolicy
from nexusops.model.services import Service, ServiceState
from nexusops.model.site import Site
from nexusops.model.units import DomainState, NonpersonalMailbox
from nexusops.rules.services.life import verified

FIRST = "2024-10-02"
REQUEST = replace(
    ADMIN_DAY,
    supports_ms_smtp=False,
    from_local="hello",
    spf_approver="chem0009",
    provider_include="spf.adminday.example",
)
DOMAIN = "admin-day.chem.ox.ac.uk"
RECORDS = (
    DnsRecord(type="TXT", name=DOMAIN, value="v=spf1 include:_spf.ox.ac.uk include:spf.adminday.example -all"),
    DnsRecord(type="MX", name=DOMAIN, value="10 oxmail.ox.ac.uk."),
)
NEITHER = {"supports_exo": False}


def chemistry(**columns: Any) -> World:
    """Chemistry with its IT staff, two members, and the request filed."""
    world = World().unit("CHEM", "department", "chem.ox.ac.uk")
    for person_id, username in (("1", "chem0001"), ("2", "chem0002"), ("9", "chem0009")):
        world.person(person_id, username)
        world.card(person_id, "US", "Ann", f"Lee{'abcdefghij'[int(person_id)]}", "2020-10-01", "2030-09-30")
        world.affiliation(person_id, "CHEM", "2020-10-01")
    world.staff.append(Staff(staff_id="chem0009", person_id=PersonId("9"), unit_id=UnitId("CHEM")))
    return file(world, **columns)


def file(world: World, **columns: Any) -> World:
    world.services["adminday"] = replace(REQUEST, **columns)
    return world


def acts(world: World, today: str) -> list[tuple[str, str]]:
    """What the day does about the request."""
    changes = world.run(today).changes
    return [(p.change.__class__.__name__, p.id) for p in changes if p.change.why.subject == "adminday"]


def kinds(world: World, today: str) -> list[str]:
    return [kind for kind, _ in acts(world, today)]


def row(world: World) -> Service:
    return world.ledger.services["adminday"]


def codes(world: World, today: str) -> set[str]:
    return {code for code, subject in world.run(today).codes if subject == "adminday"}


def test_a_mailbox_is_made_then_given_and_then_it_is_live() -> None:
    """R61, 2.4: provisioning to live in one run; a second run has nothing to do."""
    world = chemistry()
    changes = [p for p in world.run(FIRST).changes if p.change.why.subject == "adminday"]
    assert [p.change.__class__.__name__ for p in changes] == ["CreateMailbox", "GrantAccess"]
    made, given = changes
    assert given.after == (made.id,)
    assert isinstance(given.change, GrantAccess)
    assert (given.change.mailbox.name, given.change.connection, given.change.receives) == ("adminday", "exo", False)
    assert (row(world).state, row(world).granted, row(world).live_on) == ("live", "exo", day(FIRST))
    again = world.run(FIRST)
    assert (again.changes, again.rows) == ((), ())


def test_a_product_that_receives_may_read_too() -> None:
    """R61, R63: send and receive."""
    world = chemistry(direction="send_receive")
    (given,) = (p.change for p in world.run(FIRST).changes if isinstance(p.change, GrantAccess))
    assert given.receives


def test_a_service_domain_gets_its_records_and_waits_for_the_proof() -> None:
    """R67-R69, 2.4: live once the answers of DNS equal the plan, which somebody proves."""
    world = chemistry(**NEITHER)
    (change,) = (p.change for p in world.run(FIRST).changes if p.change.why.subject == "adminday")
    assert change == PublishRecords(why=change.why, domain=DOMAIN, records=RECORDS, publish_as="zone_lines")
    assert (row(world).state, row(world).published) == ("provisioning", RECORDS)
    again = world.run(FIRST)
    assert (again.changes, again.rows) == ((), ())
    world.ledger.services["adminday"] = verified(row(world), None, world.policy, day("2024-10-03"))  # type: ignore[index]
    assert (row(world).state, row(world).live_on) == ("live", day("2024-10-03"))
    assert kinds(world, "2024-10-04") == []
    assert row(world).state == "live"


def test_cambridge_asks_with_a_ticket_and_catches_the_bounces() -> None:
    """R78, R80, R81, R83, R85, T5, T9, T13: neutral for others, the provider's own server for the bounces."""
    policy = Policy(dns=DnsPolicy(apply="request", bounce_required=True), spf=SpfPolicy(catch_all="?all"))
    site = Site(
        name="cambridge-test",
        fallback_domain="mail.cam.ac.uk",
        parent_domain="cam.ac.uk",
        spf_include="mx.cam.ac.uk",
        standard_mx="10 mx.cam.ac.uk.",
        publish="ticket",
    )
    world = chemistry(**NEITHER, bounce_mx="mx.adminday.example")
    world.policy, world.site = policy, site
    (change,) = (p.change for p in world.run(FIRST).changes if isinstance(p.change, PublishRecords))
    assert change.publish_as == "ticket"
    assert [(one.type, one.value) for one in change.records] == [
        ("TXT", "v=spf1 include:mx.cam.ac.uk include:spf.adminday.example ?all"),
        ("MX", "10 mx.adminday.example."),
    ]
    world = chemistry(**NEITHER)
    world.policy, world.site = policy, site
    assert "NO_BOUNCE_MX" in codes(world, FIRST)
    assert row(world).state == "refused"


def test_dkim_and_dmarc_stand_in_the_plan() -> None:
    """R86: as the provider gives them, a name of its own or the key itself."""
    key = f"v=DKIM1; k=rsa; p={rsa_key()}"
    world = chemistry(**NEITHER, dkim=("S1 s1.dkim.adminday.example", f"s2 {key}"), dmarc="v=DMARC1; p=none")
    (change,) = (p.change for p in world.run(FIRST).changes if isinstance(p.change, PublishRecords))
    assert change.records == (
        *RECORDS,
        DnsRecord(type="CNAME", name=f"s1._domainkey.{DOMAIN}", value="s1.dkim.adminday.example."),
        DnsRecord(type="TXT", name=f"s2._domainkey.{DOMAIN}", value=key),
        DnsRecord(type="TXT", name=f"_dmarc.{DOMAIN}", value="v=DMARC1; p=none"),
    )


def test_what_is_approved_later_is_made_then() -> None:
    """2.4: a request that waits is looked at in every run."""
    world = chemistry(auth="basic")
    assert kinds(world, FIRST) == []
    assert (row(world).state, codes(world, FIRST)) == ("refused", {"BASIC_AUTH"})
    file(world)
    assert kinds(world, "2024-10-03") == ["CreateMailbox", "GrantAccess"]


def test_no_integration_provisions_nothing() -> None:
    """R71: advice only."""
    world = chemistry(oxford_domain_needed=False)
    assert kinds(world, FIRST) == []
    assert row(world).state == "approved"


def test_the_owner_leaves_and_another_takes_over() -> None:
    """D31, 2.4: review due while it has no owner; live again after the handover."""
    world = chemistry()
    world.run(FIRST)
    world.cards["c1"] = replace(world.cards["c1"], end_date=date(2024, 11, 1))
    assert codes(world, "2024-11-02") == {"OWNER_GONE"}
    assert row(world).state == "review_due"
    world.hold(Hold(subject="adminday", kind=HoldKind.HANDOVER, fingerprint="1", actor="a", reason="r", value="2"))
    assert codes(world, "2024-11-03") == set()
    assert (row(world).state, row(world).owner_person_id) == ("live", "2")
    file(world, owner_person_id=PersonId("2"))
    assert codes(world, "2024-11-04") == set()


def test_a_mailbox_that_nobody_takes_over_ends_with_its_access() -> None:
    """D31, 2.4: revoked before it is deleted."""
    world = chemistry()
    world.run(FIRST)
    world.cards["c1"] = replace(world.cards["c1"], end_date=date(2024, 11, 1))
    for today in ("2024-11-02", "2024-11-03", "2025-01-01"):
        world.run(today)
    changes = [p for p in world.run("2025-01-03").changes if p.change.why.subject == "adminday"]
    assert [p.change.__class__.__name__ for p in changes] == ["RevokeAccess", "DeleteMailbox"]
    assert changes[1].after == (changes[0].id,)
    assert (row(world).state, row(world).granted) == ("retired", None)


def test_a_mailbox_whose_request_names_nobody_any_more_says_so() -> None:
    """D31, 2.4: it is orphaned all the same; a service domain needs no owner."""
    world = chemistry()
    world.run(FIRST)
    file(world, owner_person_id=None)
    (told,) = [one for one in world.run("2024-10-03").findings if one.subject == "adminday"]
    assert (told.code, told.message) == (
        "OWNER_GONE",
        "it has no owner any more: `nexusops saas handover adminday --to USERNAME`",
    )
    assert row(world).state == "review_due"
    domain = chemistry(**NEITHER, owner_person_id=None)
    domain.run(FIRST)
    assert "OWNER_GONE" not in codes(domain, "2024-10-03")


@pytest.mark.parametrize(("columns", "gone"), [({}, "RevokeAccess"), (NEITHER, "RetireRecords")])
def test_a_request_that_is_withdrawn_gives_everything_back(columns: dict[str, Any], gone: str) -> None:
    """2.4: retiring to retired, for good; the same id does not come back to life."""
    world = chemistry(**columns)
    world.run(FIRST)
    del world.services["adminday"]
    assert kinds(world, "2024-10-03")[0] == gone
    assert row(world).state == "retired"
    assert kinds(world, "2024-10-04") == []
    file(world, **columns)
    assert kinds(world, "2024-10-05") == []
    assert row(world).state == "retired"


def test_of_a_request_that_has_ended_nothing_is_found_any_more() -> None:
    """2.4: whatever its file still says, and whoever has its domain now."""
    world = chemistry(**NEITHER)
    world.run(FIRST)
    del world.services["adminday"]
    world.run("2024-10-03")
    file(world, **NEITHER, requester="nobody")
    assert codes(world, "2024-10-04") == set()


def test_an_address_that_a_deleted_mailbox_keeps_is_not_approved_before_its_purge() -> None:
    """2.4, D08: the answer to another request for it is that of the tenant, which refuses it until then."""
    world = chemistry()
    world.run(FIRST)
    del world.services["adminday"]
    world.run("2024-10-03")
    world.services["another"] = replace(REQUEST, request_id="another")
    asked = world.run("2024-10-04")
    assert ("ADDRESS_TAKEN", "another") in asked.codes
    assert world.ledger.services["another"].state == "needs_info"
    world.run("2024-11-02")
    assert world.ledger.services["another"].state == "needs_info"
    world.run("2024-11-03")
    assert world.ledger.services["another"].state == "live"


def test_a_request_that_was_never_approved_can_come_back() -> None:
    """2.4: what is withdrawn before anything was made is a draft again."""
    world = chemistry(auth="basic")
    world.run(FIRST)
    del world.services["adminday"]
    world.run("2024-10-03")
    assert row(world).state == "draft"
    file(world)
    assert kinds(world, "2024-10-04") == ["CreateMailbox", "GrantAccess"]


def test_a_service_domain_is_one_requests_only() -> None:
    """D39: whoever has it keeps it, whatever their ids; who is refused takes it from nobody."""
    world = chemistry(**NEITHER)
    world.run(FIRST)
    other = replace(REQUEST, **NEITHER, request_id="a-second", provider="Other Ltd")
    world.services["a-second"] = other
    assert [p.change for p in world.run("2024-10-03").changes] == []
    assert world.ledger.services["a-second"].state == "needs_info"

    world = chemistry(**NEITHER)
    world.services["a-second"] = replace(other, requester="chem0001")
    assert kinds(world, FIRST) == ["PublishRecords"]
    world.services["a-second"] = other
    assert kinds(world, "2024-10-03") == []
    assert world.ledger.services["a-second"].state == "needs_info"


def test_of_two_new_requests_the_first_gets_the_domain() -> None:
    """D39: in the order of their ids."""
    world = chemistry(**NEITHER)
    world.services["z-second"] = replace(REQUEST, **NEITHER, request_id="z-second")
    assert kinds(world, FIRST) == ["PublishRecords"]
    assert world.ledger.services["z-second"].state == "needs_info"


def test_a_service_domain_is_free_once_its_records_are_taken_away() -> None:
    """D39: never in the run that takes them away, which could not tell one's records from the other's."""
    world = chemistry(**NEITHER)
    world.run(FIRST)
    world.services["z-second"] = replace(REQUEST, **NEITHER, request_id="z-second")
    del world.services["adminday"]
    assert [p.change.__class__ for p in world.run("2024-10-03").changes] == [RetireRecords]
    (change,) = (p.change for p in world.run("2024-10-04").changes)
    assert (change.__class__, change.why.subject) == (PublishRecords, "z-second")


def named(request_id: str) -> World:
    world = chemistry()
    world.services = {request_id: replace(REQUEST, request_id=request_id)}
    return world


def test_a_request_may_not_be_called_like_a_person() -> None:
    """R18: its mailbox would stand in the way of theirs, and be set aside in every run."""
    for request_id in ("chem0002", "CHEM0002"):
        world = named(request_id)
        for today in (FIRST, "2024-10-03"):
            assert ("SAAS_FIELD", request_id) in world.run(today).codes
        assert world.ledger.services[request_id].state == "needs_info"


def test_a_request_may_not_be_called_like_a_mailbox_of_registration() -> None:
    """rules.md 3.10: it was passed over in silence; who has the name first keeps it."""
    office = NonpersonalMailbox(
        mailbox_id="office",
        kind="secondary",
        unit_id=UnitId("CHEM"),
        owner_person_id=PersonId("1"),
        address=Address("office@chem.ox.ac.uk"),
        requested_by="chem0009",
    )
    for request_id in ("office", "OFFICE"):
        world = named(request_id)
        world.boxes["office"] = office
        assert ("SAAS_FIELD", request_id) in world.run(FIRST).codes
        assert [box.kind for box in world.ledger.mailboxes.values() if box.name == "office"] == ["secondary"]
    world = named("office")
    world.run(FIRST)
    world.boxes["office"] = office
    assert [p.change for p in world.run("2024-10-03").changes] == []
    assert world.ledger.services["office"].state == "review_due"


def test_its_records_follow_the_provider() -> None:
    """2.4, R68: another include replaces what we published, and is to be proved again."""
    world = chemistry(**NEITHER)
    world.run(FIRST)
    world.ledger.services["adminday"] = verified(row(world), None, world.policy, day(FIRST))  # type: ignore[index]
    file(world, **NEITHER, provider_include="spf2.adminday.example")
    (change,) = (p.change for p in world.run("2024-10-03").changes if isinstance(p.change, PublishRecords))
    assert (change.replaces, "spf2.adminday.example" in change.records[0].value) == (RECORDS, True)
    assert row(world).state == "provisioning"


def test_what_people_write_to_keeps_its_name() -> None:
    """2.4: another name in the file is said, and changes nothing that runs."""
    for columns, kept in (({}, "hello@chem.ox.ac.uk"), (NEITHER, f"hello@{DOMAIN}")):
        world = chemistry(**columns)
        world.run(FIRST)
        file(world, **columns, from_local="other", service_name="Another Day")
        assert kinds(world, "2024-10-03") == []
        assert codes(world, "2024-10-03") >= {"ADDRESS_KEPT"}
        assert row(world).address == kept


def test_another_path_is_another_request() -> None:
    """2.4: what runs is not torn down because the answer would be another now."""
    world = chemistry()
    world.run(FIRST)
    file(world, supports_exo=False)
    assert kinds(world, "2024-10-03") == []
    assert codes(world, "2024-10-03") >= {"PATH_CHANGED"}
    assert row(world).state == "review_due"


def test_what_has_a_domain_of_its_own_gets_no_mailbox_beside_it() -> None:
    """2.4: the same, the other way round; the file as it was makes it well again."""
    world = chemistry(**NEITHER)
    world.run(FIRST)
    file(world)
    assert kinds(world, "2024-10-03") == []
    assert codes(world, "2024-10-03") >= {"PATH_CHANGED"}
    assert [box.name for box in world.ledger.mailboxes.values() if box.person_id is None] == []
    file(world, **NEITHER)
    assert kinds(world, "2024-10-04") == []
    assert row(world).path == "service_domain"


def test_it_is_reviewed_every_year() -> None:
    """2.4: due twelve months after it went live; the proof begins another year."""
    world = chemistry()
    world.run(FIRST)
    assert (row(world).review_on, row(world).due_on) == (day("2025-10-02"), day("2025-10-02"))
    world.run("2025-10-01")
    assert row(world).state == "live"
    assert codes(world, "2025-10-02") == {"REVIEW_DUE"}
    assert row(world).state == "review_due"
    box = world.box("adminday")
    world.ledger.services["adminday"] = verified(row(world), box, world.policy, day("2025-10-03"))  # type: ignore[index]
    assert codes(world, "2025-10-03") == set()
    assert (row(world).state, row(world).review_on) == (ServiceState.LIVE, day("2026-10-03"))


def test_a_credential_that_ends_is_told_in_time() -> None:
    """2.4: thirty days before what the application signs in with ends."""
    world = chemistry()
    world.run(FIRST)
    ending = replace(row(world), credential_ends_on=day("2025-03-31"), due_on=day("2025-03-01"))
    world.ledger.services["adminday"] = ending  # type: ignore[index]
    assert codes(world, "2025-02-28") == set()
    assert codes(world, "2025-03-01") == {"CREDENTIAL_ENDS"}
    assert row(world).state == "review_due"


def test_a_secret_is_renewed_on_request() -> None:
    """2.4: granted again, for a secret that lasts longer than the old one."""
    world = chemistry()
    world.run(FIRST)
    old = replace(row(world), credential_ends_on=day("2025-03-31"), app_id="a1")
    world.ledger.services["adminday"] = old  # type: ignore[index]
    assert kinds(world, "2025-03-01") == []
    hold = Hold(subject="adminday", kind=HoldKind.RENEW, fingerprint="2025-03-31", actor="a", reason="r")
    world.hold(hold)
    (given,) = (p.change for p in world.run("2025-03-01").changes if isinstance(p.change, GrantAccess))
    assert (given.renew, given.signs_in_until) == (True, day("2025-03-31"))
    world.ledger.services["adminday"] = replace(row(world), credential_ends_on=day("2027-03-31"))  # type: ignore[index]
    assert kinds(world, "2025-03-02") == []


def test_a_withdrawal_goes_on_until_it_is_done() -> None:
    """2.4: the new secret was handed over, and the run died before the old one ended."""
    world = chemistry()
    world.run(FIRST)
    given_anew = replace(row(world), credential_ends_on=day("2027-03-31"), app_id="a1")
    world.ledger.services["adminday"] = given_anew  # type: ignore[index]
    hold = Hold(subject="adminday", kind=HoldKind.RENEW, fingerprint="2025-03-31", actor="a", reason="r")
    world.hold(replace(hold, value="revoke"))
    (given,) = (p.change for p in world.run("2025-03-01").changes if isinstance(p.change, GrantAccess))
    assert (given.renew, given.withdraw) == (False, True)


@pytest.mark.parametrize("columns", [{"direction": "send_receive"}, {"certificate": "MII="}])
def test_what_the_request_says_of_its_access_is_followed(columns: dict[str, Any]) -> None:
    """R63, R64: another direction, or another certificate, is granted anew."""
    world = chemistry()
    world.run(FIRST)
    file(world, **columns)
    (given,) = (p.change for p in world.run("2024-10-03").changes if p.change.why.subject == "adminday")
    assert isinstance(given, GrantAccess)
    assert (given.receives, given.certificate) == (columns.get("direction") is not None, columns.get("certificate", ""))
    assert (row(world).granted, kinds(world, "2024-10-03")) == ("exo", [])


def test_a_service_domain_ends_with_the_domain_above_it() -> None:
    """2.4, 2.5: its unit's mail domain is wound down, and has failed at last."""
    world = chemistry(**NEITHER)
    world.run(FIRST)
    world.domain("chem.ox.ac.uk", state=DomainState.WINDDOWN, winddown_start=day("2024-11-01"), winddown_months=2)
    assert kinds(world, "2024-11-01") == []
    assert "NOT_UNIT_DOMAIN" in codes(world, "2024-11-01")
    world.domain("chem.ox.ac.uk", state=DomainState.FAILING)
    changes = [p.change for p in world.run("2025-02-01").changes if p.change.why.subject == "adminday"]
    assert [type(change) for change in changes] == [RetireRecords]
    assert row(world).state == "retired"


def test_a_service_domain_ends_in_the_run_in_which_the_domain_above_it_has_ended() -> None:
    """2.4, 2.5: in no later one."""
    world = chemistry(**NEITHER)
    world.run(FIRST)
    world.domain("chem.ox.ac.uk", state=DomainState.WINDDOWN, winddown_start=day("2024-11-01"), winddown_months=2)
    for number in range(70):
        today = day("2024-11-01") + timedelta(days=number)
        changes = [p.change for p in world.run(today).changes]
        ended = world.ledger.domains[Domain("chem.ox.ac.uk")].state == "failing"
        assert any(isinstance(change, RetireRecords) for change in changes) == ended
        if ended:
            return
    raise AssertionError("the domain has not ended")


@pytest.mark.parametrize("columns", [{}, NEITHER])
def test_a_product_is_told_of_while_the_domain_that_it_ends_with_winds_down(columns: dict[str, Any]) -> None:
    """2.4, 2.5: with the day; also where its unit has its mail elsewhere by then."""
    world = chemistry(**columns)
    world.run(FIRST)
    world.domain("new.ox.ac.uk")
    world.unit("CHEM", "department", "new.ox.ac.uk")
    world.domain("chem.ox.ac.uk", state=DomainState.WINDDOWN, winddown_start=day("2024-11-01"), winddown_months=2)
    (told,) = [one for one in world.run("2024-11-01").findings if (one.code, one.subject) == ("ROLES_END", "adminday")]
    assert told.message == (
        "it ends with chem.ox.ac.uk, on 2025-01-02 at the earliest: file another request, for a domain that stays"
    )
    assert "ROLES_END" in codes(world, "2024-11-02")  # on which the people are told
    assert "ROLES_END" in codes(world, "2025-01-01")
    assert "ROLES_END" not in codes(world, "2025-01-02")
    assert row(world).state == "retired"
