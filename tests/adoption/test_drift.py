"""``drift``: said, never repaired; the plan mends only what the ledger owns (interface.md 3; rules.md 3.16)."""

from __future__ import annotations

from typing import Any

import pytest
from building.old_tenant import OldTenant

SENDER = "mary.brown@balliol.ox.ac.uk"


@pytest.fixture
def kept(old: OldTenant) -> OldTenant:
    """A site that nexusops runs: one mailbox, as the rules want it."""
    old.student("1000001", "ball1234", "Mary Anne Brown")
    assert old.with_snapshot("run").code == 0
    assert old.at("drift").code == 0
    return old


def differences(old: OldTenant) -> list[tuple[str, str | None, str | None, bool]]:
    said = old.at("drift", "--format", "json")
    found = said.document["differences"]
    assert said.code == (6 if found else 0)
    return [(d["code"], d["expected"], d["found"], d["mended_by_plan"]) for d in found]


def full_plan(old: OldTenant) -> list[tuple[str, str]]:
    said = old.with_snapshot("plan", "--refresh", "full", "--format", "json")
    assert said.code == 0, said.err
    return old.changes(said.document)


def full_codes(old: OldTenant) -> list[str]:
    document = old.with_snapshot("plan", "--refresh", "full", "--format", "json").document
    return [finding["code"] for finding in document["findings"]]


def added(*addresses: str) -> dict[str, Any]:
    return {"@odata.type": "#Exchange.GenericHashTable", "Add": [f"smtp:{a}" for a in addresses]}


def user_of(old: OldTenant, name: str, **changed: Any) -> None:
    with old.asking() as asking:
        user = asking.graph("GET", f"/users/{name}@nexus.ox.ac.uk").json()["id"]
        assert asking.graph("PATCH", f"/users/{user}", changed).status_code == 204


def test_an_address_of_ours_that_somebody_removed_is_put_back(kept: OldTenant) -> None:
    kept.set_mailbox("ball1234", EmailAddresses=["SMTP:ball1234@nexus.ox.ac.uk"])
    assert differences(kept) == [
        ("TENANT_MISSING_ADDRESS", SENDER, None, True),
        ("TENANT_WRONG_SENDER", SENDER, "ball1234@nexus.ox.ac.uk", True),
    ]
    assert full_plan(kept) == [("AddAddress", SENDER), ("SetSender", "ball1234")]
    assert kept.with_snapshot("run", "--refresh", "full").code == 0
    assert differences(kept) == []


def test_an_address_that_is_not_ours_is_reported_and_stays(kept: OldTenant) -> None:
    kept.set_mailbox("ball1234", EmailAddresses=added("mary@balliol.ox.ac.uk"))
    assert differences(kept) == [("TENANT_EXTRA_ADDRESS", None, "mary@balliol.ox.ac.uk", False)]
    assert full_plan(kept) == []


def test_an_address_of_ours_on_a_strange_mailbox_is_told_with_both(kept: OldTenant) -> None:
    """A full plan cannot put it back before somebody takes it off there, so drift does not say that it will."""
    kept.set_mailbox("ball1234", EmailAddresses=["SMTP:ball1234@nexus.ox.ac.uk"])
    kept.shared("squat", "mary.brown@balliol.ox.ac.uk")
    found = {one["code"]: one for one in kept.at("drift", "--format", "json").document["differences"]}
    missing, extra = found["TENANT_MISSING_ADDRESS"], found["TENANT_EXTRA_ADDRESS"]
    assert (missing["mailbox"], missing["mended_by_plan"]) == ("ball1234", False)
    assert missing["message"].endswith(
        "is missing on ball1234; mary.brown@balliol.ox.ac.uk stands on squat: take it off there"
    )
    assert (extra["mailbox"], extra["subject"]) == ("squat", "mary.brown@balliol.ox.ac.uk")


def test_a_forward_set_by_hand_is_reported_and_stays(kept: OldTenant) -> None:
    """D35"""
    kept.set_mailbox("ball1234", ForwardingSmtpAddress="smtp:mary@home.example")
    assert differences(kept) == [("TENANT_WRONG_FORWARD", None, "mary@home.example", False)]
    assert full_plan(kept) == []
    assert kept.with_snapshot("run", "--refresh", "full").code == 0
    assert differences(kept) == []


def test_our_forward_in_other_letters_is_ours(old: OldTenant) -> None:
    """R58; tenant-api.md 4.8: Exchange shows it as somebody typed it, and it would be theirs, and stay for ever."""
    old.data.unit("STAT", "department", "stats.ox.ac.uk", own_mail=True).domain("stats.ox.ac.uk", managed=False)
    old.student("1000002", "chem0002", "Bo Chen", "STAT")
    old.data.external_route("bo@stats.ox.ac.uk", "bo@mailhost.stats.example", "1000002").choice(
        "1000002", "bo@stats.ox.ac.uk"
    )
    assert old.with_snapshot("run").code == 0
    old.set_mailbox("chem0002", ForwardingSmtpAddress="smtp:Bo@MailHost.stats.example")
    assert (differences(old), full_plan(old)) == ([], [])
    (box,) = old.state()["mailboxes"]
    assert box["forward"] == {"to": "bo@mailhost.stats.example", "origin": "auto"}


