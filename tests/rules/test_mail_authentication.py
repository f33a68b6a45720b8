"""SPF records, what a site expects of its domains, and the reasons (R66-R88; D38, D40)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from ipaddress import ip_network
from itertools import pairwise

import pytest
from building.dns_answers import answers
from hypothesis import given
from hypothesis import strategies as st

from nexusops.model.dns_spf import SpfReport, Verdict
from nexusops.model.policy import SpfPolicy
from nexusops.rules.mailauth import MailSite, Permit, lint_of_site, passes
from nexusops.rules.mailauth_macros import expanded, macro_string
from nexusops.rules.mailauth_spf import lint

TODAY = date(2025, 10, 1)
OXFORD = MailSite(
    parent_domain="ox.ac.uk", site_include="_spf.ox.ac.uk", standard_mx="10 oxmail.ox.ac.uk.", catch_all="-all"
)
CAMBRIDGE = MailSite(
    parent_domain="cam.ac.uk",
    site_include="mx.cam.ac.uk",
    standard_mx="10 mx.cam.ac.uk.",
    catch_all="?all",
    exact=True,
)
HOSTS = "_spf.ox.ac.uk TXT v=spf1 ip4:129.67.0.0/16 ~all"
PROVIDER = "spf.adminday.example TXT v=spf1 ip4:192.0.2.0/24 -all"


def linted(record: str, *lines: str, failing: tuple[str, ...] = ()) -> SpfReport:
    return lint("d.example", answers(f"d.example TXT {record}", *lines, failing=failing), SpfPolicy())


def told(report: SpfReport) -> tuple[str, int, int, list[str]]:
    """Verdict, lookups, void lookups, codes in their order."""
    return report.verdict.value, report.lookups, report.void_lookups, [note.code for note in report.notes]


def chain(length: int, end: str = "ip4:192.0.2.1") -> list[str]:
    """Records that include one another: the first needs ``length`` - 1 lookups."""
    names = [f"i{number}.example" for number in range(length)]
    links = [f"{name} TXT v=spf1 include:{following}" for name, following in pairwise(names)]
    return [*links, f"{names[-1]} TXT v=spf1 {end}"]


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


def of_site(domain: str, *lines: str, site: MailSite = OXFORD, today: date = TODAY) -> list[str]:
    report = lint_of_site(domain, answers(*lines), SpfPolicy(), site, today)
    return [note.code for note in report.notes]


CHEM = ("chem.ox.ac.uk MX 10 oxmail.ox.ac.uk.", HOSTS, PROVIDER)
SENDGRID = "sendgrid.net TXT v=spf1 ip4:192.0.2.0/24 ~all"


@pytest.mark.parametrize(
    ("record", "codes"),
    [
        ("include:_spf.ox.ac.uk -all", []),
        ("include:_spf.ox.ac.uk include:spf.protection.outlook.com -all", []),
        ("include:_spf.ox.ac.uk include:spf.adminday.example -all", ["SPF_DEPT_INCLUDE"]),
        ("redirect=spf.adminday.example", ["SPF_DEPT_INCLUDE", "NOT_STANDARD"]),
        ("include:_spf.ox.ac.uk include:more.chem.ox.ac.uk -all", ["SPF_DEPT_INCLUDE"]),
        ("include:_spf.ox.ac.uk include:hosts.chem.ox.ac.uk -all", []),
    ],
)
def test_a_provider_has_no_place_in_the_record_of_a_unit(record: str, codes: list[str]) -> None:
    """R73, D38: also behind a record of the site's own."""
    found = of_site(
        "chem.ox.ac.uk",
        f"chem.ox.ac.uk TXT v=spf1 {record}",
        *CHEM,
        "spf.protection.outlook.com TXT v=spf1 ip4:198.51.100.0/24 -all",
        "more.chem.ox.ac.uk TXT v=spf1 include:spf.adminday.example",
        "hosts.chem.ox.ac.uk TXT v=spf1 ip4:163.1.0.0/24",
    )
    assert found == codes


def test_the_finding_gives_the_three_reasons_and_leaves_the_verdict() -> None:
    """R72, R73: anybody can be forged, the provider's mistakes are ours, platforms are shared."""
    ask = answers("chem.ox.ac.uk TXT v=spf1 include:_spf.ox.ac.uk include:sendgrid.net -all", *CHEM, SENDGRID)
    report = lint_of_site("chem.ox.ac.uk", ask, SpfPolicy(), OXFORD, TODAY)
    (note,) = report.notes
    assert all(part in note.message for part in ("(1)", "(2)", "(3)", "forged", "mistakes", "SendGrid"))
    assert (report.verdict, passes(report)) == (Verdict.OK, False)


def test_a_service_domain_may_include_its_provider() -> None:
    """R65, R68, R83: that is what it is for."""
    lines = ("day.chem.ox.ac.uk TXT v=spf1 include:_spf.ox.ac.uk include:spf.adminday.example -all", *CHEM)
    assert of_site("day.chem.ox.ac.uk", *lines) == []


