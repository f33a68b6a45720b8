"""Non-personal mailboxes and addresses (R23-R30, R51, R61; D31, D36; 2.4b)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from building.oxford import oxford, student
from building.saas import ADMIN_DAY
from building.world import World, day

from nexusops.model.changes import target_of
from nexusops.model.ids import Address, PersonId, UnitId
from nexusops.model.ledger import Hold, HoldKind
from nexusops.model.people import Staff
from nexusops.model.units import DomainState, NonpersonalAddress, NonpersonalMailbox
from nexusops.plan.holding import LIFE, mark_of_box


def mailbox(world: World, name: str = "chemoffice", **columns: object) -> World:
    values: dict[str, object] = {
        "kind": "secondary",
        "unit_id": UnitId("CHEM"),
        "owner_person_id": PersonId("1"),
        "address": Address("office@chem.ox.ac.uk"),
        "requested_by": "chem0009",
        **columns,
    }
    world.boxes[name] = NonpersonalMailbox(mailbox_id=name, **values)  # type: ignore[arg-type]
    return world


def alias(world: World, address: str, unit: str = "CHEM", **columns: object) -> World:
    values: dict[str, object] = {
        "mailbox_id": None,
        "target": "mailbox:ball0001",
        "requested_by": "registration",
        **columns,
    }
    world.aliases[address] = NonpersonalAddress(address=Address(address), unit_id=UnitId(unit), **values)  # type: ignore[arg-type]
    return world


def _chemistry() -> World:
    world = student(student(oxford(), "1", "Ann Lee", "CHEM", code="US"), "2", "Bob Ray", "CHEM", code="US")
    world.staff.append(Staff(staff_id="chem0009", person_id=PersonId("2"), unit_id=UnitId("CHEM")))
    world.run("2024-10-01")
    return world


def test_unit_it_asks_for_a_mailbox_and_it_is_made_with_its_address() -> None:
    """R25, R26, R30: address and sender come with it; the address belongs to the unit."""
    world = mailbox(_chemistry())
    assert world.run("2024-10-02").acts == [("CreateMailbox", "chemoffice")]
    box, row = world.box("chemoffice"), world.address("office@chem.ox.ac.uk")
    assert (box.state, box.sender, box.owner_person_id) == ("active", "office@chem.ox.ac.uk", "1")
    assert (row.kind, row.state, row.unit_id, row.person_id) == ("nonpersonal", "active", "CHEM", None)
    assert world.run("2024-10-03").acts == []


def test_what_is_done_to_it_is_done_to_its_unit_or_to_the_request_behind_it() -> None:
    """interface.md 4: a subject is a person_id, unit_id or request_id; a mailbox is the target."""
    world = alias(mailbox(_chemistry()), "help@chem.ox.ac.uk", mailbox_id="chemoffice", target=None)
    world.services["adminday"] = ADMIN_DAY
    planned = world.run("2024-10-02").changes
    assert {(target_of(one.change), one.change.why.subject) for one in planned} == {
        ("chemoffice", "CHEM"),
        ("help@chem.ox.ac.uk", "CHEM"),
        ("adminday", "adminday"),
    }
    del world.boxes["chemoffice"]
    (deleted,) = world.run("2024-10-03").changes
    assert (deleted.change.why.subject, target_of(deleted.change)) == ("CHEM", "chemoffice")


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"requested_by": "law0001"}, "NOT_UNIT_IT"),
        ({"address": None}, "NONPERSONAL_NO_ADDRESS"),
        ({"address": Address("office@law.ox.ac.uk")}, "NOT_UNIT_DOMAIN"),
        ({"address": Address("ann.lee@chem.ox.ac.uk")}, "ADDRESS_TAKEN"),
        ({"owner_person_id": PersonId("77")}, "OWNER_INELIGIBLE"),
        ({"owner_person_id": None}, "OWNER_INELIGIBLE"),
    ],
)
def test_a_request_that_may_not_be_is_refused_with_its_code(columns: dict[str, object], code: str) -> None:
    """R23, R25, R30, D31, rules.md 3.10."""
    done = mailbox(_chemistry(), **columns).run("2024-10-02")
    assert (done.acts, done.codes) == ([], {(code, "chemoffice")})


def test_what_ends_with_its_mail_domain_is_told_until_then() -> None:
    """R27, 2.5: a mailbox and its content go, too; whoever plans the end of a domain is to know."""
    world = alias(mailbox(_chemistry()), "help@chem.ox.ac.uk")
    world.run("2024-10-02")
    world.domain("chem.ox.ac.uk", state=DomainState.WINDDOWN, winddown_start=day("2024-11-01"), winddown_months=2)
    (told,) = [found for found in world.run("2024-11-01").findings if found.code == "ROLES_END"]
    assert told.subject == "chem.ox.ac.uk"
    assert told.message == (
        "with chem.ox.ac.uk ends on 2025-01-02 what units have there, a mailbox with its content among it: "
        "help@chem.ox.ac.uk, office@chem.ox.ac.uk; have them ask for others elsewhere"
    )
    assert ("ROLES_END", "chem.ox.ac.uk") in world.run("2025-01-01").codes
    assert ("ROLES_END", "chem.ox.ac.uk") not in world.run("2025-01-02").codes


@pytest.mark.parametrize("local", ["ann-lee", "lee.ann", "ann_lee", "ann.lee7", "Lee-Ann", "annlee", "annlee7"])
def test_an_address_that_is_only_like_a_persons_name_is_warned_of(local: str) -> None:
    """R23: every day, as long as the person is there; it is not refused."""
    world = alias(_chemistry(), f"{local}@chem.ox.ac.uk")
    for today in ("2024-10-02", "2024-10-03"):
        done = world.run(today)
        told = {found for found in done.codes if found[0] == "LIKE_A_PERSON"}
        assert told == {("LIKE_A_PERSON", f"{local}@chem.ox.ac.uk")}
        assert world.address(f"{local}@chem.ox.ac.uk").state == "active"


@pytest.mark.parametrize("name", ["ann.bursar", "annals", "lee", "ann-lee@law", "domestic.bursar"])
def test_other_names_of_roles_are_fine(name: str) -> None:
    """R23: also where a dot stands in them, or the person is in another domain."""
    done = alias(_chemistry(), name if "@" in name else f"{name}@chem.ox.ac.uk").run("2024-10-02")
    assert "LIKE_A_PERSON" not in {code for code, _ in done.codes}


def test_the_name_of_somebody_with_a_number_of_two_figures_is_a_persons_name() -> None:
    """R23, R17: the others of the name have left, and none of their addresses is anybody's."""
    world = _chemistry()
    for number in range(3, 13):
        student(world, str(number), "Joy Ash", "CHEM", code="US", end="2024-12-31" if number < 12 else "2028-09-30")
    world.run("2024-10-02")
    for today in ("2025-01-01", "2025-03-01", "2025-03-31"):
        world.run(today)
    assert world.states("12") == {"joy.ash10@chem.ox.ac.uk": "active"}
    for key in [key for key, row in world.ledger.allocations.items() if row.base == "joy.ash" and row.n < 10]:
        del world.ledger.allocations[key]  # type: ignore[attr-defined]
    done = alias(world, "joy.ash@chem.ox.ac.uk").run("2025-04-01")
    assert ("ADDRESS_TAKEN", "joy.ash@chem.ox.ac.uk") in done.codes


