"""One story that every Tenant of ports.py tells alike: the embedded one, and a real one where somebody lends it.

    NEXUSOPS_LIVE_TENANT=FOLDER   a configuration folder with kind = "microsoft365", of a tenant made for tests
    NEXUSOPS_LIVE_PERSON=9990001  the employeeId that the story may use; its user is deleted at the end

Only the port is used here, so that nothing depends on which of the two it is.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from building.embedded import DOMAIN, SETTINGS, WHY, person
from building.outcomes import outcomes_of

from nexusops.config import load
from nexusops.model.changes import (
    AddAddress,
    Change,
    ClearForward,
    CreateMailbox,
    DeleteMailbox,
    DisableMailbox,
    EnableMailbox,
    RemoveAddress,
    RestoreMailbox,
    SetForward,
    SetSender,
)
from nexusops.model.ids import Address, Domain, PersonId
from nexusops.model.journal import Step
from nexusops.model.steps import steps_of
from nexusops.model.tenant import ActualMailbox, Wanted
from nexusops.ports import Tenant
from nexusops.tenant import embedded

LIVE = os.environ.get("NEXUSOPS_LIVE_TENANT")
PERSON = PersonId(os.environ.get("NEXUSOPS_LIVE_PERSON", "9990001"))


@pytest.fixture(params=["embedded", pytest.param("real", marks=pytest.mark.skipif(not LIVE, reason="no tenant lent"))])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Tenant, str]]:
    """A tenant, and a domain that it accepts."""
    if request.param == "embedded":
        tenant: Tenant = embedded(tmp_path / "tenant.db", SETTINGS)
        domain = DOMAIN
        tenant.prepare([Domain(DOMAIN)], datetime(2025, 10, 1, 8, tzinfo=UTC))
    else:
        from nexusops.wiring import tenant_of

        configuration = load(Path(LIVE or ""))
        tenant, domain = tenant_of(configuration), configuration.site.fallback_domain
    yield tenant, domain
    tenant.close()


def carry_out(tenant: Tenant, change: Change) -> list[str]:
    found = []
    for name in steps_of(change):
        (outcome,) = outcomes_of(tenant, [Step(change_id="c1", name=name, change=change)])
        found.append(outcome.result.value)
        if outcome.result.value == "waiting":
            pytest.skip("the tenant has not made the mailbox yet: run this again in half an hour")
    return found


def test_a_mailbox_from_its_beginning_to_its_end(place: tuple[Tenant, str]) -> None:
    """R2, R19, R58, R45, D08, D23; every second time it is found done already."""
    tenant, domain = place
    ada = person("nexusops-test", PERSON)
    own, alias = Address(f"nexusops-test@{domain}"), Address(f"nexusops.alias@{domain}")

    def read() -> ActualMailbox:
        return tenant.read(Wanted(people={PERSON: None})).people[PERSON]

    create = CreateMailbox(
        mailbox=ada,
        why=WHY,
        user_principal_name=own,
        display_name="nexusops test",
        person_id=PERSON,
        unit_id=None,
        owner_person_id=None,
        address=None,
    )
    assert carry_out(tenant, create) == ["done"] * 3
    made = read()
    assert (made.primary, made.enabled, made.licensed, made.deleted) == (own, True, True, False)

    there: list[Change] = [
        AddAddress(mailbox=ada, why=WHY, address=alias),
        SetSender(mailbox=ada, why=WHY, was=own, becomes=alias),
        SetForward(mailbox=ada, why=WHY, was=None, becomes="somebody@example.org"),
        DisableMailbox(mailbox=ada, why=WHY),
    ]
    for change in [*there, *there]:
        assert set(carry_out(tenant, change)) == {"done"}, change
    found = read()
    assert (found.primary, found.addresses >= {own, alias}, found.forward, found.enabled) == (
        alias,
        True,
        "somebody@example.org",
        False,
    )

    back: list[Change] = [
        DeleteMailbox(mailbox=ada, why=WHY, addresses=(own, alias)),
        RestoreMailbox(mailbox=ada, why=WHY),
        EnableMailbox(mailbox=ada, why=WHY),
        ClearForward(mailbox=ada, why=WHY, was="somebody@example.org"),
        SetSender(mailbox=ada, why=WHY, was=alias, becomes=own),
        RemoveAddress(mailbox=ada, why=WHY, address=alias),
    ]
    for change in back:
        assert set(carry_out(tenant, change)) == {"done"}, change
    assert read() == made
    assert carry_out(tenant, DeleteMailbox(mailbox=ada, why=WHY, addresses=(own,))) == ["done"]
    assert read().deleted
