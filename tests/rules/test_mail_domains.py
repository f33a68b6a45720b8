"""A mail domain as a whole: MX, DKIM, DMARC, roles and what was planned (R69, R75-R79, R85-R88; rules.md 2.5)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from building import mail_records
from building.dns_answers import answers
from building.mail_records import OXFORD, TODAY
from building.signing_keys import ed25519_key, elliptic_key, rsa_key, tiny_key
from cryptography.hazmat.primitives.serialization import PublicFormat

from nexusops.model.dns import Ask, DnsRecord
from nexusops.model.dns_report import DkimKey, Dmarc, DomainFacts, DomainReport, Signing
from nexusops.model.policy import DnsPolicy, Policy, SpfPolicy
from nexusops.rules.mailauth.check import check, same, sound
from nexusops.rules.mailauth.dkim import judged
from nexusops.rules.mailauth.dmarc import policy_of
from nexusops.rules.mailauth.site import MailSite

CAMBRIDGE = replace(mail_records.CAMBRIDGE, mail_hosts=frozenset({"ppsw.cam.ac.uk"}))
AT_CAMBRIDGE = Policy(dns=DnsPolicy(apply="request", bounce_required=True), spf=SpfPolicy(catch_all="?all"))
GOOD_KEY = rsa_key()
WORLD = (
    "_spf.ox.ac.uk TXT v=spf1 ip4:129.67.0.0/16 ~all",
    "oxmail.ox.ac.uk A 129.67.1.1",
    "_dmarc.ox.ac.uk TXT v=DMARC1; p=reject; sp=none; rua=mailto:dmarc@ox.ac.uk",
    "mx.cam.ac.uk TXT v=spf1 ip4:131.111.0.0/16 ?all",
    "mx.cam.ac.uk A 131.111.8.1",
    "ppsw.cam.ac.uk A 131.111.8.2",
    "spf.protection.outlook.com TXT v=spf1 ip4:198.51.100.0/24 -all",
    "college-cam.mail.protection.outlook.com A 198.51.100.1",
    "elsewhere.example A 192.0.2.1",
)
CHEM = (
    "chem.ox.ac.uk MX 10 oxmail.ox.ac.uk.",
    "chem.ox.ac.uk TXT v=spf1 include:_spf.ox.ac.uk -all",
    f"selector1._domainkey.chem.ox.ac.uk TXT v=DKIM1; k=rsa; p={GOOD_KEY}",
)
FACTS = DomainFacts(
    domain="chem.ox.ac.uk", state="active", zone="ox", units=("CHEM",), roles=frozenset({"postmaster", "abuse"})
)


def asked(*lines: str, failing: tuple[str, ...] = ()) -> Ask:
    return answers(*lines, *WORLD, failing=failing)


def report(
    *lines: str,
    facts: DomainFacts = FACTS,
    site: MailSite = OXFORD,
    policy: Policy | None = None,
    failing: tuple[str, ...] = (),
) -> DomainReport:
    return check(facts, ("selector1",), asked(*lines, failing=failing), policy or Policy(), site, TODAY)


def codes(*lines: str, facts: DomainFacts = FACTS, failing: tuple[str, ...] = ()) -> list[str]:
    return sorted(report(*lines, facts=facts, failing=failing).codes)


def without(kind: str) -> tuple[str, ...]:
    return tuple(line for line in CHEM if f" {kind} " not in line)


def test_a_domain_that_has_all_it_should_is_sound() -> None:
    """R69, R80, R86, R87."""
    found = report(*CHEM)
    assert (found.mx, found.dkim, found.dmarc) == (
        ("10 oxmail.ox.ac.uk.",),
        (DkimKey(selector="selector1", bits=2048),),
        Dmarc(found_at="_dmarc.ox.ac.uk", policy="none", reports_to=("mailto:dmarc@ox.ac.uk",)),
    )
    assert found.codes == {"DMARC_NONE"}
    assert sound(found.codes)


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ((), "NO_MX"),
        (("chem.ox.ac.uk A 192.0.2.1",), "NO_MX"),
        (("chem.ox.ac.uk MX 0 .",), "NULL_MX"),
        (("chem.ox.ac.uk MX 0 .", "chem.ox.ac.uk MX 10 oxmail.ox.ac.uk."), "NULL_MX"),
        (("chem.ox.ac.uk MX 10 nowhere.example.",), "MX_NO_HOST"),
        (("chem.ox.ac.uk MX 10 alias.example.", "alias.example CNAME elsewhere.example."), "MX_ALIAS"),
        (("chem.ox.ac.uk MX 10 elsewhere.example.",), "NOT_STANDARD"),
    ],
)
def test_mail_goes_to_hosts_that_exist_by_mx_records_alone(lines: tuple[str, ...], code: str) -> None:
    """R69, R79: an address is no mail domain; neither a null MX nor an alias will do."""
    found = codes(*without("MX"), *lines)
    assert found.count(code) == 1, found
    assert sound(found) is (code == "NOT_STANDARD")


def test_a_domain_with_its_own_mail_has_its_own_mail_servers() -> None:
    """R55, R56: their MX and their role addresses are the unit's."""
    facts = replace(FACTS, state="own_mail", managed=False, roles=None)
    assert codes(*without("MX"), "chem.ox.ac.uk MX 10 elsewhere.example.", facts=facts) == ["DMARC_NONE"]