def test_a_mailbox_may_not_be_called_like_a_person_and_may_look_like_one() -> None:
    """R18: it would stand in the way of theirs; a room with four digits does not."""
    world = _chemistry()
    username = next(box.name for box in world.ledger.mailboxes.values() if box.person_id == "1")
    assert username is not None
    mailbox(mailbox(world, username), "room1234", address=Address("room@chem.ox.ac.uk"))
    done = world.run("2024-10-02")
    assert (done.acts, done.codes) == ([("CreateMailbox", "room1234")], {("ADDRESS_TAKEN", username)})


def test_a_username_that_is_a_mailboxs_name_waits_until_that_is_gone() -> None:
    """R18: nobody had it when that was made. The tenant would refuse the second in each hour, in its own words."""
    world = mailbox(_chemistry(), "room1234", address=Address("room@chem.ox.ac.uk"))
    world.run("2024-10-02")
    world.person("3", "room1234").card("3", "US", "Cat", "Moor", "2024-10-03", "2028-09-30")
    done = world.affiliation("3", "CHEM", "2024-10-03").run("2024-10-03")
    assert (done.acts, done.codes, world.state("3").state) == ([], {("DUP_USERNAME", "3")}, "frozen")
    (told,) = [finding.message for finding in done.findings if finding.code == "DUP_USERNAME"]
    assert "room1234 is the name of a mailbox of CHEM" in told
    del world.boxes["room1234"]
    world.run("2024-10-04")
    assert world.run("2024-11-02").codes == {("DUP_USERNAME", "3")}
    world.run("2024-11-03")
    assert ("CreateMailbox", "room1234") in world.run("2024-11-04").acts


