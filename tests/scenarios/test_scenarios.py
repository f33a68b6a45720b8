"""Stories in TOML, told through the real command line on the embedded tenant (README.md beside this file)."""

from __future__ import annotations

import json
import os
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from building.snapshot_folder import SnapshotFolder

from nexusops import wiring
from nexusops.cli import call
from nexusops.config.starter import write_starter
from nexusops.model.tenant import Wanted

LONG = "NEXUSOPS_LONG_STORIES"
STORIES = sorted(Path(__file__).parent.glob("*.toml"))
LONDON = ZoneInfo("Europe/London")
OXFORD = (
    ("BALL", "college", "balliol.ox.ac.uk"),
    ("MERT", "college", "merton.ox.ac.uk"),
    ("CHEM", "department", "chem.ox.ac.uk"),
    ("LAW", "department", "law.ox.ac.uk"),
)
CAMBRIDGE = (
    ("BOTO", "college", "botolphs.cam.ac.uk"),
    ("TRIN", "college", "trin.cam.ac.uk"),
    ("CHEM", "department", "ch.cam.ac.uk"),
    ("LAW", "department", "law.cam.ac.uk"),
)
NORTHGATE = (("ARTS", "department", "northgate.ac.uk"), ("PHYS", "department", "northgate.ac.uk"))
UNITS = {"oxford": OXFORD, "cambridge": CAMBRIDGE, "other": NORTHGATE}


