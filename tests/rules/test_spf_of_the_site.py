"""What the site expects of its own domains beside the RFC (R68, R73, R79, R80; D38)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from building.dns_answers import answers
from building.mail_records import CAMBRIDGE, HOSTS, OXFORD, PROVIDER, TODAY

from nexusops.model.dns_spf import Verdict
from nexusops.model.policy import SpfPolicy
from nexusops.rules.mailauth.site import MailSite, Permit, lint_of_site, passes


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
        ("include:_spf.ox.ac.uk include:%{i}._spf.ox.ac.uk -all", []),
        ("include:_spf.ox.ac.uk include:%{i}.%{d}.adminday.example -all", ["SPF_DEPT_INCLUDE"]),
        ("include:_spf.ox.ac.uk include:ox.ac.uk.%{h} -all", ["SPF_DEPT_INCLUDE"]),
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


def test_a_product_has_a_domain_right_beneath_a_site_that_has_one_only() -> None:
    """D39: where the site's own domain is a unit's, that of a request is no unit's all the same."""
    lines = ("day.ox.ac.uk TXT v=spf1 include:_spf.ox.ac.uk include:spf.adminday.example -all", HOSTS, PROVIDER)
    own = replace(OXFORD, unit_domains=frozenset({"ox.ac.uk"}))
    assert of_site("day.ox.ac.uk", *lines, site=replace(own, service_domains=frozenset({"day.ox.ac.uk"}))) == []
    assert of_site("day.ox.ac.uk", *lines, site=own) == ["SPF_DEPT_INCLUDE"]


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
        ("cam.ac.uk", "v=spf1 include:mx.cam.ac.uk include:spf.protection.outlook.com ?all", []),
        ("cam.ac.uk", "v=spf1 include:mx.cam.ac.uk include:spf.protection.outlook.com -all", ["NOT_STANDARD"]),
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


def test_a_site_whose_hosts_are_exchange_onlines_includes_them_once() -> None:
    """R80, at a university without mail relays of its own."""
    site = replace(CAMBRIDGE, site_include="spf.protection.outlook.com")
    assert site.expected_spf == "v=spf1 include:spf.protection.outlook.com ?all"


def test_a_domain_elsewhere_is_judged_by_the_rfc_alone() -> None:
    lines = ("d.example TXT v=spf1 include:spf.adminday.example -all", "d.example A 192.0.2.1", PROVIDER)
    assert of_site("d.example", *lines) == []
    assert of_site("_spf.ox.ac.uk", HOSTS, "_spf.ox.ac.uk A 192.0.2.1") == []