def test_an_account_blocked_by_hand_is_not_opened_by_a_plan(kept: OldTenant) -> None:
    """tenant-api.md 12, 6: somebody else disabled it, and may have had a reason."""
    user_of(kept, "ball1234", accountEnabled=False)
    assert [code for code, *_ in differences(kept)] == ["TENANT_DISABLED"]
    assert (full_plan(kept), full_codes(kept)) == ([], ["TENANT_DISABLED"])


def test_an_account_opened_by_hand_is_not_blocked_by_a_plan(kept: OldTenant) -> None:
    said = kept.at("desk", "disable", "ball1234", "--override", "--actor", "ann", "--reason", "asked")
    assert said.code == 0, said.err
    assert differences(kept) == []
    user_of(kept, "ball1234", accountEnabled=True)
    assert [code for code, *_ in differences(kept)] == ["TENANT_ENABLED"]
    assert (full_plan(kept), full_codes(kept)) == ([], ["TENANT_ENABLED"])


@pytest.mark.parametrize("how", ["deleted", "purged"])
def test_a_mailbox_that_somebody_deleted_is_not_made_anew(kept: OldTenant, how: str) -> None:
    with kept.asking() as asking:
        user = asking.graph("GET", "/users/ball1234@nexus.ox.ac.uk").json()["id"]
        assert asking.graph("DELETE", f"/users/{user}").status_code == 204
        if how == "purged":
            asking.rows("Remove-Mailbox", Identity=user, PermanentlyDelete=True)
    code = {"deleted": "TENANT_DELETED", "purged": "TENANT_MISSING_MAILBOX"}[how]
    assert [code for code, *_ in differences(kept)] == [code]
    assert (full_plan(kept), full_codes(kept)) == ([], [code])


def test_a_changed_employee_id_joins_nobody_to_a_strange_mailbox(kept: OldTenant) -> None:
    """tenant-api.md 12, 1. The id that it was given belongs to somebody who has no mailbox yet."""
    user_of(kept, "ball1234", employeeId="1000002")
    assert [code for code, *_ in differences(kept)] == ["TENANT_ID_CHANGED"]
    kept.data.person("1000002", "ball1235").card("1000002", "UG", "Ann", "Lee", "2024-10-01", "2028-09-30")
    kept.data.affiliation("1000002", "BALL", "2024-10-01")
    later = kept.data.write(kept.folder / "later", "2025-10-01T08:50:00Z")
    for refresh in ("delta", "full"):
        words = ("--refresh", refresh, "--format", "json", "--at", "2025-10-01T09:00:00Z", "--snapshot", later)
        document = kept.type("plan", *words).document
        assert kept.changes(document) == []
        codes = {(finding["code"], finding["subject"]) for finding in document["findings"]}
        assert ("TENANT_ID_CHANGED", "1000002") in codes
        assert (("TENANT_ID_CHANGED", "1000001") in codes) is (refresh == "full")
    user_of(kept, "ball1234", employeeId="1000001")
    assert [code for code, *_ in differences(kept)] == []


def test_two_people_whose_ids_were_exchanged_keep_their_own_mailboxes(old: OldTenant) -> None:
    old.student("1000001", "ball1234", "Mary Anne Brown")
    old.student("1000002", "ball1235", "Ann Lee")
    assert old.with_snapshot("run").code == 0
    user_of(old, "ball1234", employeeId="1000002")
    user_of(old, "ball1235", employeeId="1000001")
    assert [code for code, *_ in differences(old)] == ["TENANT_ID_CHANGED", "TENANT_ID_CHANGED"]
    assert full_plan(old) == []


def test_a_mailbox_that_is_on_hold_is_deleted_once_the_hold_is_gone(kept: OldTenant) -> None:
    """D08: what was promised is done when it can be, however much later."""
    kept.set_mailbox("ball1234", LitigationHoldEnabled=True)
    kept.data.change("cards", {"person_id": "1000001"}, status_code="CL", status_effective_on="2025-10-02")

    def run(at: str) -> Any:
        path = kept.data.write(kept.folder / at[:10], f"{at[:10]}T07:50:00Z")
        said = kept.type("run", "--format", "json", "--at", at, "--snapshot", path)
        assert said.code == 0, said.err
        return said.document["done"]

    run("2025-10-02T08:00:00Z")
    assert "DeleteMailbox" not in run("2025-11-02T08:00:00Z")
    kept.set_mailbox("ball1234", LitigationHoldEnabled=False)
    assert run("2025-11-03T08:00:00Z") == {"DeleteMailbox": 1}


def test_what_people_read(kept: OldTenant) -> None:
    kept.set_mailbox("ball1234", EmailAddresses=added("mary@balliol.ox.ac.uk"))
    said = kept.at("drift")
    assert said.out == (
        "Drift of oxford-test at 2025-10-01T08:00:00Z: 1 difference, mailboxes compared: 1\n"
        "     TENANT_EXTRA_ADDRESS  ball1234  "
        "mary@balliol.ox.ac.uk stands on ball1234, to which the ledger does not give it\n\n"
        "Nothing of it is mended from here: put it right in the tenant.\n"
    )


def test_a_tenant_that_cannot_be_read_is_no_difference(kept: OldTenant) -> None:
    """Exit 8"""
    with kept.asking() as asking:
        asking.faults({"kind": "status", "status": 403, "match": {"path": "/v1.0/users"}})
    assert kept.at("drift").code == 8