def test_a_person_gets_a_number_where_a_role_has_the_name() -> None:
    """R17, 2.6: an address held by a non-personal mailbox counts as existing."""
    world = mailbox(_chemistry(), address=Address("cat.moor@chem.ox.ac.uk"))
    world.run("2024-10-02")
    student(world, "3", "Cat Moor", "CHEM", code="US", start="2024-10-03")
    world.run("2024-10-03")
    assert world.states("3") == {"cat.moor2@chem.ox.ac.uk": "active"}


def _orphaned() -> World:
    world = mailbox(_chemistry())
    world.run("2024-10-02")
    world.card("1", "US", "Ann", "Lee", "2024-10-01", "2025-01-14")
    world.run("2025-01-15")
    return world


def test_an_owner_who_goes_leaves_an_orphan_that_its_unit_is_told_about() -> None:
    """R28, D31: active meanwhile; the notice goes to the unit's IT staff the next day."""
    world = _orphaned()
    box = world.box("chemoffice")
    assert (box.state, str(box.orphaned_on), str(box.delete_on)) == ("orphaned", "2025-01-15", "2025-03-16")
    told = world.run("2025-01-16").notices
    assert [(n.notice, n.to, n.unit_id, str(n.delete_on)) for n in told] == [
        ("orphaned", ("chem0009@nexus.ox.ac.uk",), "CHEM", "2025-03-16")
    ]
    assert world.address("office@chem.ox.ac.uk").state == "active"


def test_a_unit_is_told_of_the_end_of_the_domain_where_that_comes_before_its_orphans_own() -> None:
    """R27, D22, D31: the mailbox goes with its domain, and its unit has not the two months of the orphan."""
    world = mailbox(_chemistry())
    world.run("2024-10-02")
    world.domain("chem.ox.ac.uk", state=DomainState.WINDDOWN, winddown_start=day("2024-12-01"), winddown_months=2)
    world.card("1", "US", "Ann", "Lee", "2024-10-01", "2025-01-14").run("2024-12-01")
    world.run("2025-01-15")
    assert [str(notice.delete_on) for notice in world.run("2025-01-16").notices if notice.unit_id] == ["2025-02-02"]
    assert ("DeleteMailbox", "chemoffice") not in world.run("2025-02-01").acts
    assert ("DeleteMailbox", "chemoffice") in world.run("2025-02-02").acts


def test_nobody_takes_it_over_and_it_is_deleted_with_its_address() -> None:
    """R27, D31: by the formula of rules.md 0 with N = 2."""
    world = _orphaned()
    world.run("2025-01-16")
    assert ("DeleteMailbox", "chemoffice") not in world.run("2025-03-15").acts
    assert ("DeleteMailbox", "chemoffice") in world.run("2025-03-16").acts
    assert world.address("office@chem.ox.ac.uk").state == "deleted"


def test_a_new_owner_on_the_last_day_keeps_it() -> None:
    """R28: handed over by registration."""
    world = _orphaned()
    world.run("2025-01-16")
    mailbox(world, owner_person_id=PersonId("2"))
    world.run("2025-03-16")
    box = world.box("chemoffice")
    assert (box.state, box.owner_person_id, box.orphaned_on, box.delete_on) == ("active", "2", None, None)