@pytest.mark.parametrize(
    ("host", "found"),
    [
        ("mx.cam.ac.uk.", set()),
        ("ppsw.cam.ac.uk.", set()),
        ("college-cam.mail.protection.outlook.com.", set()),
        ("elsewhere.example.", {"UNREGISTERED_MAIL_HOST"}),
    ],
)
def test_at_cambridge_only_recognised_servers_take_mail(host: str, found: set[str]) -> None:
    """R75, R76, R81: the central relay, Exchange Online, and servers that the configuration names."""
    facts = replace(FACTS, domain="college.cam.ac.uk")
    lines = (
        "college.cam.ac.uk TXT v=spf1 include:mx.cam.ac.uk include:spf.protection.outlook.com ?all",
        f"college.cam.ac.uk MX 10 {host}",
    )
    here = report(*lines, facts=facts, site=CAMBRIDGE, policy=AT_CAMBRIDGE)
    assert here.codes - {"NO_DKIM", "NO_DMARC"} == found


@pytest.mark.parametrize(
    ("terms", "found"),
    [
        ("", set()),
        ("ip4:192.0.2.1 ", {"UNREGISTERED_MAIL_HOST", "NOT_STANDARD"}),
        ("a:elsewhere.example ", {"UNREGISTERED_MAIL_HOST", "NOT_STANDARD"}),
        ("-ip4:192.0.2.1 ", {"NOT_STANDARD"}),
    ],
)
def test_at_cambridge_only_recognised_servers_send_mail(terms: str, found: set[str]) -> None:
    """R77."""
    facts = replace(FACTS, domain="college.cam.ac.uk")
    record = f"v=spf1 {terms}include:mx.cam.ac.uk include:spf.protection.outlook.com ?all"
    lines = (f"college.cam.ac.uk TXT {record}", "college.cam.ac.uk MX 10 mx.cam.ac.uk.")
    here = report(*lines, facts=facts, site=CAMBRIDGE, policy=AT_CAMBRIDGE)
    assert here.codes - {"NO_DKIM", "NO_DMARC"} == found


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ((), {"NO_BOUNCE_MX"}),
        (("alumni.college.cam.ac.uk MX 0 .",), {"NO_BOUNCE_MX"}),
        (("alumni.college.cam.ac.uk MX 10 elsewhere.example.",), set()),
    ],
)
def test_at_cambridge_a_service_domain_catches_its_bounces(lines: tuple[str, ...], found: set[str]) -> None:
    """R85, T5."""
    facts = DomainFacts(domain="alumni.college.cam.ac.uk", state="published", zone="service")
    record = "alumni.college.cam.ac.uk TXT v=spf1 ip4:192.0.2.0/24 -all"
    here = report(record, *lines, facts=facts, site=CAMBRIDGE, policy=AT_CAMBRIDGE)
    assert here.codes - {"NO_DKIM", "NO_DMARC"} == found


