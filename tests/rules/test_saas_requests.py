"""Which way a product should send (R61-R74, R83-R85; D37-D39): the decision, as a table and as sentences."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from building.saas import ADMIN_DAY
from building.signing_keys import ed25519_key, elliptic_key, rsa_key, tiny_key

from nexusops.model.ids import Domain, PersonId, UnitId
from nexusops.model.policy import DnsPolicy, Policy, SaasPolicy, SpfPolicy
from nexusops.model.services import Advice
from nexusops.rules.services.ways import Facts, advise, service_domain, slug

TODAY = date(2025, 10, 1)
OXFORD = Policy()
CAMBRIDGE = Policy(dns=DnsPolicy(apply="request", bounce_required=True))
FOOD = Domain("foodtech.ox.ac.uk")
FACTS = Facts(unit_domain=FOOD, usable=True, requester_in_scope=True, owner_may=True)
REQUEST = replace(
    ADMIN_DAY,
    unit_id=UnitId("FOOD"),
    requester="food0007",
    supports_exo=False,
    supports_ms_smtp=False,
    from_local="hello",
    owner_person_id=PersonId("1000042"),
    spf_approver="food0007",
    provider_include="spf.adminday.example",
    daily_volume=200,
)


def ask(policy: Policy = OXFORD, facts: Facts = FACTS, today: date = TODAY, **columns: Any) -> Advice:
    return advise(replace(REQUEST, **columns), facts, policy, today)


def short(advice: Advice) -> tuple[str, str | None, str, tuple[str, ...]]:
    return advice.path, advice.connection, advice.ruling, advice.codes


EXO, SMTP, BOTH = {"supports_exo": True}, {"supports_ms_smtp": True}, {"supports_exo": True, "supports_ms_smtp": True}
RECEIVES = {"direction": "send_receive"}
UNKNOWN = ("DNS_UNKNOWN",)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"oxford_domain_needed": False}, ("none", None, "approved", ())),
        ({"oxford_domain_needed": False, **BOTH, "auth": "basic"}, ("none", None, "approved", ())),
        ({**EXO}, ("mailbox", "exo", "approved", ())),
        ({**EXO, **RECEIVES}, ("mailbox", "exo", "approved", ())),
        ({**BOTH}, ("mailbox", "exo", "approved", ())),
        ({**SMTP}, ("mailbox", "ms_smtp", "approved", ())),
        ({}, ("service_domain", None, "approved", UNKNOWN)),
        ({"mode_wanted": "service_domain"}, ("service_domain", None, "approved", UNKNOWN)),
        ({**EXO, "mode_wanted": "mailbox"}, ("mailbox", "exo", "approved", ())),
    ],
)
def test_the_ways_are_tried_in_their_order(columns: dict[str, Any], expected: object) -> None:
    """D37, R61, R63, R65, R71: none needed, Exchange Online, Microsoft SMTP for sending only, a service domain."""
    assert short(ask(**columns)) == expected


@pytest.mark.parametrize("supports", [EXO, SMTP, BOTH])
def test_basic_authentication_alone_is_refused(supports: dict[str, Any]) -> None:
    """R64: since 31 January 2023; whoever connects to no mailbox does not sign in at all."""
    refused = ask(**supports, auth="basic")
    assert (refused.ruling, refused.codes) == ("refused", ("BASIC_AUTH",))
    assert "OAuth 2" in refused.next
    assert ask(**supports, auth="basic", today=date(2023, 1, 30)).ruling == "approved"
    assert ask(**supports, auth="basic", today=date(2023, 1, 31)).ruling == "refused"
    assert ask(auth="basic").ruling == "approved"


def test_who_must_receive_and_has_smtp_only_fits_nowhere() -> None:
    """R63: Microsoft SMTP cannot receive, and a service domain cannot help either, which is said."""
    advice = ask(**SMTP, **RECEIVES)
    assert short(advice) == ("refer", None, "refused", ("SMTP_SEND_ONLY",))
    assert "service domain would not help" in advice.reasons[0]


def test_a_service_domain_that_needs_replies_is_told_where_they_go() -> None:
    """R65, T14: it is send-only; replies go to a Reply-To in a real mailbox."""
    advice = ask(**RECEIVES)
    assert short(advice) == ("service_domain", None, "approved", UNKNOWN)
    assert any("Reply-To" in reason for reason in advice.reasons)
    assert not any("Reply-To" in reason for reason in ask().reasons)


@pytest.mark.parametrize("columns", [{}, EXO, SMTP, {"oxford_domain_needed": False}])
def test_a_department_record_never_includes_a_provider(columns: dict[str, Any]) -> None:
    """R73, D38: refused with the three reasons in their order, and the safe way instead."""
    advice = ask(**columns, mode_wanted="dept_include")
    assert (advice.ruling, advice.codes) == ("refused", ("SPF_DEPT_INCLUDE",))
    anybody, fault, shared = advice.reasons
    assert "as anybody at foodtech.ox.ac.uk" in anybody
    assert "look-ups" in fault
    assert "SendGrid" in shared
    assert "mode_wanted" in advice.next


def test_a_postmaster_may_allow_it_and_then_it_is_theirs_to_do() -> None:
    """D38: with saas.allow_dept_include the request goes to people; no plan ever makes it."""
    advice = ask(Policy(saas=SaasPolicy(allow_dept_include=True)), mode_wanted="dept_include")
    assert short(advice) == ("refer", None, "referred", ("SPF_DEPT_INCLUDE",))


def test_only_the_units_own_it_staff_may_ask() -> None:
    """R62: also where nothing has to be set up."""
    outsider = replace(FACTS, requester_in_scope=False)
    for columns in ({}, EXO, {"oxford_domain_needed": False}):
        advice = ask(facts=outsider, **columns)
        assert (advice.ruling, advice.codes) == ("refused", ("NOT_UNIT_IT",))
    assert ask(facts=outsider, **EXO, auth="basic").codes == ("NOT_UNIT_IT", "BASIC_AUTH")
    assert "food0007 is not registered as IT support staff of FOOD" in ask(facts=outsider, **EXO).reasons[0]
    nowhere = ask(facts=replace(outsider, unit_known=False, unit_domain=None, usable=False), **EXO)
    assert nowhere.reasons[0].startswith("There is no unit FOOD in the registration data")


def test_somebody_must_vouch_for_spf_before_anything_of_it_is_asked() -> None:
    """R66: the approver is named; only then is a missing include of the provider (R68) worth a question."""
    advice = ask(spf_approver=" ", provider_include="")
    assert short(advice) == ("service_domain", None, "needs_info", ("SPF_APPROVER",))
    assert ask(provider_include="").codes == ("SAAS_FIELD",)
    assert ask(**EXO, spf_approver="").ruling == "approved"


@pytest.mark.parametrize(
    ("dkim", "ruling", "codes"),
    [
        ("s1.dkim.adminday.example", "approved", UNKNOWN),
        (f"v=DKIM1; k=rsa; p={rsa_key()}", "approved", UNKNOWN),
        (f"k=ed25519; p={ed25519_key()};", "approved", UNKNOWN),
        (f"v=DKIM1; p={rsa_key(1024)}", "approved", ("DKIM_SHORT_KEY", *UNKNOWN)),
        (f"v=DKIM1; t=y; p={rsa_key()}", "approved", ("DKIM_TESTING", *UNKNOWN)),
        (f"v=DKIM1; p={tiny_key()}", "needs_info", ("DKIM_WEAK_KEY",)),
        ("v=DKIM1; p=", "needs_info", ("DKIM_REVOKED",)),
        ("v=DKIM1; p=MIIBIjANBgkqh", "needs_info", ("DKIM_SYNTAX",)),
        (f'"v=DKIM1; p={rsa_key()}"', "needs_info", ("DKIM_SYNTAX",)),
        (f"v=DKIM1; p={elliptic_key()}", "needs_info", ("DKIM_SYNTAX",)),
        (f"v=DKIM1; k=ed25519; p={rsa_key()}", "needs_info", ("DKIM_SYNTAX",)),
    ],
)
def test_a_dkim_key_is_judged_before_it_is_published(dkim: str, ruling: str, codes: tuple[str, ...]) -> None:
    """R86: what receivers would ignore is asked for again, of what is merely weak it is told."""
    advice = ask(dkim=(f"s1 {dkim}",))
    assert short(advice) == ("service_domain", None, ruling, codes)
    assert ask(**EXO, dkim=(f"s1 {dkim}",)).codes == ()


def test_the_other_records_of_the_request_are_judged_too() -> None:
    """R86: a policy, and a name that the DNS can hold."""
    assert ask(dmarc="v=DMARC1; p=none").codes == UNKNOWN
    assert ask(dmarc="v=DMARC1; p=none; pct=many").codes == ("DMARC_SYNTAX",)
    long = ".".join(["a" * 63] * 4)
    assert ask(dkim=(f"{long} s1.dkim.adminday.example",)).codes == ("DKIM_SYNTAX",)
    assert ask(dkim=("s1 v=DKIM1; p=A",), dmarc="v=DMARC1; p=none; p=none").codes == ("DKIM_SYNTAX", "DMARC_SYNTAX")


def test_cambridge_wants_a_server_that_takes_the_bounces() -> None:
    """R83, R85, T5: refused without one; Oxford only says that bounces are lost (R69)."""
    refused = ask(CAMBRIDGE)
    assert short(refused) == ("service_domain", None, "refused", ("NO_BOUNCE_MX",))
    assert ask(CAMBRIDGE, spf_approver="").codes == ("NO_BOUNCE_MX",)
    assert ask(CAMBRIDGE, bounce_mx="mx.adminday.example").ruling == "approved"
    assert any("bounces are lost" in reason for reason in ask().reasons)


def test_the_advice_says_of_other_servers_what_the_record_will_say() -> None:
    """T9, R68, R80: Oxford's record refuses them, Cambridge's is neutral."""
    neutral = replace(CAMBRIDGE, spf=SpfPolicy(catch_all="?all"))
    assert "only Admin Day Ltd and the University may send" in ask().reasons[0]
    reasons = ask(neutral, bounce_mx="mx.adminday.example").reasons
    assert reasons[0].endswith(
        "which permits Admin Day Ltd and the University to send; of other servers its SPF record says nothing."
    )
    assert [reason for reason in reasons if "only Admin Day Ltd" in reason] == []
    assert ask(CAMBRIDGE, **EXO).path == "mailbox"


def test_the_service_domain_is_made_of_the_service_and_the_unit() -> None:
    """R67, R70, D39: and what it sends from stands in it."""
    advice = ask(service_name="Admin  Day (UK)!", from_local="Hello")
    assert (advice.domain, advice.address) == (
        "admin-day-uk.foodtech.ox.ac.uk",
        "hello@admin-day-uk.foodtech.ox.ac.uk",
    )
    assert ask(from_local="").address == "admin-day@admin-day.foodtech.ox.ac.uk"
    assert slug("x" * 70) == "x" * 63
    assert slug("a" * 62 + "--b") == "a" * 62
    assert ask(service_name="???").codes == ("SAAS_FIELD",)
    assert ask(facts=replace(FACTS, unit_domain=Domain("a." * 120 + "ox.ac.uk"))).codes == ("SAAS_FIELD",)


def test_a_name_that_is_taken_asks_for_another() -> None:
    """D39, rules.md 3.10: the address of a mailbox, or the service domain."""
    assert ask(**EXO, facts=replace(FACTS, taken=frozenset({"hello@foodtech.ox.ac.uk"}))).codes == ("ADDRESS_TAKEN",)
    kept = ask(**EXO, facts=replace(FACTS, kept=frozenset({"hello@foodtech.ox.ac.uk"})))
    assert (kept.ruling, kept.codes) == ("needs_info", ("ADDRESS_TAKEN",))
    assert "until it is purged" in kept.reasons[0]
    domain = service_domain(REQUEST, FOOD)
    advice = ask(facts=replace(FACTS, taken=frozenset({domain})))
    assert (advice.ruling, advice.codes) == ("needs_info", ("DOMAIN_TAKEN",))
    assert str(domain) in advice.reasons[0]


def test_a_sender_outside_the_service_domain_would_fail_its_own_check() -> None:
    """R70: the From domain is the service domain, never the department's; a mailbox's is its unit's."""
    assert ask(from_local="hello@foodtech.ox.ac.uk").codes == ("FROM_NOT_SERVICE_DOMAIN",)
    assert ask(from_local="Hello@admin-day.foodtech.ox.ac.uk").address == "hello@admin-day.foodtech.ox.ac.uk"
    assert ask(**EXO, from_local="hello@chem.ox.ac.uk").codes == ("NOT_UNIT_DOMAIN",)
    assert ask(**EXO, from_local="hello@foodtech.ox.ac.uk").ruling == "approved"
    assert ask(**EXO, from_local="Hello@FoodTech.ox.ac.uk.").ruling == "approved"