def test_the_desks_handover_holds_until_registration_names_another_owner_later() -> None:
    """D31, rules.md 3.17."""
    world = _orphaned()
    world.hold(
        Hold(subject="chemoffice", kind=HoldKind.HANDOVER, fingerprint="1", actor="desk", reason="asked", value="2")
    )
    world.run("2025-01-20")
    assert (world.box("chemoffice").state, world.box("chemoffice").owner_person_id) == ("active", "2")
    student(world, "3", "Cat Moor", "CHEM", code="US", start="2025-01-21")
    mailbox(world, owner_person_id=PersonId("3"))
    world.run("2025-01-21")
    assert world.box("chemoffice").owner_person_id == "3"


def test_the_unit_no_longer_wants_it() -> None:
    """R30: active -> deleted by unit IT."""
    world = mailbox(_chemistry())
    world.run("2024-10-02")
    world.boxes.clear()
    assert world.run("2024-10-03").acts == [("DeleteMailbox", "chemoffice")]
    assert (world.box("chemoffice").state, world.address("office@chem.ox.ac.uk").state) == ("deleted", "deleted")


@pytest.mark.parametrize("back", ["2024-10-04", "2024-11-02"])
def test_a_mailbox_that_is_wanted_again_within_thirty_days_is_restored_with_its_addresses(back: str) -> None:
    """D08, R30: a row that was lost for an hour costs nobody what was in the mailbox."""
    world = alias(mailbox(_chemistry()), "lab@chem.ox.ac.uk", mailbox_id="chemoffice", target=None)
    world.run("2024-10-02")
    boxes, aliases = dict(world.boxes), dict(world.aliases)
    world.boxes.clear()
    world.aliases.clear()
    assert world.run("2024-10-03").acts == [("DeleteMailbox", "chemoffice")]
    world.boxes.update(boxes)
    world.aliases.update(aliases)
    assert world.run(back).acts == [("RestoreMailbox", "chemoffice")]
    box, rows = world.box("chemoffice"), [world.address(name) for name in ("office@chem.ox.ac.uk", "lab@chem.ox.ac.uk")]
    assert (box.state, box.generation, box.sender, box.purge_on) == ("active", 1, "office@chem.ox.ac.uk", None)
    assert [(row.state, row.period, row.mailbox_key) for row in rows] == [("active", 2, box.key)] * 2
    assert world.run("2024-12-01").acts == []


def test_nothing_is_attached_to_a_mailbox_that_an_undo_keeps_from_being_made_or_restored() -> None:
    """R25: it waits with it, and is told of, until registration says something newer."""
    world = alias(mailbox(_chemistry()), "lab@chem.ox.ac.uk", mailbox_id="chemoffice", target=None)
    mark = mark_of_box("chemoffice", world.snapshot(day("2024-10-02")))
    world.hold(Hold(subject="chemoffice", kind=HoldKind.UNDONE, fingerprint=mark, actor="d", reason="x", value=LIFE))
    done = world.run("2024-10-02")
    assert done.acts == []
    assert done.codes == {("UNDONE", "chemoffice"), ("NONPERSONAL_NO_MAILBOX", "lab@chem.ox.ac.uk")}
    assert [row.address for row in world.ledger.allocations.values() if row.kind == "nonpersonal"] == []
    mailbox(world, owner_person_id=PersonId("2"))
    assert world.run("2024-10-03").acts == [("CreateMailbox", "chemoffice"), ("AddAddress", "lab@chem.ox.ac.uk")]


