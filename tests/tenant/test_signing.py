"""Which domains Exchange signs for, and how it begins and ends to: the real client on the embedded tenant (R87;
tenant-api.md 4.16).
"""

from __future__ import annotations

from typing import Any

import pytest
from building.embedded import Room

from nexusops.errors import TenantUnreadable
from nexusops.model.changes import PublishRecords, RetireRecords, Why
from nexusops.model.dns import DnsRecord, SigningStep
from nexusops.model.dns_report import Signing
from nexusops.model.ids import Domain
from nexusops.model.tenant import Wanted
from nexusops.tenant.faults import FaultClass, TenantFault
from nexusops.tenant.signing import awaits_aliases

CHEM, LAW = Domain("chem.ox.ac.uk"), Domain("law.ox.ac.uk")
NOWHERE = Domain("shop.example.org")
WHY = Why(subject="bulkday", rule="R67", because="a test")
ALIASES = tuple(
    DnsRecord(
        type="CNAME",
        name=f"selector{n}._domainkey.{CHEM}",
        value=f"selector{n}-chem-ox-ac-uk._domainkey.nexusops.onmicrosoft.com.",
    )
    for n in (1, 2)
)


@pytest.fixture
def room(room: Room) -> Room:
    for domain in (CHEM, LAW):
        room.service.accept_domain(domain)
    return room


def cmdlet(room: Room, name: str, **parameters: Any) -> None:
    room.tenant._run(room.tenant._exchange.invoke(name, **parameters))


def publishing(signing: SigningStep, domain: str = CHEM) -> PublishRecords:
    return PublishRecords(why=WHY, domain=domain, records=(), publish_as="zone_lines", signing=signing)


def signed(room: Room) -> bool:
    return room.tenant.signing()[CHEM].enabled


def test_every_accepted_domain_has_its_answer(room: Room) -> None:
    """R87: with the aliases that Exchange needs, before and after it signs."""
    cmdlet(room, "New-DkimSigningConfig", DomainName=CHEM, KeySize=2048, Enabled=False)
    signing = room.tenant.signing()
    assert signing[LAW] == Signing(configured=False, enabled=False)
    assert signing[CHEM] == Signing(configured=True, enabled=False, records=ALIASES)


def test_a_refusal_is_no_empty_answer(room: Room) -> None:
    room.faults({"match": {"cmdlet": "Get-DkimSigningConfig"}, "kind": "status", "status": 403})
    with pytest.raises(TenantUnreadable):
        room.tenant.signing()


def test_a_plan_reads_of_the_domains_that_it_names_and_no_others(room: Room) -> None:
    """None: not accepted. Whoever may not ask is told nothing, which is not the same."""
    wanted = Wanted(signing=frozenset({LAW, NOWHERE}))
    assert room.tenant.read(wanted).signing == {LAW: Signing(configured=False, enabled=False), NOWHERE: None}
    room.faults({"match": {"cmdlet": "Get-DkimSigningConfig"}, "kind": "nul"})
    assert room.tenant.read(wanted).signing == {}


def test_a_configuration_is_made_switched_off_and_yields_its_aliases(room: Room) -> None:
    (made,) = room.perform(publishing(SigningStep.CONFIGURE), "configure")
    assert (made.result, made.records) == ("done", ALIASES)
    assert made.before == {"configured": False, "enabled": False, "aliases": []}
    (row,) = room.service._book.page("dkim")
    assert (row["Enabled"], row["Selector1KeySize"]) == (False, 2048)
    (again,) = room.perform(publishing(SigningStep.CONFIGURE), "configure")
    assert (again.result, again.records, room.writes()) == ("done", ALIASES, ["New-DkimSigningConfig"])


def test_it_signs_only_once_the_dns_has_the_aliases(room: Room) -> None:
    room.perform(publishing(SigningStep.CONFIGURE), "configure")
    assert room.results(publishing(SigningStep.ENABLE)) == ["waiting"]
    assert not signed(room)
    room.service.publish_records(CHEM)
    assert room.results(publishing(SigningStep.ENABLE)) == ["done"]
    assert signed(room)
    assert room.results(publishing(SigningStep.ENABLE)) == ["done"]
    assert room.writes().count("Set-DkimSigningConfig") == 2


def test_it_stops_before_the_records_go_and_may_have_stopped_already(room: Room) -> None:
    retiring = RetireRecords(why=WHY, domain=CHEM, records=ALIASES, publish_as="zone_lines", signs=True)
    assert room.results(retiring, "disable") == ["done"]
    room.perform(publishing(SigningStep.CONFIGURE), "configure")
    room.service.publish_records(CHEM)
    room.perform(publishing(SigningStep.ENABLE))
    (stopped,) = room.perform(retiring, "disable")
    assert stopped.before is not None
    assert stopped.after == {**stopped.before, "enabled": False}
    assert not signed(room)


@pytest.mark.parametrize("kind", ["drop_after", "truncate"])
def test_a_lost_answer_is_settled_by_looking_and_not_asked_for_twice(room: Room, kind: str) -> None:
    """interface.md 9."""
    room.faults({"match": {"cmdlet": "New-DkimSigningConfig"}, "kind": kind})
    (made,) = room.perform(publishing(SigningStep.CONFIGURE), "configure")
    assert (made.result, made.records, room.unspent()) == ("done", ALIASES, [])
    assert room.writes() == ["New-DkimSigningConfig"]


def test_what_cannot_be_done_sets_this_domain_aside_and_stops_nothing_else(room: Room) -> None:
    """Neither a missing role nor a configuration that is gone concerns other domains."""
    (gone,) = room.perform(publishing(SigningStep.ENABLE, LAW))
    assert (gone.result, "no signing configuration" in gone.message) == ("set_aside", True)
    room.faults({"match": {"cmdlet": "New-DkimSigningConfig"}, "kind": "nul"})
    (refused,) = room.perform(publishing(SigningStep.CONFIGURE, LAW), "configure")
    assert (refused.result, "*-DkimSigningConfig" in refused.message) == ("set_aside", True)
    assert room.results(publishing(SigningStep.CONFIGURE), "configure") == ["done"]


def test_the_wait_is_known_by_its_words() -> None:
    """As administrators quote it; anything else is a failure."""
    text = "CNAME record does not exist for this config. Please publish the following two CNAME records first."
    assert awaits_aliases(TenantFault(FaultClass.REFUSED, text))
    assert not awaits_aliases(TenantFault(FaultClass.REFUSED, "The domain isn't provisioned."))