@pytest.mark.parametrize(("site", "told"), [(CAMBRIDGE, True), (OXFORD, False)])
def test_at_cambridge_a_provider_has_a_domain_to_itself(site: MailSite, told: bool) -> None:
    """R83."""
    facts = replace(FACTS, domain=f"alumni.college.{site.parent_domain}", units=(), zone="service")
    includes = f"include:{site.site_include} include:one.example include:two.example"
    lines = (f"{facts.domain} TXT v=spf1 {includes} ?all", f"{facts.domain} MX 10 bounces.one.example.")
    assert ("SEVERAL_PROVIDERS" in report(*lines, facts=facts, site=site, policy=AT_CAMBRIDGE).codes) is told


def test_at_oxford_a_service_domain_may_do_without() -> None:
    """R69, T5: not strictly needed."""
    facts = DomainFacts(domain="day.chem.ox.ac.uk", state="published", zone="service")
    assert codes("day.chem.ox.ac.uk TXT v=spf1 include:_spf.ox.ac.uk -all", facts=facts) == ["DMARC_NONE", "NO_DKIM"]


@pytest.mark.parametrize(
    ("mx", "found"),
    [((), []), (("chem.ox.ac.uk MX 0 .",), []), (("chem.ox.ac.uk MX 10 oxmail.ox.ac.uk.",), ["MX_LEFT"])],
)
def test_a_domain_that_has_wound_down_needs_no_mx(mx: tuple[str, ...], found: list[str]) -> None:
    """rules.md 2.5: failing, mail is refused; the postmaster removes its MX, which was said to be a null one."""
    facts = DomainFacts(domain="chem.ox.ac.uk", state="failing", zone="ox", units=("CHEM",))
    assert [code for code in codes(*without("MX"), *mx, facts=facts) if "MX" in code] == found


def test_a_domain_that_most_of_the_internet_may_send_as_needs_attention() -> None:
    """R73: a warning to ``spf lint``, which judges the record; here it is the domain that is judged."""
    found = codes(*without("TXT"), "chem.ox.ac.uk TXT v=spf1 include:_spf.ox.ac.uk ip4:0.0.0.0/0 -all")
    assert "WIDE_RANGE" in found
    assert not sound(found)


@pytest.mark.parametrize(
    ("state", "roles", "found"),
    [
        ("active", {"postmaster"}, ["NO_ABUSE"]),
        ("agreed", set(), ["NO_ABUSE", "NO_POSTMASTER"]),
        ("winddown", set(), []),
    ],
)
def test_every_mail_domain_has_a_postmaster_and_an_abuse_desk(state: str, roles: set[str], found: list[str]) -> None:
    """rules.md 2.5: an agreed domain becomes active once both exist."""
    facts = replace(FACTS, state=state, roles=frozenset(roles))
    here = report(*CHEM, facts=facts)
    assert sorted(here.codes - {"DMARC_NONE"}) == found
    assert ("cannot become active" in "".join(note.message for note in here.notes)) is (state == "agreed")


@pytest.mark.parametrize(
    ("text", "key", "code"),
    [
        (f"v=DKIM1; k=rsa; p={GOOD_KEY}", DkimKey(selector="s", bits=2048), None),
        (f"p={GOOD_KEY[:40]} {GOOD_KEY[40:]};", DkimKey(selector="s", bits=2048), None),
        ("v=DKIM1; p=", DkimKey(selector="s", revoked=True), "DKIM_REVOKED"),
        (f"v=DKIM1; t=y:s; p={GOOD_KEY}", DkimKey(selector="s", bits=2048, testing=True), "DKIM_TESTING"),
        (
            f"v=DKIM1; k=ed25519; p={ed25519_key()}",
            DkimKey(selector="s", algorithm="ed25519", bits=256),
            None,
        ),
        (f"k=rsa; v=DKIM1; p={GOOD_KEY}", None, "DKIM_SYNTAX"),
        (f"v=DKIM2; p={GOOD_KEY}", None, "DKIM_SYNTAX"),
        ("v=DKIM1; k=rsa", None, "DKIM_SYNTAX"),
        ("v=DKIM1; k=dsa; p=AAAA", None, "DKIM_SYNTAX"),
        ("v=DKIM1; h=sha1; p=AAAA", None, "DKIM_SYNTAX"),
        (f"v=DKIM1; s=other : email; p={GOOD_KEY}", DkimKey(selector="s", bits=2048), None),
        (f"v=DKIM1; s=other; p={GOOD_KEY}", None, "DKIM_SYNTAX"),
        ("v=DKIM1; p=not base64!", None, "DKIM_SYNTAX"),
        (f"v=DKIM1; p={GOOD_KEY[:-40]}", None, "DKIM_SYNTAX"),
        ("v=DKIM1; p=AAAA; p=AAAA", None, "DKIM_SYNTAX"),
        ("v=DKIM1; k=ed25519; p=AAAA", None, "DKIM_SYNTAX"),
        ("hello", None, "DKIM_SYNTAX"),
        (
            f"v=DKIM1; h=sha1 : sha256; t=s : y; p={GOOD_KEY}; ",
            DkimKey(selector="s", bits=2048, testing=True),
            "DKIM_TESTING",
        ),
        (f"v=DKIM1; p={GOOD_KEY}AAAA", None, "DKIM_SYNTAX"),
        (f"v=DKIM1; p={elliptic_key()}", None, "DKIM_SYNTAX"),
    ],
)
def test_a_dkim_key_is_read_and_measured(text: str, key: DkimKey | None, code: str | None) -> None:
    """R86: RFC 6376 section 3.6.1."""
    found, notes = judged("s", text, "chem.ox.ac.uk")
    assert (found, [note.code for note in notes]) == (key, [code] if code else [])