@pytest.mark.parametrize("owner", ["2", "3"])
def test_a_mailbox_deleted_without_an_owner_is_restored_for_one_who_may_own_it(owner: str) -> None:
    """D31, D08: and stays deleted for one who may not."""
    world = student(mailbox(_chemistry()), "3", "Cyd Fox", "CHEM")
    world.run("2024-10-02")
    world.card("1", "CB", "Ann", "Lee", "2024-10-03", "2028-09-30").run("2024-11-05")
    for text in ("2024-11-06", "2025-01-05", "2025-01-06"):
        world.run(text)
    assert world.box("chemoffice").state == "deleted"
    mailbox(world, owner_person_id=PersonId(owner), address=Address("desk@chem.ox.ac.uk"))
    done = world.run("2025-01-10")
    box = world.box("chemoffice")
    if owner == "3":
        assert (done.acts, box.state) == ([], "deleted")
        return
    assert done.acts == [
        ("RestoreMailbox", "chemoffice"),
        ("AddAddress", "desk@chem.ox.ac.uk"),
        ("SetSender", "chemoffice"),
        ("RemoveAddress", "office@chem.ox.ac.uk"),
    ]
    assert (box.state, box.owner_person_id, box.orphaned_on, box.delete_on) == ("active", "2", None, None)
    assert box.notice_sent_on is None


def test_what_a_deleted_mailbox_keeps_is_had_again_after_its_purge_or_routed_at_once() -> None:
    """R25, R29, D08: the tenant gives nobody an address that a deleted mailbox still has; a route asks no tenant."""
    world = alias(mailbox(_chemistry()), "lab@chem.ox.ac.uk", mailbox_id="chemoffice", target=None)
    world.run("2024-10-02")
    world.boxes.clear()
    world.aliases.clear()
    alias(mailbox(world, "reception"), "lab@chem.ox.ac.uk")
    done = world.run("2024-10-03")
    assert (done.acts, done.codes & {("ADDRESS_TAKEN", "reception")}) == (
        [("DeleteMailbox", "chemoffice")],
        {("ADDRESS_TAKEN", "reception")},
    )
    row = world.address("lab@chem.ox.ac.uk")
    assert (row.state, row.mailbox_key, row.period) == ("active", None, 2)
    assert world.run("2024-11-02").acts == []
    assert world.run("2024-11-03").acts == [("CreateMailbox", "reception")]


def test_an_unattached_address_has_no_timers_and_goes_when_its_unit_says_so() -> None:
    """R29."""
    world = alias(_chemistry(), "safety@chem.ox.ac.uk")
    assert world.run("2024-10-02").acts == []
    row = world.address("safety@chem.ox.ac.uk")
    assert (row.state, row.mailbox_key, row.target) == ("active", None, "mailbox:ball0001")
    world.run("2026-09-01")
    assert world.address("safety@chem.ox.ac.uk").state == "active"
    world.aliases.clear()
    world.run("2026-09-02")
    assert world.address("safety@chem.ox.ac.uk").state == "deleted"


def test_an_unattached_address_becomes_a_mailboxs_own_in_one_run() -> None:
    """2.6: two changes in one snapshot; mail for it came back for an hour in between."""
    office = "office@chem.ox.ac.uk"
    world = alias(_chemistry(), office)
    world.run("2024-10-02")
    del world.aliases[office]
    done = mailbox(world).run("2024-10-03")
    assert (done.acts, done.codes) == ([("CreateMailbox", "chemoffice")], set())
    rows = {row.period: (row.state, row.mailbox_key) for (a, _), row in world.ledger.allocations.items() if a == office}
    assert rows == {1: ("deleted", None), 2: ("active", "box:chemoffice:1")}


@pytest.mark.parametrize("name", ["postmaster", "PostMaster"])
def test_the_mailbox_that_notices_come_from_is_no_units(name: str) -> None:
    """D33, R30: its sender moved to the unit's address, and it was deleted when the unit no longer wanted it."""
    world = _chemistry()
    world.site = replace(world.site, notices_from="postmaster@nexus.ox.ac.uk")
    done = mailbox(world, name).run("2024-10-02")
    assert (done.acts, done.codes) == ([], {("ADDRESS_TAKEN", name)})


def test_a_second_address_is_attached_to_its_mailbox() -> None:
    """R26: and removed again with the row."""
    world = alias(mailbox(_chemistry()), "enquiries@chem.ox.ac.uk", mailbox_id="chemoffice", target=None)
    assert world.run("2024-10-02").acts == [
        ("CreateMailbox", "chemoffice"),
        ("AddAddress", "enquiries@chem.ox.ac.uk"),
    ]
    world.aliases.clear()
    assert world.run("2024-10-03").acts == [("RemoveAddress", "enquiries@chem.ox.ac.uk")]


