"""The hourly run looks at the DNS of the service domains that are live (rules.md 2.4; part 4, watching)."""

from __future__ import annotations

import socket
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cli.conftest import CommandSite
from cli.test_publishing_runs import DOMAIN, SPF, configure
from cli.test_saas import file
from cli.test_saas_hours import START, food, hour

AT = [f"2025-10-02T08:{minute:02}:00Z" for minute in range(0, 60, 5)]
PROVIDER = "spf.bulkday.example"
GOOD = {
    DOMAIN: [f'TXT "{SPF}"', "MX 10 oxmail.ox.ac.uk."],
    "oxmail.ox.ac.uk": ["A 129.67.1.1"],
    "_spf.ox.ac.uk": ['TXT "v=spf1 ip4:129.67.0.0/16 -all"'],
    PROVIDER: ['TXT "v=spf1 ip4:192.0.2.0/24 -all"'],
}


def answers(site: CommandSite, **other: list[str]) -> Path:
    """What the DNS says; ``provider`` and ``domain`` are those records otherwise than they were."""
    names = {"provider": PROVIDER, "domain": DOMAIN}
    zone = {**GOOD, **{names.get(name, name): lines for name, lines in other.items()}}
    zone |= {f"n{n}.example": ['TXT "v=spf1 -all"'] for n in range(9)}
    lines = [f"{name}. {line}" for name, records in zone.items() for line in records]
    path = site.folder / "answers.txt"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def run(site: CommandSite, hour: int, command: str = "run") -> dict[str, str]:
    """Code -> message of what was found about the request."""
    words = ("--at", AT[hour], "--snapshot", site.day_two, "--format", "json")
    said = site.type(command, "service_domains", *words)
    assert said.code == 0, said.err
    mine = [one for one in said.document["findings"] if one["subject"] in ("bulkday", DOMAIN)]
    return {one["code"]: one["message"] for one in mine}


def state(site: CommandSite) -> str:
    (one,) = site.type("saas", "list", "--format", "json").document["requests"]
    return str(one["state"])


@pytest.fixture
def live(site: CommandSite) -> CommandSite:
    """A service domain that was published, proved, and seen by a run since."""
    configure(site, 'zone_file = "answers.txt"')
    answers(site)
    run(site, 0)
    assert site.type("saas", "verify", "bulkday", "--at", AT[0]).code == 0
    assert (run(site, 1), state(site)) == ({}, "live")
    return site


def test_a_provider_that_changed_is_told_until_somebody_takes_it_for_good(live: CommandSite) -> None:
    """2.4: live to review_due, and back."""
    answers(live, provider=['TXT "v=spf1 ip4:192.0.2.0/24 ip4:198.51.100.0/24 -all"'])
    told = {"PROVIDER_CHANGED": f"{PROVIDER} is not what it was: {PROVIDER} has ip4:198.51.100.0/24"}
    assert run(live, 2, "plan") == told
    assert (run(live, 2), state(live)) == (told, "review_due")
    assert (run(live, 3), state(live)) == (told, "review_due")
    assert live.type("domain", "check", "--all", "--remember", "--at", AT[3]).code in (0, 6)
    assert (run(live, 4), state(live)) == ({}, "live")


@pytest.mark.parametrize(
    ("other", "codes", "becomes"),
    [
        ({"provider": ['TXT "v=spf1 ip4:nonsense -all"']}, {"PROVIDER_BROKEN", "SYNTAX"}, "review_due"),
        ({"provider": []}, {"INCLUDE_NO_SPF", "PROVIDER_BROKEN"}, "review_due"),
        ({"domain": [f'TXT "{SPF}"', "MX 10 mx.elsewhere.example."]}, {"DNS_DIFFERS"}, "review_due"),
        ({"domain": [f'TXT "{SPF}"', 'TXT "v=spf1 -all"']}, {"DNS_DIFFERS", "MULTIPLE_SPF"}, "review_due"),
    ],
    ids=["broken", "gone", "differs", "second"],
)
def test_what_broke_is_for_somebody_to_look_at(
    live: CommandSite, other: dict[str, list[str]], codes: set[str], becomes: str
) -> None:
    answers(live, **other)
    found = run(live, 2)
    assert (set(found), state(live)) == (codes, becomes)
    answers(live)
    assert (run(live, 3), state(live)) == ({}, "live")


def test_a_history_in_which_the_dns_broke_is_replayed_as_it_was(site: CommandSite) -> None:
    """rules.md 4e: the replay asks nobody."""
    configure(site, 'zone_file = "answers.txt"')
    hours: tuple[dict[str, list[str]], ...] = ({}, {}, {"provider": []}, {})
    for number, broken in enumerate(hours):
        answers(site, **broken)
        assert site.type("run", "--snapshot", site.day_two, "--at", AT[number]).code == 0
        if number == 0:
            assert site.type("saas", "verify", "bulkday", "--at", AT[0]).code == 0
    assert site.type("replay", site.day_two).code == 0


