"""No mailbox is begun for which no licence is left (tenant-api.md 4.4)."""

from __future__ import annotations

from building.oxford import oxford, student

from nexusops.model.changes import Kind, kind_of, target_of
from nexusops.model.ids import PersonId
from nexusops.model.plan import Planned
from nexusops.model.tenant import Actual, ActualMailbox
from nexusops.plan.licences import within_stock


def _newcomers(count: int) -> tuple[Planned, ...]:
    world = oxford()
    for number in range(1, count + 1):
        student(world, str(number), f"Ann Lee{number:03}", "BALL", "CHEM")
    return world.run("2024-10-01").changes


def _made(changes: tuple[Planned, ...]) -> list[str]:
    return [target_of(one.change) for one in changes if kind_of(one.change) is Kind.CREATE_MAILBOX]


def _user(person: str, *, licensed: bool, deleted: bool = False) -> dict[PersonId, ActualMailbox]:
    found = ActualMailbox(
        user_id="u",
        user_principal_name="u@nexus.ox.ac.uk",
        person_id=PersonId(person),
        name="u",
        exchange_guid=None,
        enabled=True,
        primary=None,
        licensed=licensed,
        deleted=deleted,
    )
    return {PersonId(person): found}


def test_as_many_are_begun_as_there_are_licences_and_the_others_are_told_of() -> None:
    whole = _newcomers(3)
    changes, findings = within_stock(whole, Actual(licences_left=2))
    assert _made(changes) == _made(whole)[:2]
    (left_out,) = {one.change.why.subject for one in whole} - {one.change.why.subject for one in changes}
    assert [(f.code, f.subject, f.scope) for f in findings] == [("NO_LICENCE", left_out, f"person:{left_out}")]
    assert findings[0].message == (
        "waits for a licence: 3 mailboxes are to be made, and the tenant has licences for 2 of them"
    )


def test_nothing_is_left_out_where_licences_suffice_or_the_stock_was_not_read() -> None:
    whole = _newcomers(3)
    assert within_stock(whole, Actual(licences_left=3)) == (whole, ())
    assert within_stock(whole, Actual(licences_left=None)) == (whole, ())


def test_an_overdrawn_stock_is_an_empty_one() -> None:
    changes, findings = within_stock(_newcomers(2), Actual(licences_left=-4))
    assert (_made(changes), [f.subject for f in findings]) == ([], ["1", "2"])


def test_a_user_that_has_its_licence_already_needs_none() -> None:
    """A creation that broke off after the licence is finished, however few are left."""
    whole = _newcomers(1)
    assert within_stock(whole, Actual(people=_user("1", licensed=True), licences_left=0)) == (whole, ())
    for found in (_user("1", licensed=False), _user("1", licensed=True, deleted=True)):
        assert within_stock(whole, Actual(people=found, licences_left=0))[0] == ()