class Teller:
    """One story on one site, run after run."""

    def __init__(self, folder: Path, story: dict[str, Any], capture: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capture, self.runs = folder, capture, 0
        profile = story.get("profile", "oxford")
        write_starter(folder / "config", profile)
        for name, text in story.get("configuration", {}).items():
            (folder / "config" / name).write_text(text)
        self.data = SnapshotFolder(f"{profile}-test")
        for unit, kind, domain in UNITS[profile]:
            self.data.unit(unit, kind, domain)
        for domain in dict.fromkeys(domain for _, _, domain in UNITS[profile]):
            self.data.domain(domain, zone="ox")
        for table, rows in story["registration"].items():
            for row in rows:
                self.data.row(table, **row)

    def type(self, *words: str | Path) -> tuple[int, str, str]:
        self.capture.readouterr()
        code = call(["--config", str(self.folder / "config"), *map(str, words)])
        printed = self.capture.readouterr()
        return code, printed.out, printed.err

    def run(self, step: dict[str, Any]) -> None:
        at = _instant(step)
        for change in step.get("change", ()):
            row = dict(change)
            self.data.change(row.pop("table"), row.pop("key"), **row)
        for added in step.get("add", ()):
            row = dict(added)
            self.data.row(row.pop("table"), **row)
        for removed in step.get("remove", ()):
            row = dict(removed)
            self.data.remove(row.pop("table"), **row)
        if "desk" in step:
            code, _, said = self.type(
                "desk", *step["desk"], "--actor", "desk", "--reason", "a story", "--at", _text(at)
            )
            assert code == step.get("desk_exit", 0), said
        self.runs += 1
        snapshot = self.data.write(self.folder / f"snapshot-{self.runs}", at - timedelta(minutes=10))
        where = ("--at", _text(at), "--snapshot", snapshot)
        scratch = self.type("plan", *where, "--refresh", "full", "--format", "json")
        planned = self.folder / f"plan-{self.runs}.json"
        code, printed, said = self.type("run", *where, "--out", planned, *step.get("options", ()))
        assert code == step.get("exit", 0), printed + said
        plan = json.loads(planned.read_text("utf-8")) if planned.exists() else None
        if plan is not None:
            assert _acts(plan) == _acts(json.loads(scratch[1])), "the plan from what changed is another one"
        self.look(step, plan)

    def end(self, step: dict[str, Any]) -> None:
        """Nothing is left to do, on whichever way it is looked for."""
        where = ("--at", _text(_instant(step)), "--snapshot", self.folder / f"snapshot-{self.runs}")
        for refresh in ("delta", "full"):
            code, planned, said = self.type("plan", *where, "--refresh", refresh, "--format", "json")
            assert (code, _acts(json.loads(planned))) == (0, []), said

    def mail_arrives(self) -> None:
        """Every mailbox that the hubs are told of is there, under the very address that they are given (R60)."""
        _, built, _ = self.type("routing", "build", "--format", "json")
        told = {entry["destination"] for entry in json.loads(built)["entries"]}
        with wiring.opened(self.folder / "config") as opened:
            inner = f"@{opened.ports.site.fallback_domain}"
            found = opened.ports.tenant().read(Wanted(everything=True))
        there = {address for box in (*found.people.values(), *found.boxes.values()) for address in box.addresses}
        assert {destination for destination in told if destination.endswith(inner)} <= there

    def look(self, step: dict[str, Any], plan: dict[str, Any] | None) -> None:
        _, exported, _ = self.type("state", "export", "--format", "json")
        state = json.loads(exported)
        rows = {row["address"]: row for row in state["addresses"]}
        boxes = {row["name"]: row for row in state["mailboxes"]}
        ends = {name: row["delete_on"] for name, row in {**boxes, **rows}.items()}
        domains = {row["domain"]: row["state"] for row in state["domains"]}
        people = {row["person_id"]: row["state"] for row in state["people"]}
        seen = {
            "changes": _acts(plan) if plan else [],
            "people": {name: people.get(name) for name in step.get("people", ())},
            "domains": {name: domains.get(name) for name in step.get("domains", ())},
            "ends": {name: ends.get(name) or "" for name in step.get("ends", ())},
            "disables": {name: boxes[name]["disable_on"] or "" for name in step.get("disables", ())},
            "addresses": {name: rows[name]["state"] if name in rows else "" for name in step.get("addresses", ())},
            "mailboxes": {name: boxes[name]["state"] if name in boxes else "" for name in step.get("mailboxes", ())},
            "senders": {name: boxes[name]["sender"] for name in step.get("senders", ())},
            "findings": sorted(f"{f['code']} {f['subject']}" for f in state["findings"]),
            "notices": [f"{n['kind']} {n['person_id'] or n['unit_id']} {n['delete_on']}" for n in state["notices"]],
            "told": [f"{n['kind']} {n['to']} {' '.join(n['addresses'])}" for n in state["notices"]],
            "forwards": {name: (boxes[name]["forward"] or {}).get("to", "") for name in step.get("forwards", ())},
        }
        assert {name: seen[name] for name in seen if name in step} == {
            name: step[name] for name in seen if name in step
        }
        live = {"active", "grace_cancelled", "grace_status", "orphaned"}
        senders = [row["sender"] for row in state["mailboxes"] if row["state"] in live]
        assert {rows[sender]["state"] for sender in senders if sender in rows} <= {"active"}, "a sender is no address"
        code, said, _ = self.type("audit", "invariants")
        assert code == 0, said
        reasons = " ".join(c["because"] for c in plan["changes"]) if plan else ""
        assert [words for words in step.get("because", ()) if words not in reasons] == []


def _acts(plan: dict[str, Any]) -> list[str]:
    return [f"{change['kind']} {change['target']}" for change in plan["changes"]]


def _instant(step: dict[str, Any]) -> datetime:
    if "at" in step:
        return datetime.fromisoformat(step["at"])
    day = datetime.fromisoformat(step["on"])
    return day.replace(tzinfo=LONDON).astimezone(UTC)


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_a_story(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each story names its rules in its own file; D34, R60: the snapshot is ten minutes old."""
    story = tomllib.loads(path.read_text("utf-8"))
    assert {"title", "rules", "registration", "run"} <= story.keys()
    if story.get("long") and not os.environ.get(LONG):
        pytest.skip(f"a long story; `make stories` tells it ({LONG}=1)")
    teller = Teller(tmp_path, story, capsys)
    for step in story["run"]:
        teller.run(step)
    teller.end(story["run"][-1])
    teller.mail_arrives()