def test_a_mailbox_has_an_owner_who_may_own_it() -> None:
    """D31, rules.md 2.4: one who may not is refused, a missing one is asked for; a service domain needs none."""
    stranger = replace(FACTS, owner_may=False)
    assert short(ask(**EXO, facts=stranger)) == ("mailbox", "exo", "refused", ("OWNER_INELIGIBLE",))
    missing = ask(**EXO, facts=stranger, owner_person_id=None)
    assert (missing.ruling, missing.codes) == ("needs_info", ("OWNER_INELIGIBLE",))
    assert ask(facts=stranger).ruling == "approved"


@pytest.mark.parametrize("domain", [None, FOOD])
def test_what_fits_nowhere_goes_to_it_support(domain: Domain | None) -> None:
    """R74, D39: a unit without an active, managed domain has no address to give."""
    advice = ask(facts=replace(FACTS, unit_domain=domain, usable=False), **EXO)
    assert short(advice) == ("refer", None, "referred", ("NOT_UNIT_DOMAIN",))
    assert advice.address is None
    assert "IT support" in advice.next


@pytest.mark.parametrize(
    ("volume", "mailbox", "domain"),
    [
        (4_999, (), ()),
        (5_000, ("BULK_SENDER",), ("BULK_SENDER",)),
        (10_000, ("BULK_SENDER",), ("BULK_SENDER",)),
        (10_001, ("BULK_SENDER", "MAILBOX_VOLUME"), ("BULK_SENDER",)),
    ],
)
def test_limits_are_said_before_they_bite(volume: int, mailbox: tuple[str, ...], domain: tuple[str, ...]) -> None:
    """rules.md 6b: bulk senders from 5 000 a day; a mailbox writes to no more than 10 000."""
    assert short(ask(**EXO, daily_volume=volume)) == ("mailbox", "exo", "approved", mailbox)
    assert ask(daily_volume=volume).codes == (*domain, "DNS_UNKNOWN")
    assert ask(oxford_domain_needed=False, daily_volume=volume).codes == ()


@pytest.mark.parametrize(
    ("columns", "path"),
    [({**EXO, "mode_wanted": "service_domain"}, "mailbox"), ({"mode_wanted": "mailbox"}, "service_domain")],
)
def test_a_wish_for_another_way_does_not_change_the_order(columns: dict[str, Any], path: str) -> None:
    """D37, R65: a service domain is for those who can connect to no mailbox; the answer says so."""
    advice = ask(**columns)
    assert (advice.path, advice.ruling) == (path, "approved")
    assert any(reason.startswith("You asked for") for reason in advice.reasons)


def test_every_plan_for_a_domain_warns_of_doing_it_badly() -> None:
    """R72."""
    assert any("harms the delivery" in reason for reason in ask().reasons)
