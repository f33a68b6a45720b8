"""Lookups that count, lookups that find nothing, circles, and records that let everybody pass (D40; RFC 7208 4.6.4)."""

from __future__ import annotations

import pytest
from building.dns_answers import answers
from building.mail_records import chain, linted, told

from nexusops.model.dns_spf import Verdict
from nexusops.model.policy import SpfPolicy
from nexusops.rules.mailauth.site import passes
from nexusops.rules.mailauth.spf import lint


def test_each_term_that_asks_counts_each_time() -> None:
    """D40: include, a, mx, ptr, exists and redirect, nested; ip4, ip6, all and exp do not."""
    record = "v=spf1 a mx ptr exists:%{i}.x.example include:i.example ip4:192.0.2.1 exp=w.example redirect=r.example"
    report = linted(
        record,
        "d.example A 192.0.2.2",
        "d.example MX 10 d.example.",
        "i.example TXT v=spf1 a:d.example -all",
        "r.example TXT v=spf1 a:d.example a:d.example -all",
    )
    assert told(report) == ("ok", 9, 0, ["PTR", "NEAR_LOOKUP_LIMIT"])
    assert [branch.lookups for branch in report.tree] == [1, 1, 1, 1, 2, 0, 3]


def test_nothing_behind_all_counts() -> None:
    """D40: redirect is ignored when all is present, and mechanisms behind it are never tested."""
    report = linted("v=spf1 redirect=d.example a ~all include:nowhere.example", "d.example A 192.0.2.1")
    assert told(report) == ("ok", 1, 0, [])


@pytest.mark.parametrize(
    ("length", "told_of_it"),
    [(7, ("ok", 7, [])), (8, ("ok", 8, ["NEAR_LOOKUP_LIMIT"])), (10, ("ok", 10, ["NEAR_LOOKUP_LIMIT"])),
     (11, ("permerror", 11, ["TOO_MANY_LOOKUPS"])), (15, ("permerror", 15, ["TOO_MANY_LOOKUPS"]))],
)  # fmt: skip
def test_ten_lookups_are_allowed(length: int, told_of_it: tuple[str, int, list[str]]) -> None:
    """R84, D40."""
    report = linted("v=spf1 include:i0.example -all", *chain(length))
    assert (report.verdict.value, report.lookups, [note.code for note in report.notes]) == told_of_it


def test_a_record_that_multiplies_ends_all_the_same() -> None:
    levels = [f"l{n}.example TXT v=spf1" + f" include:l{n + 1}.example" * 9 for n in range(9)]
    report = linted("v=spf1 include:l0.example -all", *levels, "l9.example TXT v=spf1 -all")
    assert (report.verdict, "more than 100" in report.notes[-1].message) == (Verdict.PERMERROR, True)


@pytest.mark.parametrize(
    ("record", "voids", "verdict"),
    [
        ("a:x.example a:y.example ?all", 2, "ok"),
        ("a:x.example a:y.example a:z.example ?all", 3, "permerror"),
        ("a:x.example a:x.example a:x.example ?all", 3, "permerror"),
        ("mx:x.example exists:y.example ?all", 2, "ok"),
        ("mx a:only6.example a:only4.example ?all", 0, "ok"),
        ("mx:lost.example ?all", 1, "ok"),
        ("mx:null.example ?all", 0, "ok"),
        ("exists:%{i}.x.example ptr a:%{l}.x.example exp=x.example ?all", 0, "ok"),
        ("a:text.example ?all", 1, "ok"),
    ],
)
def test_two_lookups_may_find_nothing(record: str, voids: int, verdict: str) -> None:
    """D40: neither a name without records nor a name that is not there; exp does not count."""
    report = linted(
        f"v=spf1 {record}",
        "d.example MX 10 only6.example.",
        "only6.example AAAA 2001:db8::1",
        "only4.example A 192.0.2.1",
        "null.example MX 0 .",
        "lost.example MX 10 nowhere.example.",
        "text.example TXT hello",
    )
    assert (report.void_lookups, report.verdict.value) == (voids, verdict)
    assert ("TOO_MANY_VOID_LOOKUPS" in report.codes) is (voids > 2)