@pytest.mark.parametrize("attached", [None, "reception"], ids=["unattached", "at another mailbox"])
def test_the_address_of_a_mailbox_is_not_taken_from_it_by_a_further_row(attached: str | None) -> None:
    """R25, rules.md 3.10: it would be left with none to send from; ask for it once the mailbox has another."""
    world = mailbox(mailbox(_chemistry()), "reception", address=Address("desk@chem.ox.ac.uk"))
    world.run("2024-10-02")
    alias(world, "office@chem.ox.ac.uk", mailbox_id=attached)
    done = world.run("2024-10-03")
    assert (done.acts, done.codes) == ([], {("ADDRESS_TAKEN", "office@chem.ox.ac.uk")})
    assert world.box("chemoffice").sender == "office@chem.ox.ac.uk"
    mailbox(world, address=Address("enquiries@chem.ox.ac.uk"))
    world.run("2024-10-04")
    row = world.address("office@chem.ox.ac.uk")
    assert (world.box("chemoffice").sender, row.state, row.mailbox_key is None) == (
        "enquiries@chem.ox.ac.uk",
        "active",
        attached is None,
    )


def test_a_foreign_domain_takes_a_small_number_of_incoming_addresses() -> None:
    """R51, D36: the cap, and what is beyond it."""
    world = _chemistry().domain("chemists.example", incoming_cap=2).unit("PRESS", "department", "chemists.example")
    for name in ("a", "b", "c"):
        alias(world, f"{name}@chemists.example", unit="PRESS", target="press@mail.example")
    done = world.run("2024-10-02")
    held = [world.address(f"{name}@chemists.example").kind for name in ("a", "b")]
    assert (held, done.codes) == (["foreign", "foreign"], {("FOREIGN_CAP", "c@chemists.example")})


def test_a_domain_that_winds_down_takes_its_non_personal_addresses_along() -> None:
    """R27, 2.5: the same end date, then deleted with the domain."""
    world = alias(mailbox(_chemistry()), "safety@chem.ox.ac.uk")
    world.run("2024-10-02")
    from rules.test_units_and_domains import reorg

    world.unit("CLAW", "department", "chemlaw.ox.ac.uk")
    reorg(world, "merge", "CHEM", "CLAW", "2025-01-15", months=2)
    world.run("2025-01-15")
    assert [str(world.address(a).delete_on) for a in ("office@chem.ox.ac.uk", "safety@chem.ox.ac.uk")] == [
        "2025-03-16"
    ] * 2
    world.run("2025-01-16")
    assert ("DeleteMailbox", "chemoffice") in world.run("2025-03-16").acts
    assert world.address("safety@chem.ox.ac.uk").state == "deleted"


def test_a_saas_product_gets_a_mailbox_of_its_own() -> None:
    """R61, R30: asked for by the unit's IT staff in services/; address and owner come with it."""
    world = _chemistry()
    world.services["adminday"] = ADMIN_DAY
    assert world.run("2024-10-02").acts == [("CreateMailbox", "adminday"), ("GrantAccess", "adminday")]
    box = world.box("adminday")
    assert (box.kind, box.sender, box.owner_person_id, box.unit_id) == ("saas", "admin-day@chem.ox.ac.uk", "1", "CHEM")
    assert world.run("2024-10-03").acts == []


def test_an_attached_address_stays_as_it_was_given_run_by_run() -> None:
    """R27: one ownership period, on the one mailbox."""
    info = "info@chem.ox.ac.uk"
    world = alias(mailbox(_chemistry()), info, mailbox_id="chemoffice", target=None)
    acts = [world.run(today).acts for today in ("2024-10-02", "2024-10-03", "2024-10-04")]
    assert acts == [[("CreateMailbox", "chemoffice"), ("AddAddress", info)], [], []]
    assert (world.address(info).period, str(world.address(info).created_on)) == (1, "2024-10-02")