def test_what_only_comes_near_the_limit_stays_live(live: CommandSite) -> None:
    includes = " ".join(f"include:n{n}.example" for n in range(7))
    answers(live, provider=[f'TXT "v=spf1 {includes} -all"'])
    assert live.type("domain", "check", "--all", "--remember", "--at", AT[2]).code in (0, 6)
    assert set(run(live, 3)) == {"NEAR_LOOKUP_LIMIT", "PROVIDER_NEAR_LIMIT"}
    assert state(live) == "live"


def test_a_dns_that_does_not_answer_neither_stops_nor_delays_a_run(live: CommandSite) -> None:
    """And what was known of it before stays: nothing is then said to be well."""
    answers(live, provider=['TXT "v=spf1 ip4:198.51.100.0/24 -all"'])
    began = time.monotonic()
    changed = run(live, 2)
    usual = time.monotonic() - began
    silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    silent.bind(("127.0.0.1", 0))
    path = live.folder / "nexusops.toml"
    where = f'resolver = "127.0.0.1:{silent.getsockname()[1]}"\nwatch_seconds = 1'
    lines = [one for one in path.read_text("utf-8").splitlines() if not one.startswith("resolver")]
    path.write_text("\n".join(lines).replace('zone_file = "answers.txt"', where) + "\n", "utf-8")
    began = time.monotonic()
    found = run(live, 3)
    assert time.monotonic() - began < 8 + 4 * usual  # a busy machine takes longer for both
    silent.close()
    assert (found.pop("DNS_UNKNOWN")[:48], found) == ("it could not be seen whether the DNS is still as", changed)
    assert state(live) == "review_due"


def test_a_broken_zone_file_does_not_stop_a_run(live: CommandSite) -> None:
    (live.folder / "answers.txt").write_text("this is { no zone\n", "utf-8")
    assert list(run(live, 2)) == ["DNS_UNKNOWN"]
    assert state(live) == "live"


def test_a_site_that_does_not_want_it_is_not_looked_at(live: CommandSite) -> None:
    path = live.folder / "nexusops.toml"
    path.write_text(path.read_text("utf-8").replace("[dns]\n", "[dns]\nwatch = false\n"), "utf-8")
    answers(live, provider=[])
    assert run(live, 2) == {}


def test_what_is_not_published_yet_is_nobodys_fault(site: CommandSite) -> None:
    """Before it was proved the postmaster may still be at it."""
    configure(site, 'zone_file = "answers.txt"')
    answers(site, domain=[])
    assert [*run(site, 0), *run(site, 1), state(site)] == ["provisioning"]


def test_the_plan_from_the_difference_is_the_plan_from_scratch(live: CommandSite) -> None:
    answers(live, provider=[])
    plans: list[Any] = []
    for way in ("delta", "full"):
        words = ("plan", "--at", AT[2], "--snapshot", live.day_two, "--refresh", way, "--format", "json")
        found = live.type(*words).document["findings"]
        plans.append([one for one in found if one["subject"] == "bulkday"])
    assert plans[0] == plans[1]
    assert {one["code"] for one in plans[0]} >= {"PROVIDER_BROKEN"}


def test_a_secret_that_ends_and_an_owner_who_left_are_found_by_the_run_and_the_daily_check(site: CommandSite) -> None:
    """Part 4, 6."""
    file(site, "adminday")
    folder = food().change("cards", {"person_id": "1000007"}, end_date="2040-09-30")
    folder.change("cards", {"person_id": "1000042"}, end_date="2040-09-30")
    hour(site, 0, folder)
    (mine,) = site.type("saas", "list", "--format", "json").document["requests"]
    late = datetime.fromisoformat(mine["credential_ends_on"]).replace(hour=8, tzinfo=UTC) - timedelta(days=20)
    number = round((late - START) / timedelta(hours=1))
    folder.change("cards", {"person_id": "1000042"}, end_date=f"{late - timedelta(days=1):%Y-%m-%d}")
    hour(site, number, folder)
    words = ("--zone", answers(site), "--at", f"{late:%Y-%m-%dT%H:%M:%SZ}", "--format", "json")
    checked = site.type("domain", "check", "--all", *words)
    assert checked.code == 6
    assert {one["code"] for one in checked.document["requests"]} == {"OWNER_GONE", "CREDENTIAL_ENDS"}
    some = site.type("domain", "check", "--all", "--only", "OWNER_GONE", *words)
    assert [(one["request_id"], one["code"]) for one in some.document["requests"]] == [("adminday", "OWNER_GONE")]
