"""No run publishes what `saas advise` would refuse (rules.md 2.4, validated to approved; D39, D40)."""

from __future__ import annotations

import socket
import time

import pytest
from cli.conftest import CommandSite
from cli.test_publishing_runs import REQUEST, configure
from cli.test_watching_runs import AT, PROVIDER, answers, run, state


@pytest.fixture
def asked(site: CommandSite) -> CommandSite:
    """A service domain was asked for, and a zone file answers."""
    configure(site, 'zone_file = "answers.txt"')
    return site


def advised(site: CommandSite, hour: int) -> list[str]:
    words = ("saas", "advise", "bulkday", "--at", AT[hour], "--snapshot", site.day_two, "--format", "json")
    return list(site.type(*words).document["codes"])


def kinds(site: CommandSite, hour: int, *command: str) -> list[str]:
    """What is planned for the request."""
    words = ("--at", AT[hour], "--snapshot", site.day_two, "--format", "json")
    changes = site.type(*command, *words).document["changes"]
    return [one["kind"] for one in changes if one["subject"] == "bulkday"]


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"provider": ['TXT "v=spf1 +all"']}, "PASS_ALL"),
        ({"domain": ["A 129.67.1.9"]}, "DOMAIN_TAKEN"),
    ],
    ids=["a record that lets everybody pass", "a host of that name"],
)
def test_what_advice_refuses_is_not_published_until_it_is_mended(
    asked: CommandSite, other: dict[str, list[str]], code: str
) -> None:
    """4b: `saas plan` says the same as `saas advise`."""
    answers(asked, **{"domain": [], **other})
    assert advised(asked, 0) == [code]
    assert kinds(asked, 0, "saas", "plan", "bulkday") == []
    assert (list(run(asked, 0)), state(asked)) == ([code], "needs_info")
    assert (list(run(asked, 1)), state(asked)) == ([code], "needs_info")
    answers(asked, domain=[])
    assert kinds(asked, 2, "saas", "plan", "bulkday") == ["PublishRecords"]
    shown = asked.type("saas", "plan", "bulkday", "--at", AT[2])
    assert shown.out.endswith("\nSPF of bulk-day.foodtech.ox.ac.uk: ok, 2 of 10 look-ups\n")
    assert (run(asked, 2), state(asked)) == ({}, "provisioning")


def test_records_that_stand_there_as_planned_are_nobody_elses(asked: CommandSite) -> None:
    """D39: the postmaster may have been earlier than the run; the case and the last dot do not matter."""
    answers(
        asked, domain=['TXT "v=spf1 include:_SPF.ox.ac.uk  include:spf.bulkday.example -all"', "MX 10 OXMAIL.ox.ac.uk."]
    )
    assert advised(asked, 0) == []
    assert (run(asked, 0), state(asked)) == ({}, "provisioning")


def test_a_name_that_only_a_wildcard_answers_for_is_free(asked: CommandSite) -> None:
    """D39: it does not exist (RFC 4592); a host of that name beside the wildcard does."""
    wildcard = {"*.foodtech.ox.ac.uk": ["A 129.67.1.9", "MX 5 oxmail.ox.ac.uk."]}
    answers(asked, domain=[], **wildcard)
    assert advised(asked, 0) == []
    answers(asked, domain=["A 129.67.1.10"], **wildcard)
    assert advised(asked, 0) == ["DOMAIN_TAKEN"]


def test_a_dns_that_does_not_answer_makes_nothing_well(asked: CommandSite) -> None:
    """And keeps nobody waiting who was never refused: then it is not known."""
    answers(asked, domain=[], provider=['TXT "v=spf1 +all"'])
    run(asked, 0)
    (asked.folder / "answers.txt").write_text("this is { no zone\n", "utf-8")
    assert (list(run(asked, 1)), state(asked)) == (["PASS_ALL"], "needs_info")