@pytest.mark.parametrize(("bits", "code"), [(1024, "DKIM_SHORT_KEY"), (1536, "DKIM_SHORT_KEY")])
def test_a_short_key_is_told(bits: int, code: str) -> None:
    """R86: RFC 8301 section 3.2; also of a bare RSAPublicKey."""
    for form in (PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1):
        key, notes = judged("s", f"p={rsa_key(bits, form)}", "chem.ox.ac.uk")
        assert (key and key.bits, [note.code for note in notes]) == (bits, [code])


def test_a_weak_key_is_worse() -> None:
    """R86: receivers ignore keys under 1024 bits."""
    _, notes = judged("s", f"p={tiny_key()}", "chem.ox.ac.uk")
    assert [note.code for note in notes] == ["DKIM_WEAK_KEY"]


ALIASES = (DnsRecord(type="CNAME", name="selector1._domainkey.chem.ox.ac.uk", value="s1.example.onmicrosoft.com."),)


@pytest.mark.parametrize(
    ("signing", "lines", "code"),
    [
        (None, CHEM, None),
        (Signing(configured=False, enabled=False), CHEM, "DKIM_OFF"),
        (Signing(configured=True, enabled=False, records=ALIASES), CHEM, "DKIM_OFF"),
        (Signing(configured=True, enabled=True, records=ALIASES), CHEM, "DNS_DIFFERS"),
        (
            Signing(configured=True, enabled=True, records=ALIASES),
            (*CHEM, "selector1._domainkey.chem.ox.ac.uk CNAME S1.example.onmicrosoft.com."),
            None,
        ),
    ],
)
def test_exchange_signs_for_the_domain_and_its_aliases_are_there(
    signing: Signing | None, lines: tuple[str, ...], code: str | None
) -> None:
    """R87: the key of the Exchange Online tenancy."""
    here = report(*lines, facts=replace(FACTS, signing=signing))
    assert here.codes - {"DMARC_NONE"} == ({code} if code else set())


def test_the_keys_that_were_planned_are_looked_at_too() -> None:
    """R86: whatever their selectors are called."""
    key = DnsRecord(type="TXT", name="k1._domainkey.chem.ox.ac.uk", value=f"v=DKIM1; p={GOOD_KEY}")
    found = report(*CHEM, f"k1._domainkey.chem.ox.ac.uk TXT {key.value}", facts=replace(FACTS, planned=(key,)))
    assert [one.selector for one in found.dkim] == ["selector1", "k1"]


