"""What commands that act export to an OpenTelemetry collector, decoded from the OTLP that it was sent."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from building.collector import Collector, collecting
from cli.conftest import CommandSite

from nexusops.telemetry.acts import counted
from nexusops.tenant.faults import FaultClass, TenantFault
from nexusops.tenant.transport import Retry


@pytest.fixture
def collector(site: CommandSite) -> Iterator[Collector]:
    with collecting() as found:
        configured(site, f'endpoint = "{found.url}"')
        yield found


def configured(site: CommandSite, line: str) -> None:
    settings = site.folder / "nexusops.toml"
    settings.write_text(settings.read_text("utf-8").replace("[otel]", f"[otel]\n{line}"), "utf-8")


def test_a_run_is_a_span_and_counts_of_what_it_did(site: CommandSite, collector: Collector) -> None:
    assert site.on_day_one("plan").code == 0
    assert collector.taken == {}  # a command that does not act exports nothing
    assert (said := site.on_day_one("run", "--format", "json")).code == 0
    assert said.err == ""
    ((name, attributes),) = collector.spans()
    run = site.type("history", "--format", "json").document["runs"][0]
    assert (name, attributes["nexusops.exit_code"]) == ("nexusops run", 0)
    assert (attributes["nexusops.run.result"], attributes["nexusops.run.changes"]) == ("applied", run["changes"])
    metrics = collector.metrics()
    assert metrics["nexusops.runs"] == [({"command": "run", "exit_code": 0}, 1)]
    assert "nexusops.refusals" not in metrics
    boxes = site.type("state", "export", "--format", "json").document["mailboxes"]
    made = sum(box["kind"] == "personal" and box["name"] is not None for box in boxes)
    created = {"kind": "CreateMailbox", "step": "user", "result": "done"}
    assert [number for step, number in metrics["nexusops.steps"] if step == created] == [made]
    assert sum(number for _, number in metrics["nexusops.steps"]) == attributes["nexusops.steps"]
    assert metrics["nexusops.open_intents"] == [({}, 0)]
    assert metrics["nexusops.live_mailboxes"][0][1] > 0


def test_the_age_of_the_last_good_snapshot_is_told_when_one_is_refused(site: CommandSite, collector: Collector) -> None:
    assert site.on_day_one("run").code == 0
    collector.taken.clear()
    assert site.type("run", "--at", "2025-10-01T11:00:00Z", "--snapshot", site.day_one).code == 3
    metrics = collector.metrics()
    assert metrics["nexusops.refusals"] == [({"command": "run", "reason": "snapshot"}, 1)]
    assert metrics["nexusops.snapshot.age"] == [({}, 190 * 60)]  # it is of 07:50Z
    assert metrics["nexusops.last_good_run.age"] == [({}, 180 * 60)]


def test_being_told_to_wait_is_counted() -> None:
    """tenant-api.md 7.1: every answer that says so, whether the request is repeated or not."""
    answers = iter([TenantFault(FaultClass.THROTTLED, "wait", status=429, retry_after=1.0)] * 2)

    async def asked() -> str:
        if (fault := next(answers, None)) is not None:
            raise fault
        return "done"

    async def slept(_seconds: float) -> None:
        return

    with counted(wanted=True) as acts:
        assert asyncio.run(Retry(sleep=slept)(asked, read=True)) == "done"
    assert acts.throttled == {"429": 2}


def test_no_person_and_no_address_is_exported(site: CommandSite, collector: Collector) -> None:
    assert site.on_day_one("run").code == 0
    document = site.type("state", "export", "--format", "json").document
    names = {row["address"] for row in document["addresses"]} | {row["person_id"] for row in document["people"]}
    names |= {row["name"] for row in document["mailboxes"] if row["name"]}
    sent = b"".join(body for bodies in collector.taken.values() for body in bodies)
    assert sent
    assert {name for name in names if name.encode() in sent} == set()


def test_the_collector_is_shown_its_authorization_and_nobody_else(
    site: CommandSite, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_OTEL", "Bearer only-for-the-collector")
    configured(site, 'authorization = "env:TEST_OTEL"')
    said = site.on_day_one("run", "--format", "json")
    assert collector.headers == ["Bearer only-for-the-collector"] * 2
    shown = site.type("config", "show")
    assert "only-for-the-collector" not in said.out + said.err + shown.out


def test_a_collector_that_does_not_take_it_changes_nothing_about_the_run(
    site: CommandSite, collector: Collector
) -> None:
    collector.status = 400
    said = site.on_day_one("run")
    assert said.code == 0
    assert "The telemetry was not taken" in said.err
    assert site.type("history", "--format", "json").document["runs"][0]["result"] == "applied"


def test_what_is_counted_is_not_printed(site: CommandSite, collector: Collector) -> None:
    """Counting hears every act; the log stays at the level that was asked for."""
    assert site.on_day_one("run").err == ""
    assert collector.metrics()["nexusops.steps"]


@pytest.mark.parametrize(
    "line",
    ['endpoint = "collector:4318"', 'endpoint = "http://collector.example:4318"\nauthorization = "env:TEST_OTEL"'],
)
def test_an_endpoint_that_is_no_address_or_would_be_told_a_secret_in_the_clear_is_refused(
    site: CommandSite, line: str
) -> None:
    configured(site, line)
    said = site.type("health")
    assert (said.code, "otel.endpoint: expected" in said.err) == (2, True)