def test_a_resolver_that_stays_silent_keeps_nobody_waiting(site: CommandSite) -> None:
    """interface.md 7: advice needs no DNS. Doctor tells of it."""
    began = time.monotonic()
    site.type("doctor", "--at", AT[0])
    usual = time.monotonic() - began
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        configure(site, f'resolver = "127.0.0.1:{silent.getsockname()[1]}"\nwatch_seconds = 1')
        began = time.monotonic()
        assert advised(site, 0) == ["DNS_UNKNOWN"]
        told = site.type("doctor", "--at", AT[0])
        assert time.monotonic() - began < 8 + 4 * usual  # a busy machine takes longer for both
    assert "does not answer for ox.ac.uk: the time is up" in told.out


def test_one_that_was_never_looked_at_is_published_and_said_to_be_unknown(asked: CommandSite) -> None:
    """interface.md 7: a plan needs no DNS."""
    (asked.folder / "answers.txt").write_text("this is { no zone\n", "utf-8")
    assert kinds(asked, 0, "plan") == ["PublishRecords"]
    assert (list(run(asked, 0)), state(asked)) == (["DNS_UNKNOWN"], "provisioning")


def test_a_file_that_now_names_a_broken_provider_leaves_what_is_published(asked: CommandSite) -> None:
    answers(asked)
    run(asked, 0)
    assert asked.type("saas", "verify", "bulkday", "--at", AT[0]).code == 0
    (asked.folder / "services" / "bulkday.toml").write_text(REQUEST.replace(PROVIDER, "spf.other.example"), "utf-8")
    assert (list(run(asked, 1)), state(asked)) == (["INCLUDE_NO_SPF"], "review_due")
    assert kinds(asked, 2, "plan", "--refresh", "full") == []
    told = asked.type("saas", "advise", "bulkday", "--at", AT[2], "--format", "json").document["next"]
    assert "The next run has nothing to do for it." in told
    answers(asked, **{"spf.other.example": ['TXT "v=spf1 ip4:198.51.100.0/24 -all"']})
    assert kinds(asked, 2, "plan") == ["PublishRecords"]


def test_a_service_domain_that_is_retired_is_not_asked_for_any_more(asked: CommandSite) -> None:
    path = asked.folder / "nexusops.toml"
    path.write_text(path.read_text("utf-8").replace("[dns]\n", "[dns]\nwatch = false\n"), "utf-8")
    assert list(run(asked, 0)) == ["DNS_UNKNOWN"]
    words = ("--actor", "olive", "--reason", "dropped", "--at", AT[1])
    assert asked.type("saas", "retire", "bulkday", *words).code == 0
    run(asked, 1)
    assert (run(asked, 2), state(asked)) == ({}, "retired")


def test_who_files_a_request_is_told_what_the_dns_says(asked: CommandSite) -> None:
    answers(asked, domain=[], provider=['TXT "v=spf1 +all"'])
    run(asked, 0)
    words = ("--service-name", "Bulk Night", "--unit", "FOOD", "--requester", "food0007", "--provider", "Bulk Ltd")
    kind = ("--oxford-domain", "--no-exo", "--no-ms-smtp", "--spf-approver", "food0007", "--provider-include", PROVIDER)
    filed = asked.type("saas", "request", *words, *kind, "--at", AT[0], "--format", "json")
    assert (filed.code, filed.document["codes"]) == (0, ["PASS_ALL"])


def test_what_is_foretold_and_done_again_knows_what_the_dns_had_said(asked: CommandSite) -> None:
    """rules.md 4e: a replay asks nobody; simulate and explain take what the last run found."""
    answers(asked, domain=[], provider=['TXT "v=spf1 +all"'])
    whole = ("--snapshot", asked.day_two, "--at")
    assert asked.type("run", *whole, AT[0]).code == 0
    ahead = asked.type("simulate", "--until", "2025-10-03", "--at", AT[1], "--format", "json")
    assert "PublishRecords" not in ahead.document["totals"]
    assert "Publish" not in asked.type("explain", "bulkday", "--at", AT[1]).out
    answers(asked, domain=[])
    assert asked.type("run", *whole, AT[1]).code == 0
    again = asked.type("replay", asked.day_two)
    assert (again.code, "The state at the end is the same." in again.out) == (0, True)
