"""Canonical JSON, digests, and ledger rows as JSON."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from building.plans import personal, plans, why
from hypothesis import given, settings

from nexusops.codec import canonical, digest_of, hash_of, row_from_json, row_to_json
from nexusops.errors import StateUnavailable
from nexusops.model.addresses import AddressKind, AddressState, Allocation
from nexusops.model.changes import EnableMailbox
from nexusops.model.findings import Evidence
from nexusops.model.ids import Address, Domain, MailboxKey, PersonId, UnitId
from nexusops.model.journal import LedgerRow
from nexusops.model.ledger import PersonState, Standing
from nexusops.model.mailboxes import Forward, ForwardOrigin, Mailbox, MailboxKind, MailboxState
from nexusops.model.plan import Plan, Planned
from nexusops.model.policy import Policy, WinddownPolicy


def test_canonical_json_sorts_keys_and_has_no_spaces() -> None:
    value = {"b": [1, 2.5, None, True], "a": {"é": date(2025, 10, 1), "z": AddressState.ACTIVE}}
    assert canonical(value) == '{"a":{"z":"active","é":"2025-10-01"},"b":[1,2.5,null,true]}'.encode()


def digest(plan: Plan, **other: Any) -> str:
    given: dict[str, Any] = {"changes": plan.changes, "today": plan.today, "snapshot_sha256": plan.snapshot_sha256}
    given |= {"serial": plan.ledger_serial, "policy_hash": "p", "services_hash": "s"}
    return digest_of(**(given | other))


@given(plans)
@settings(max_examples=25, deadline=None)
def test_the_same_input_gives_the_same_digest_and_any_other_another(plan: Plan) -> None:
    """interface.md 4: changes, date, snapshot, ledger serial, policy and services; not when it was printed."""
    one_more = (*plan.changes, Planned(id="x1", job="j", change=EnableMailbox(mailbox=personal("a", "1"), why=WHY)))
    others = [
        digest(plan, changes=one_more),
        digest(plan, today=date(1999, 1, 1)),
        digest(plan, snapshot_sha256="another"),
        digest(plan, serial=plan.ledger_serial + 1),
        digest(plan, policy_hash="another"),
        digest(plan, services_hash="another"),
    ]
    assert digest(plan) == digest(plan)
    assert digest(plan).startswith("sha256:")
    assert len(digest(plan)) == len("sha256:") + 64
    assert len({digest(plan), *others}) == 7


WHY = why("1", "R43", "the card is current again", ("cards", "c1"))


@pytest.mark.parametrize("number", [0, 1, 500, 501, 1200])
def test_a_digest_is_that_of_the_whole_in_canonical_json_however_large(number: int) -> None:
    planned = [
        Planned(id=f"c{n}", job="j", change=EnableMailbox(mailbox=personal("a", "1"), why=WHY)) for n in range(number)
    ]
    plan = {"policy": "p", "services": "s", "ledger_serial": 7, "format": 1, "today": "2025-10-01", "snapshot": "5f"}
    whole = hash_of({**plan, "changes": [["EnableMailbox", one] for one in planned]})
    assert digest_of(planned, date(2025, 10, 1), "5f", 7, "p", "s") == whole


def test_a_policy_has_another_hash_when_one_number_differs() -> None:
    assert hash_of(Policy()) == hash_of(Policy())
    assert hash_of(Policy()) != hash_of(Policy(winddown=WinddownPolicy(months=3)))


ROWS: list[LedgerRow] = [
    PersonState(
        person_id=PersonId("1000001"),
        username="ball1234",
        state=Standing.ENTITLED,
        card_names=("Mary Anne", "Brown"),
        served=(UnitId("BALL"),),
        due_on=date(2028, 8, 30),
    ),
    Mailbox(
        key=MailboxKey("person:1000001:1"),
        name="ball1234",
        generation=1,
        kind=MailboxKind.PERSONAL,
        person_id=PersonId("1000001"),
        unit_id=None,
        owner_person_id=None,
        state=MailboxState.ACTIVE,
        since=date(2025, 10, 1),
        forward=Forward(to="mary@stats.example", origin=ForwardOrigin.AUTO),
        evidence=(Evidence(table="cards", key="c1", snapshot="5f"),),
    ),
    Allocation(
        address=Address("mary.brown@balliol.ox.ac.uk"),
        period=1,
        domain=Domain("balliol.ox.ac.uk"),
        local="mary.brown",
        base="mary.brown",
        n=1,
        kind=AddressKind.PERSONAL,
        state=AddressState.WINDDOWN,
        person_id=PersonId("1000001"),
        unit_id=UnitId("BALL"),
        mailbox_key=MailboxKey("person:1000001:1"),
        created_on=date(2025, 10, 1),
        winddown_on=date(2026, 1, 15),
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: type(row).__name__)
def test_a_ledger_row_comes_back_from_json_as_it_was(row: Any) -> None:
    document = row_to_json(row)
    assert document == json.loads(json.dumps(document))
    assert row_from_json(type(row), document) == row


def test_a_row_of_the_state_that_does_not_read_is_an_error_of_the_state() -> None:
    """A failed read is never an empty answer: exit 9."""
    with pytest.raises(StateUnavailable, match=r"A PersonState row of the state does not read: .*`\$.state`"):
        row_from_json(PersonState, {**row_to_json(ROWS[0]), "state": "asleep"})