def test_two_records_of_one_selector_are_no_key() -> None:
    extra = "selector1._domainkey.chem.ox.ac.uk TXT v=DKIM1; p="
    assert "DKIM_SYNTAX" in codes(*CHEM, extra)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("v=DMARC1; p=reject; rua=mailto:a@chem.ox.ac.uk", None),
        ("v=DMARC1; p=reject; rua=mailto:a@chem.ox.ac.uk!10m,mailto:b@x.example; adkim=s; aspf=r; pct=50;", None),
        ("v=DMARC1; p=reject; rua=mailto:a@chem.ox.ac.uk; ", None),
        ("v = DMARC1 ; p = none ; rua=mailto:a@chem.ox.ac.uk", "DMARC_NONE"),
        ("v=DMARC1; p=quarantine", "DMARC_NO_REPORTS"),
        ("v=DMARC1", "DMARC_SYNTAX"),
        ("v=DMARC1; p=maybe", "DMARC_SYNTAX"),
        ("v=DMARC1; p=none; sp=x", "DMARC_SYNTAX"),
        ("v=DMARC1; p=none; pct=101", "DMARC_SYNTAX"),
        ("v=DMARC1; p=none; aspf=strict", "DMARC_SYNTAX"),
        ("v=DMARC1; p=none; rua=mailto:nobody", "DMARC_SYNTAX"),
        ("v=DMARC1; p=reject; rua=a@chem.ox.ac.uk", "DMARC_SYNTAX"),
        ("v=DMARC1; p=reject; rua=mailto:a@chem.ox.ac.uk; ruf=a@chem.ox.ac.uk", "DMARC_SYNTAX"),
        ("v=DMARC1; p=reject; rua=mailto:a@chem.ox.ac.uk; ruf=mailto:a@chem.ox.ac.uk", None),
        ("v=DMARC1; p=reject; rua=https://reports.example/chem", None),
        ("v=DMARC1; p=none; p=none", "DMARC_SYNTAX"),
        ("p=none; v=DMARC1", "DMARC_SYNTAX"),
    ],
)
def test_a_dmarc_policy_is_read(text: str, code: str | None) -> None:
    """R86: RFC 7489 section 6.3."""
    _, notes = policy_of("chem.ox.ac.uk", "ox.ac.uk", asked(f"_dmarc.chem.ox.ac.uk TXT {text}"))
    assert [note.code for note in notes] == ([code] if code else [])


def test_where_a_domain_has_no_policy_the_universitys_holds() -> None:
    """R86: with what it says of subdomains."""
    inherited, _ = policy_of("chem.ox.ac.uk", "ox.ac.uk", asked())
    own, _ = policy_of("ox.ac.uk", "ox.ac.uk", asked())
    assert (inherited and inherited.policy, own and own.policy) == ("none", "reject")
    nothing, notes = policy_of("d.example", "ox.ac.uk", asked())
    assert (nothing, [note.code for note in notes]) == (None, ["NO_DMARC"])


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ((), None),
        (("_dmarc.trust.org.uk TXT v=DMARC1; p=reject; sp=quarantine",), ("_dmarc.trust.org.uk", "quarantine")),
        (("_dmarc.a.trust.org.uk TXT v=DMARC1; p=none", "_dmarc.trust.org.uk TXT v=DMARC1; p=reject"), "reject"),
        (("_dmarc.org.uk TXT v=DMARC1; p=reject; psd=y",), None),
        (("_dmarc.org.uk TXT v=DMARC1; p=reject; psd=y", "_dmarc.trust.org.uk TXT v=DMARC1; p=none"), "none"),
        (("_dmarc.news.a.trust.org.uk TXT v=DMARC1; p=none", "_dmarc.trust.org.uk TXT v=DMARC1; p=reject"), "none"),
    ],
)
def test_a_domain_elsewhere_has_the_policy_of_its_own_organisation(
    lines: tuple[str, ...], found: tuple[str, str] | str | None
) -> None:
    """R51, R86: a foreign domain that has none; a public suffix is nobody's organisation (RFC 7489, 3.2 and 6.6.3)."""
    dmarc, notes = policy_of("news.a.trust.org.uk", "ox.ac.uk", answers(*lines))
    if found is None:
        assert (dmarc, [note.code for note in notes]) == (None, ["NO_DMARC"])
    else:
        assert dmarc is not None
        assert found in ((dmarc.found_at, dmarc.policy), dmarc.policy)


def test_two_policies_are_none() -> None:
    lines = ("_dmarc.chem.ox.ac.uk TXT v=DMARC1; p=none", "_dmarc.chem.ox.ac.uk TXT v=DMARC1; p=reject")
    assert "DMARC_MULTIPLE" in codes(*CHEM, *lines)