def test_an_include_must_have_a_record_and_so_must_a_redirect() -> None:
    """D40, RFC 7208 sections 5.2 and 6.1."""
    assert told(linted("v=spf1 include:x.example -all", "x.example TXT hello")) == (
        "permerror",
        1,
        0,
        ["INCLUDE_NO_SPF"],
    )
    for term in ("redirect=x.example", "include:x.example"):
        assert told(linted(f"v=spf1 {term}")) == ("permerror", 1, 1, ["INCLUDE_NO_SPF"])


def test_whatever_is_wrong_beneath_is_wrong_above() -> None:
    """RFC 7208 section 5.2: the error names the record that it stands in."""
    report = linted("v=spf1 include:i.example -all", "i.example TXT v=spf1 include:j.example", "j.example TXT v=spf1 x")
    assert told(report) == ("permerror", 2, 0, ["SYNTAX"])
    assert "j.example" in report.notes[0].message
    twice = linted("v=spf1 include:i.example -all", "i.example TXT v=spf1 -all", "i.example TXT v=spf1 -all")
    assert told(twice) == ("permerror", 1, 0, ["MULTIPLE_SPF"])


@pytest.mark.parametrize(
    ("record", "lookups"),
    [("include:d.example -all", 1), ("redirect=d.example", 1), ("include:i.example -all", 2), ("redirect=%{d}", 1)],
)
def test_a_circle_is_an_error_and_ends(record: str, lookups: int) -> None:
    """D40."""
    assert told(linted(f"v=spf1 {record}", "i.example TXT v=spf1 redirect=d.example")) == (
        "permerror",
        lookups,
        0,
        ["LOOP"],
    )


@pytest.mark.parametrize(
    ("record", "verdict"),
    [
        ("+all", "critical"),
        ("all -all", "critical"),
        ("-all +all", "ok"),
        ("include:open.example -all", "critical"),
        ("redirect=open.example", "critical"),
        ("?include:open.example -all", "ok"),
        ("-include:open.example ip4:192.0.2.1 -all", "ok"),
        ("include:between.example -all", "critical"),
        ("include:shut.example -all", "ok"),
        ("+all moo", "permerror"),
        ("include:nowhere.example +all", "permerror"),
        ("include:open.example include:nowhere.example -all", "critical"),
    ],
)
def test_whoever_lets_everybody_pass_is_told_so(record: str, verdict: str) -> None:
    """D40: also by inclusion; the first that ends every comparison decides."""
    report = linted(
        f"v=spf1 {record}",
        "open.example TXT v=spf1 -ip4:192.0.2.1 +all",
        "between.example TXT v=spf1 redirect=open.example",
        "shut.example TXT v=spf1 ?include:open.example ~all",
    )
    assert report.verdict.value == verdict
    assert ("PASS_ALL" in report.codes) is (verdict != "ok")


def test_more_than_ten_mail_hosts_are_an_error() -> None:
    """RFC 7208 section 4.6.4."""
    ten = [f"d.example MX {n} m{n}.example." for n in range(10)] + [f"m{n}.example A 192.0.2.{n}" for n in range(11)]
    assert told(linted("v=spf1 mx -all", *ten)) == ("ok", 1, 0, [])
    eleven = [*ten, "d.example MX 10 m10.example."]
    assert told(linted("v=spf1 mx -all", *eleven)) == ("permerror", 1, 0, ["TOO_MANY_LOOKUPS"])


def test_ptr_is_a_warning_wherever_it_stands() -> None:
    """D40: ptr warned."""
    report = linted("v=spf1 include:i.example exists:%{p}.x.example -all", "i.example TXT v=spf1 ptr:x.example -all")
    assert told(report) == ("ok", 3, 0, ["PTR", "PTR"])
    assert passes(report)


def test_no_answer_is_not_an_empty_answer() -> None:
    """RFC 7208 section 4.4, and: a failed read is never an empty answer."""
    report = linted("v=spf1 include:i.example -all", failing=("i.example",))
    assert told(report) == ("temperror", 1, 0, ["DNS_UNKNOWN"])
    assert "SERVFAIL" in report.notes[0].message
    report = lint("d.example", answers(failing=("d.example",)), SpfPolicy())
    assert told(report) == ("temperror", 0, 0, ["DNS_UNKNOWN"])
