"""Macros that a domain alone decides, how many may send, and a verdict for whatever stands there (RFC 7208 7)."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from building.dns_answers import answers
from building.mail_records import linted
from hypothesis import given
from hypothesis import strategies as st

from nexusops.model.dns_spf import Verdict
from nexusops.model.policy import SpfPolicy
from nexusops.rules.mailauth.macros import expanded, macro_string
from nexusops.rules.mailauth.site import passes
from nexusops.rules.mailauth.spf import lint


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("%{d}", "email.example.com"),
        ("%{d2}.x", "example.com.x"),
        ("%{d9}", "email.example.com"),
        ("%{dr}", "com.example.email"),
        ("%{d1r}", "email"),
        ("%{o-}", "strong.bad.email.example.com"),
        ("%{o2r.-}", "bad.strong"),
        ("%{O}.X.", "strong-bad.email.example.com.x"),
        ("a%%b%_c%-", "a%b c%20"),
        ("%{i}.x", None),
        ("%{l1r-}.%{d}", None),
    ],
)
def test_what_a_domain_alone_decides_of_a_macro_is_followed(text: str, name: str | None) -> None:
    """RFC 7208 section 7.3: parts, order and delimiters; the rest depends on the message."""
    assert expanded(macro_string(text), "email.example.com", "strong-bad.email.example.com") == name


def test_a_name_that_is_too_long_loses_labels_on_its_left() -> None:
    """RFC 7208 section 7.3."""
    name = expanded(macro_string(".".join(["%{d}"] * 16)), "email.example.com", "example.com")
    assert name == ".".join(["email.example.com"] * 14)


def test_what_may_send_is_counted_without_what_is_only_excluded() -> None:
    """R73: how much of the Internet could forge the domain."""
    report = linted(
        "v=spf1 ip4:192.0.2.0/25 ip4:192.0.2.128/25 -ip4:198.51.100.0/24 a/24//64 ?include:i.example mx -all",
        "i.example TXT v=spf1 ip4:203.0.113.0/24 -all",
        "d.example A 198.18.0.1",
        "d.example AAAA 2001:db8::1",
        "d.example MX 10 mail.example.",
        "mail.example A 198.18.0.200",
    )
    assert report.networks == tuple(
        ip_network(text)
        for text in (
            "192.0.2.0/24",
            "198.18.0.0/24",
            "2001:db8::/64",
        )
    )


@pytest.mark.parametrize(
    ("terms", "others"),
    [
        ("ip4:192.0.2.1", False),
        ("exists:%{i}.there.example", True),
        ("?exists:%{i}.there.example", False),
        ("include:%{i}.there.example", True),
        ("include:i.example", True),
        ("-include:i.example", False),
        ("ptr", True),
        ("+all", True),
    ],
)
def test_that_more_may_send_than_can_be_listed_is_known(terms: str, others: bool) -> None:
    """RFC 7208 section 7: what macros decide is decided by the message."""
    report = linted(f"v=spf1 {terms} -all", "i.example TXT v=spf1 a:%{l}.there.example -all")
    assert report.others is others


@pytest.mark.parametrize(
    ("term", "wide"),
    [
        ("ip4:0.0.0.0/0", True),
        ("ip4:10.0.0.0/8", False),
        ("?ip4:0.0.0.0/0", False),
        ("a//0", True),
        ("exists:there.example", True),
        ("-exists:there.example", False),
        ("exists:%{i}.there.example", False),
    ],
)
def test_most_of_the_internet_is_hardly_meant(term: str, wide: bool) -> None:
    report = linted(f"v=spf1 {term} -all", "d.example AAAA 2001:db8::1", "there.example A 127.0.0.2")
    assert (report.verdict, "WIDE_RANGE" in report.codes, passes(report)) == (Verdict.OK, wide, True)


_PIECES = st.sampled_from(
    [
        *(
            "v=spf1",
            " ",
            "  ",
            "+",
            "-",
            "~",
            "?",
            "all",
            "a",
            "mx",
            "ptr",
            "ip4",
            "ip6",
            "exists",
            "include",
            "redirect=",
        ),
        *(
            "exp=",
            "x=",
            ":",
            "/",
            "//",
            "24",
            "0",
            "129",
            "192.0.2.1",
            "2001:db8::",
            "a.example",
            "b.example",
            "c.example",
        ),
        *("%{d}", "%{d2r}", "%{o1}", "%{i}", "%{", "}", "%%", "%_", "%-", "%", ".", "..", "\u00e9", "\t", "\\", '"'),
    ]
)
_RECORDS = st.lists(_PIECES, max_size=14).map(lambda parts: "v=spf1 " + "".join(parts))


@given(records=st.lists(_RECORDS, min_size=3, max_size=3))
def test_whatever_stands_in_a_record_there_is_a_verdict(records: list[str]) -> None:
    """D40: records that name each other, or are none at all; the look ends, and the counts agree with the tree."""
    names = ("a.example", "b.example", "c.example")
    lines = [f"{name} TXT {record}" for name, record in zip(names, records, strict=True)]
    report = lint("a.example", answers(*lines, "b.example A 192.0.2.1"), SpfPolicy())
    if report.record is not None:
        assert report.lookups == sum(branch.lookups for branch in report.tree)
    assert (report.verdict is Verdict.OK) <= (report.lookups <= 10 and report.void_lookups <= 2)
    assert (report.verdict is Verdict.OK) <= (not report.codes & {"SYNTAX", "LOOP", "INCLUDE_NO_SPF", "PASS_ALL"})
    assert (report.verdict is Verdict.PERMERROR) <= bool(report.notes)