def test_a_policy_that_nothing_can_meet_is_told() -> None:
    """R86: reject, without a key, and with an SPF record that lets nobody pass."""
    lines = (
        "chem.ox.ac.uk MX 10 oxmail.ox.ac.uk.",
        "chem.ox.ac.uk TXT v=spf1 -all",
        "_dmarc.chem.ox.ac.uk TXT v=DMARC1; p=reject; rua=mailto:a@chem.ox.ac.uk",
    )
    assert "DMARC_UNMET" in codes(*lines)
    assert "DMARC_UNMET" not in codes(*lines, CHEM[2])
    assert "DMARC_UNMET" not in codes(*lines, failing=("selector1._domainkey.chem.ox.ac.uk",))


@pytest.mark.parametrize(
    "terms", ["exists:%{i}._spf.chem.ox.ac.uk", "include:%{i}.hosted.example", "ptr:ox.ac.uk", "exists:oxmail.ox.ac.uk"]
)
def test_a_policy_that_only_a_message_can_meet_is_met(terms: str) -> None:
    """R86, RFC 7208 section 7: a record whose macros decide lets mail pass, although it names no address."""
    lines = ("chem.ox.ac.uk MX 10 oxmail.ox.ac.uk.", "_dmarc.chem.ox.ac.uk TXT v=DMARC1; p=reject")
    assert "DMARC_UNMET" not in codes(*lines, f"chem.ox.ac.uk TXT v=spf1 {terms} -all")
    assert "DMARC_UNMET" in codes(*lines, f"chem.ox.ac.uk TXT v=spf1 -{terms} -all")


@pytest.mark.parametrize("state", ["incoming_only", "closed", "failing", "deregistered"])
def test_a_domain_from_which_nobody_sends_may_have_everything_rejected(state: str) -> None:
    """R51, 2.5: `-all` and p=reject are what such a domain should have."""
    lines = ("chem.ox.ac.uk TXT v=spf1 -all", "_dmarc.chem.ox.ac.uk TXT v=DMARC1; p=reject; rua=mailto:a@ox.ac.uk")
    assert "DMARC_UNMET" not in codes(*lines, facts=replace(FACTS, state=state))
    assert "DMARC_UNMET" in codes(*lines)


def test_what_was_planned_is_compared_with_what_is_there() -> None:
    """R68, R88: a DNS answer that no longer equals the plan."""
    spf = DnsRecord(type="TXT", name="chem.ox.ac.uk.", value="v=spf1 include:_spf.ox.ac.uk -all")
    mx = DnsRecord(type="MX", name="chem.ox.ac.uk", value="10 OXMAIL.ox.ac.uk")
    key = DnsRecord(type="TXT", name="s9._domainkey.chem.ox.ac.uk", value="v=DKIM1; p=AAAA")
    assert "DNS_DIFFERS" not in codes(*CHEM, facts=replace(FACTS, planned=(spf, mx)))
    differing = report(*CHEM, facts=replace(FACTS, planned=(spf, mx, key)))
    assert [note.message for note in differing.notes if note.code == "DNS_DIFFERS"] == [
        "s9._domainkey.chem.ox.ac.uk TXT should be v=DKIM1; p=AAAA, and is nothing"
    ]


@pytest.mark.parametrize(
    "name",
    ["chem.ox.ac.uk", "selector1._domainkey.chem.ox.ac.uk", "_dmarc.chem.ox.ac.uk", "_spf.ox.ac.uk", "oxmail.ox.ac.uk"],
)
def test_no_answer_is_told_as_such_and_nothing_is_said_to_be_missing(name: str) -> None:
    """A failed read is never an empty answer."""
    found = codes(*CHEM, failing=(name,))
    assert "DNS_UNKNOWN" in found
    assert not {"NO_SPF", "NO_MX", "NO_DKIM", "NO_DMARC", "MX_NO_HOST", "INCLUDE_NO_SPF"} & set(found)


def test_values_are_compared_as_the_dns_does() -> None:
    assert same("MX", "10 OxMail.ox.ac.uk", "10  oxmail.ox.ac.uk.")
    assert not same("TXT", "v=spf1 -all", "v=spf1  -all")