def test_a_unit_with_a_deeper_domain_is_known_from_the_snapshot() -> None:
    """R67."""
    site = MailSite(
        parent_domain="ox.ac.uk",
        site_include="_spf.ox.ac.uk",
        standard_mx="",
        catch_all="-all",
        unit_domains=frozenset({"day.chem.ox.ac.uk"}),
    )
    lines = ("day.chem.ox.ac.uk TXT v=spf1 include:_spf.ox.ac.uk include:spf.adminday.example -all", *CHEM)
    assert of_site("day.chem.ox.ac.uk", *lines, site=site) == ["SPF_DEPT_INCLUDE"]


def test_a_postmaster_may_permit_it_until_a_day() -> None:
    """D38, T10: with a reason, and to the end of that day."""
    permits = {"chem.ox.ac.uk": Permit(until=TODAY, reason="ticket 4711")}
    site = MailSite(
        parent_domain="ox.ac.uk", site_include="_spf.ox.ac.uk", standard_mx="", catch_all="-all", permits=permits
    )
    lines = ("chem.ox.ac.uk TXT v=spf1 include:_spf.ox.ac.uk include:spf.adminday.example -all", *CHEM)
    assert of_site("chem.ox.ac.uk", *lines, site=site) == []
    assert of_site("chem.ox.ac.uk", *lines, site=site, today=date(2025, 10, 2)) == ["SPF_DEPT_INCLUDE"]


def test_a_site_may_decide_otherwise_for_all_its_domains() -> None:
    """D38: ``saas.allow_dept_include``."""
    lines = ("chem.ox.ac.uk TXT v=spf1 include:_spf.ox.ac.uk include:spf.adminday.example -all", *CHEM)
    assert of_site("chem.ox.ac.uk", *lines, site=replace(OXFORD, dept_include_allowed=True)) == []


@pytest.mark.parametrize(
    ("lines", "codes"),
    [
        (("chem.ox.ac.uk A 192.0.2.1",), ["NO_MX"]),
        (("chem.ox.ac.uk AAAA 2001:db8::1",), ["NO_MX"]),
        (("chem.ox.ac.uk A 192.0.2.1", "chem.ox.ac.uk MX 0 ."), []),
        ((), []),
    ],
)
def test_a_mail_domain_has_an_mx_where_it_has_an_address(lines: tuple[str, ...], codes: list[str]) -> None:
    """R79."""
    record = "chem.ox.ac.uk TXT v=spf1 include:_spf.ox.ac.uk -all"
    assert of_site("chem.ox.ac.uk", record, HOSTS, *lines) == codes


@pytest.mark.parametrize(
    ("domain", "record", "codes"),
    [
        ("botolphs.cam.ac.uk", "v=spf1 include:mx.cam.ac.uk include:spf.protection.outlook.com ?all", []),
        ("botolphs.cam.ac.uk", "v=spf1 include:spf.protection.outlook.com include:mx.cam.ac.uk ?all", ["NOT_STANDARD"]),
        ("botolphs.cam.ac.uk", "v=spf1 include:mx.cam.ac.uk -all", ["NOT_STANDARD"]),
        ("alumni.botolphs.cam.ac.uk", "v=spf1 include:mx.cam.ac.uk ?all", []),
        ("free.cam.ac.uk", "v=spf1 include:mx.cam.ac.uk -all", []),
    ],
)
def test_the_standard_record_of_cambridge_is_compared_letter_by_letter(
    domain: str, record: str, codes: list[str]
) -> None:
    """R80-R83: a finding and no error; subdomains for providers and who opted out are not compared."""
    site = MailSite(
        parent_domain="cam.ac.uk",
        site_include="mx.cam.ac.uk",
        standard_mx="",
        catch_all="?all",
        exact=True,
        opt_out=frozenset({"free.cam.ac.uk"}),
    )
    lines = (
        f"{domain} TXT {record}",
        "mx.cam.ac.uk TXT v=spf1 ip4:131.111.0.0/16 ?all",
        "spf.protection.outlook.com TXT v=spf1 ip4:198.51.100.0/24 -all",
    )
    report = lint_of_site(domain, answers(*lines), SpfPolicy(), site, TODAY)
    assert [note.code for note in report.notes] == codes
    assert passes(report)


def test_the_expected_records_of_both_profiles() -> None:
    """R68, R80, T9."""
    assert OXFORD.expected_spf == "v=spf1 include:_spf.ox.ac.uk -all"
    assert CAMBRIDGE.expected_spf == "v=spf1 include:mx.cam.ac.uk include:spf.protection.outlook.com ?all"


def test_a_domain_elsewhere_is_judged_by_the_rfc_alone() -> None:
    lines = ("d.example TXT v=spf1 include:spf.adminday.example -all", "d.example A 192.0.2.1", PROVIDER)
    assert of_site("d.example", *lines) == []
    assert of_site("_spf.ox.ac.uk", HOSTS, "_spf.ox.ac.uk A 192.0.2.1") == []


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
