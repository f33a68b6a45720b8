"""What is an SPF record, and what is an error in one (R68, R73; D40; RFC 7208 sections 3, 4.5, 4.6)."""

from __future__ import annotations

import pytest
from building.dns_answers import answers
from building.mail_records import linted, told

from nexusops.model.dns_spf import Verdict
from nexusops.model.policy import SpfPolicy
from nexusops.rules.mailauth.spf import lint


@pytest.mark.parametrize(
    "term",
    [
        "all",
        "?all",
        "ip4:192.0.2.1",
        "ip4:192.0.2.0/24",
        "ip4:0.0.0.0/32",
        "ip6:2001:db8::/32",
        "ip6:::ffff:192.0.2.1/96",
        "-ip6:2001:DB8::1",
        "A:mail.example/24//64",
        "a//64",
        "mx/31",
        "a:mail.example.",
        "a:foo:bar/baz.example",
        "a:%{d2}",
        "exists:%{ir}.%{v}._spf.%{d2}",
        "exists:%{l1r-.+}.%{o}.example",
        "a:100%%.percent%-.and%_.example",
        "exists:x%%",
        "moo.cow-far_out=man:dog/cat",
        "default=",
        "exp=why.%{d}",
        "a:xn--bcher-kva.example.xn--p1ai",
    ],
)
def test_a_term_that_the_grammar_allows_is_no_error(term: str) -> None:
    """RFC 7208 section 12."""
    report = linted(f"v=spf1 {term}", "mail.example A 192.0.2.9")
    assert "SYNTAX" not in report.codes, report.notes
    assert report.verdict in (Verdict.OK, Verdict.CRITICAL)


@pytest.mark.parametrize(
    "term",
    [
        "moo",
        "-all.",
        "all:x.example",
        "all/8",
        "ip4",
        "ip4:",
        "ip4:192.0.2",
        "ip4:192.0.2.256",
        "ip4:192.0.2.01",
        "ip4:192.0.2.1/33",
        "ip4:192.0.2.1/032",
        "ip4:192.0.2.1//32",
        "ip4:192.0.2.1:25",
        "ip6:2001:db8::1/129",
        "ip6:2001:db8::1//64",
        "ip6::CAFE::BABE",
        "ip6:fe80::1%eth0",
        "ip4:192.0.2.1/",
        "a/33",
        "a//129",
        "a/24/64",
        "a:",
        "a:museum",
        "a:museum.",
        "a:192.0.2.1",
        "a:example.123",
        "a:example.-com",
        "a:mail.example:8080",
        "a:mail..example",
        f"a:{'a' * 64}.example",
        "mx:mail.example/x",
        "ptr/0",
        "ptr:",
        "exists",
        "exists:mail.example/24",
        "include",
        "include:",
        "include:mail.example/24",
        "redirect:mail.example",
        "redirect=",
        "redirect=-all",
        "exp=",
        "exp=-all",
        "exp=a.example exp=b.example",
        "redirect=a.example redirect=b.example",
        "=all",
        "1up=foo",
        "moo.cow/far=out",
        "foo=%abc",
        "exists:%(ir).example",
        "exists:foo%.example",
        "exists:%{a}.example",
        "exists:%{r}.example",
        "exists:%{d0}.example",
        "exists:%{d}%%{l}x",
        "a:mail.example\tptr",
        "a:caf\u00e9.example",
        "a:mail.example\u0000",
        "--all",
        "+",
    ],
)
def test_a_term_that_it_does_not_allow_makes_the_whole_record_an_error(term: str) -> None:
    """RFC 7208 sections 4.6 and 12: also behind the term that ends every comparison."""
    assert told(linted(f"v=spf1 ip4:192.0.2.1 -all {term}")) == ("permerror", 0, 0, ["SYNTAX"])


@pytest.mark.parametrize(
    ("texts", "verdict"),
    [
        ([], "none"),
        (["v=spf10 -all"], "none"),
        (["v=spf1-all"], "none"),
        (["v=spf1\t-all"], "none"),
        (["spf2.0/pra -all"], "none"),
        ([" v=spf1 -all"], "none"),
        (["v=spf1"], "ok"),
        (["V=sPf1 -ALL"], "ok"),
        (["v=spf1  a   -all  "], "ok"),
        (["v=spf1 -all", "v=spf10", "v=spf2 x", "\u0096"], "ok"),
        (["v=spf1 -all", "V=SPF1 -all"], "permerror"),
    ],
)
def test_a_record_is_known_by_its_version_alone(texts: list[str], verdict: str) -> None:
    """D40, RFC 7208 section 4.5: exactly one; a case does not matter, a space behind it does."""
    ask = answers(*(f"d.example TXT {text}" for text in texts), "d.example A 192.0.2.1")
    assert lint("d.example", ask, SpfPolicy()).verdict.value == verdict


@pytest.mark.parametrize("domain", ["museum", "a..example", f"{'a' * 64}.example", "", "[192.0.2.1]"])
def test_what_is_no_domain_has_no_record(domain: str) -> None:
    """RFC 7208 section 4.3."""
    assert told(lint(domain, answers(), SpfPolicy())) == ("none", 0, 0, ["NO_SPF"])
