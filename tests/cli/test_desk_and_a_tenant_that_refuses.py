"""R45: whoever disables a compromised account must not be told that it is, where the tenant has refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from building.old_tenant import OldTenant

DESK = ("ball1234", "--actor", "olive", "--reason", "stolen password")
SYNCED = (
    "needs a human: it is synchronised from on premises; change it there, or, if IsExchangeCloudManaged is set, in "
    "Exchange; its sessions are revoked"
)
PRIVILEGED = "needs a human: Authorization_RequestDenied: Insufficient privileges to complete the operation"


@pytest.fixture
def site(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> OldTenant:
    made = OldTenant(tmp_path, capsys)
    made.student("1000001", "ball1234", "Mary Anne Brown")
    assert made.with_snapshot("run").code == 0
    return made


def mark(site: OldTenant, **marks: Any) -> None:
    with site.asking() as asking:
        user = asking.graph("GET", "/users/ball1234@nexus.ox.ac.uk").json()["id"]
        asking.send("POST", f"http://any/_emulator/users/{user}", json=marks)


@pytest.mark.parametrize(
    ("marks", "why"), [({"onPremisesSyncEnabled": True}, SYNCED), ({"privileged": True}, PRIVILEGED)]
)
def test_what_was_not_disabled_is_told_with_its_reason(site: OldTenant, marks: dict[str, Any], why: str) -> None:
    mark(site, **marks)
    said = site.at("desk", "disable", *DESK, "--override")
    told = f"ball1234 is NOT disabled in the tenant, or only in part ({why}), and every run tries again; mail to it is"
    assert (said.code, said.out.splitlines()[0]) == (5, f"{told} refused from the next routing table on.")
    assert said.err.startswith("Partly done: 1 change failed or set aside, in the run ")


def test_a_compromised_account_that_only_its_own_directory_can_block_is_signed_out(site: OldTenant) -> None:
    """R45: whoever has its password signs in anew until it is blocked there, and each run signs them out again."""
    mark(site, onPremisesSyncEnabled=True)
    site.at("desk", "disable", *DESK, "--override")
    with site.asking() as asking:
        asked = [one["path"] for one in asking.send("GET", "http://any/_emulator/requests").json()]
    assert [path.rpartition("/")[2] for path in asked].count("revokeSignInSessions") == 1


def test_what_was_not_enabled_again_is_told_with_its_reason(site: OldTenant) -> None:
    assert site.at("desk", "disable", *DESK, "--override").code == 0
    mark(site, privileged=True)
    said = site.at("desk", "undo-disable", *DESK)
    assert (said.code, said.out.splitlines()[0]) == (
        5,
        f"ball1234 is NOT enabled again in the tenant, or only in part ({PRIVILEGED}), and every run tries again.",
    )
