"""An answer of the tenant that is a part of the whole is no answer (tenant-api.md 5.4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from building.state_rows import mailbox

from nexusops import wiring
from nexusops.cli import call
from nexusops.demo.stage import Stage
from nexusops.emulator.tenant import EmbeddedTenant
from nexusops.errors import TenantUnreadable
from nexusops.model.ids import PersonId
from nexusops.model.ledger import Ledger
from nexusops.model.tenant import Actual
from nexusops.pipeline.affected import Affected
from nexusops.pipeline.sight import UNSEEN, read_tenant

FIRST = datetime(2025, 10, 1, 8, tzinfo=UTC)
NOBODY: dict[str, Any] = {
    "match": {"cmdlet": "Get-Mailbox"},
    "kind": "status",
    "status": 200,
    "body": {"value": []},
    "times": 200,
}


def site_of(folder: Path, people: int) -> Stage:
    stage = Stage.set_up(folder, people=people, seed=1, call=lambda _words: 0)
    snapshot = stage.first_day(FIRST)
    words = ["run", "--at", "2025-10-01T08:00:00Z", "--snapshot", str(snapshot)]
    assert call(["--config", str(folder / "config"), *words]) == 0
    return stage


def full_plan(folder: Path) -> int:
    snapshot = str(folder / "snapshots" / "2025-10-01")
    words = ["plan", "--refresh", "full", "--at", "2025-10-01T09:00:00Z", "--snapshot", snapshot]
    # Another policy: everybody is judged, and everything is read.
    (folder / "config" / "policy.toml").write_text("[missing_card]\nhold_days = 9\n")
    return call(["--config", str(folder / "config"), *words])


def forget(folder: Path) -> None:
    with EmbeddedTenant.open(folder / "config" / "state" / "tenant.db") as tenant:
        tenant.set_faults([NOBODY])


def test_a_list_without_mailboxes_that_were_there_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site_of(tmp_path, UNSEEN + 20)
    capsys.readouterr()
    forget(tmp_path)
    assert full_plan(tmp_path) == 8
    said = capsys.readouterr()
    assert said.out == ""
    assert "65 in 65 mailboxes whose users are there with their licences: its answer is not the whole of it" in said.err
    with wiring.opened(tmp_path / "config") as opened:
        assert len(opened.ports.store.ledger(None, None).mailboxes) > UNSEEN


def test_a_directory_without_users_that_were_there_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is not whole, or another tenant's, in which nobody's mailbox is to be made."""
    site_of(tmp_path, UNSEEN + 20)
    capsys.readouterr()
    (tmp_path / "config" / "state" / "tenant.db").unlink()
    assert full_plan(tmp_path) == 8
    said = capsys.readouterr()
    assert said.out == ""
    assert "the directory did not tell of 65 in 65 users whose mailboxes are known" in said.err
    assert "the whole of it, or that of another tenant" in said.err


@pytest.mark.parametrize(("everyone", "code"), [(True, 8), (False, 0)])
def test_an_hour_about_people_who_were_purged_goes_on_and_a_whole_plan_does_not(everyone: bool, code: int) -> None:
    """Sixty whom an administrator took away are findings, also where all of them are due on one day (3.16)."""
    ids = [PersonId(f"{n:07d}") for n in range(UNSEEN + 10)]
    boxes = [mailbox(f"person:{one}:1", f"u{one}", person_id=one) for one in ids]
    ledger = Ledger(serial=1, mailboxes={box.key: replace(box, user_id=f"id-{box.name}") for box in boxes})
    who = Affected(frozenset(ids), frozenset(), everyone=everyone)
    ports: Any = SimpleNamespace(tenant=lambda: SimpleNamespace(read=lambda _wanted: Actual()))
    ended = 0
    try:
        read_tenant(ports, ledger, who, frozenset(), full=False)
    except TenantUnreadable as error:
        ended = error.exit_code
    assert ended == code


def test_a_few_mailboxes_that_are_missing_are_findings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """3.16: somebody may have removed them by hand."""
    site_of(tmp_path, 45)
    capsys.readouterr()
    forget(tmp_path)
    assert full_plan(tmp_path) == 0
    assert "TENANT_MISSING_MAILBOX" in capsys.readouterr().out
