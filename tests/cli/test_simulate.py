"""``simulate``: what will happen until a day, by the same line, in memory (interface.md 3)."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from building.typed import Said
from cli.conftest import CommandSite

from nexusops.demo.snapshots import restamped
from nexusops.pipeline.explain.ahead import ahead_of
from nexusops.pipeline.inputs import accepted_tables
from nexusops.plan.arrange import scope_of
from nexusops.wiring import opened

UNTIL = "2026-02-28"
FIRST = datetime(2025, 10, 3, tzinfo=UTC)
FROM = "2025-10-02T09:00:00Z"


def after_two_days(site: CommandSite) -> CommandSite:
    assert site.on_day_one("run").code == 0
    assert site.on_day_two("run").code == 0
    return site


def simulated(site: CommandSite, *words: str, form: str = "json") -> Said:
    return site.type("simulate", "--until", UNTIL, "--at", FROM, "--format", form, *words)


def acts(document: Any) -> list[tuple[str, str, str]]:
    return sorted((one["kind"], one["target"], one["because"]) for one in document["changes"])


def test_what_is_simulated_is_what_the_runs_of_these_days_then_do(site: CommandSite, tmp_path: Path) -> None:
    days = simulated(after_two_days(site)).document["days"]
    assert len(days) > 5
    ahead = {day["date"]: acts(day) for day in days if day["changes"]}
    really: dict[str, list[tuple[str, str, str]]] = {}
    between = {f"{FIRST + timedelta(days=n):%Y-%m-%d}" for n in range(0, 149, 21)}
    for day in sorted({*ahead, *between}):
        at = datetime.fromisoformat(f"{day}T00:00:00Z")
        snapshot = restamped(site.day_two, tmp_path / day, at - timedelta(minutes=10))
        when = ("--at", f"{day}T00:00:00Z", "--snapshot", snapshot)
        plan = site.type("plan", *when, "--format", "json").document
        if plan["changes"]:
            really[day] = acts(plan)
            assert site.type("run", *when).code == 0
    assert really == ahead


def test_it_changes_nothing(site: CommandSite) -> None:
    after_two_days(site)

    def files() -> dict[str, str]:
        folder = site.folder / "state"
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.db")}

    before = files()
    exported = site.type("state", "export", "--format", "json").out
    assert simulated(site).code == 0
    assert site.type("state", "export", "--format", "json").out == exported
    assert files() == before


def test_by_the_hour_the_same_happens_in_the_first_run_of_each_day(site: CommandSite) -> None:
    by_day = simulated(after_two_days(site)).document["days"]
    by_hour = simulated(site, "--every", "hour").document["days"]
    assert [(day["at"], acts(day)) for day in by_hour] == [(day["at"], acts(day)) for day in by_day]
    assert all(day["at"][11:] in ("00:00:00Z", "23:00:00Z", "09:00:00Z") for day in by_hour)


def test_licences_rise_with_mailboxes_made_and_fall_with_those_deleted(site: CommandSite) -> None:
    document = simulated(after_two_days(site)).document
    licences = document["licences"]
    for day in document["days"]:
        own = [one for one in day["changes"] if re.fullmatch(r"[a-z]{3,4}\d{4}", one["target"])]
        licences += sum(one["kind"] == "CreateMailbox" for one in own) - sum(
            one["kind"] == "DeleteMailbox" for one in own
        )
        assert day["licences"] == licences
    assert document["totals"]["SendNotice"] == sum(day["counts"].get("SendNotice", 0) for day in document["days"])


def test_the_table_and_the_page_tell_what_the_document_tells(site: CommandSite) -> None:
    document = simulated(after_two_days(site)).document
    rows = list(csv.DictReader(io.StringIO(simulated(site, form="csv").out)))
    told = [(row["date"], row["kind"], row["target"]) for row in rows if row["kind"] != "purged"]
    assert told == [(day["date"], one["kind"], one["target"]) for day in document["days"] for one in day["changes"]]
    page = simulated(site, form="html").out
    assert "http://" not in page
    assert "https://" not in page
    svg = re.search(r"<svg.*?</svg>", page, re.S)
    assert svg is not None
    drawn = ElementTree.fromstring(svg[0])
    assert len(drawn.findall("g")) == len({day["date"] for day in document["days"]}) > 0
    text = simulated(site, "--changes", form="text").out
    assert all(day["date"] in text and day["date"] in page for day in document["days"])


def test_another_snapshot_may_be_looked_ahead_from_before_any_run(site: CommandSite) -> None:
    said = site.type("simulate", "--until", "2025-10-02", "--at", "2025-10-01T08:00:00Z", "--format", "json")
    assert (said.code, said.out) == (6, "")
    assert "--snapshot DIR" in said.err
    first = site.on_day_one("simulate", "--until", "2025-10-01", "--format", "json").document["days"][0]
    plan = site.on_day_one("plan", "--format", "json").document
    assert acts(first) == acts(plan)


def test_an_end_before_the_beginning_is_a_usage_error(site: CommandSite) -> None:
    after_two_days(site)
    said = site.type("simulate", "--until", "2025-09-30", "--at", FROM)
    assert said.code == 2
    assert "2025-09-30 lies before 2025-10-02" in said.err
    assert (
        json.loads(site.type("simulate", "--until", "2025-10-02", "--at", FROM, "--format", "json").out)["days"] == []
    )


def test_a_look_too_far_ahead_says_how_far_it_may_be(site: CommandSite) -> None:
    said = site.type("simulate", "--until", "2999-01-01", "--at", FROM)
    assert (said.code, said.out) == (2, "")
    assert "--until may be 20 years ahead at most: 2045-09-27." in said.err


def test_what_nobody_can_be_told_is_not_tried_on_every_day_of_twelve_years(site: CommandSite) -> None:
    """D31: the moot's mailbox waits for a notice to Law, which has no IT staff; a look ahead comes to its end."""
    assert site.on_day_one("run").code == 0
    at = datetime(2025, 10, 1, 9, tzinfo=UTC)
    with opened(site.folder) as wired:
        forecast = ahead_of(wired.ports, accepted_tables(wired.ports), {"box:law-moot", "person:1000048"}, at)
    assert forecast.happenings
    assert forecast.runs < 40


def test_a_mailbox_is_looked_ahead_for_without_all_else_that_its_owner_has(begun: CommandSite) -> None:
    """R28, D31: it ends because of its owner; what becomes of their other mailboxes is not worked out for it."""
    desk = ("--actor", "olive", "--reason", "asked by phone", "--at", "2025-10-01T09:00:00Z")
    assert begun.type("desk", "handover", "chem-office", "--to", "law0048", *desk).code == 0
    with opened(begun.folder) as wired:
        tables = accepted_tables(wired.ports)
        for scopes in (
            {"box:law-moot", "person:1000048"},
            {"box:chem-office", "person:1000048"},
            {"box:law-moot", "box:chem-office", "person:1000048"},
            {"person:1000048"},
        ):
            forecast = ahead_of(wired.ports, tables, scopes, datetime(2025, 10, 1, 9, tzinfo=UTC))
            found = {finding.scope for happening in forecast.happenings for finding in happening.findings}
            found |= {scope_of(planned.change) for happening in forecast.happenings for planned in happening.changes}
            assert {one for one in found if one.startswith("box:")} == {one for one in scopes if one.startswith("box:")}
