"""A mailbox that somebody else made is no unit's for the asking: whoever gets it gets its mail."""

from __future__ import annotations

from typing import Any

from building.old_tenant import OldTenant

TAKEN = (
    "the tenant has a mailbox bursary already, which was not made here; ask under another name, "
    "or have the postmaster take it over with `nexusops adopt`"
)


def on(old: OldTenant, day: str, command: str = "run") -> Any:
    snapshot = old.data.write(old.folder / day, f"{day}T07:50:00Z")
    return old.type(command, "--snapshot", snapshot, "--format", "json", "--at", f"{day}T08:00:00Z").document


def findings(document: Any) -> list[tuple[str, str, str]]:
    return [(one["code"], one["subject"], one["message"]) for one in document["findings"]]


def as_it_was(old: OldTenant) -> tuple[str, list[str]]:
    with old.asking() as asking:
        (row,) = asking.rows("Get-Mailbox", Identity="bursary")
    return row["PrimarySmtpAddress"], row["EmailAddresses"]


def test_a_run_gives_a_unit_no_mailbox_that_is_in_the_tenant_already(old: OldTenant) -> None:
    """3.16: of the tenant only what the ledger owns is altered; `adopt` is what takes a mailbox over."""
    old.student("1000001", "ball0001", "Ann Lee")
    old.data.person("1000003", "chem0003").card("1000003", "US", "Cy", "Day", "2024-10-01", "2028-09-30")
    old.data.affiliation("1000003", "CHEM", "2024-10-01")
    on(old, "2025-10-01")
    old.shared("bursary", "bursary@balliol.ox.ac.uk", "money@balliol.ox.ac.uk")
    before = as_it_was(old)
    old.data.mailbox("bursary", "CHEM", "office@chem.ox.ac.uk", "1000003")
    for day in ("2025-10-02", "2025-10-03"):
        done = on(old, day)
        assert (done["counts"]["done"], findings(done)) == (0, [("ADDRESS_TAKEN", "bursary", TAKEN)])
    assert as_it_was(old) == before
    old.data.change("nonpersonal_mailboxes", {"mailbox_id": "bursary"}, unit_id="BALL", address=before[0])
    on(old, "2025-10-04", "plan")
    assert old.type("adopt", "--snapshot", old.folder / "2025-10-04", "--at", "2025-10-04T08:10:00Z").code == 0
    plan = on(old, "2025-10-05", "plan")
    assert old.changes(plan) == [("AddAddress", "bursary@nexus.ox.ac.uk")]
