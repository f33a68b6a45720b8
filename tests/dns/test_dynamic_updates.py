"""Dynamic updates against a real BIND: what stands in the way, who may write, and what a fault leaves behind."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import dns.name
import dns.rcode
import dns.update
import pytest
from building.name_server import OTHER_SECRET, SECRET, NameServer, name_server
from building.outcomes import outcomes_of
from building.patience import PATIENCE

from nexusops.dns.primary import Primary, endpoint, tsig_key
from nexusops.dns.publishing import Publishing
from nexusops.dns.update import DynamicUpdate
from nexusops.errors import UsageError
from nexusops.model.changes import PublishRecords, RetireRecords, Why
from nexusops.model.dns import DnsRecord
from nexusops.model.journal import Step, StepOutcome, StepResult

WHY = Why(subject="r1", rule="R68", because="the request was approved")
ZONE = """
verified.chem IN TXT "site-verification=123"
raced.chem IN TXT "site-verification=456"
taken.chem IN TXT "v=spf1 -all"
mail.chem IN MX 5 mx.elsewhere.example.
alias.chem IN CNAME www.example.
twice.chem IN TXT "V=SPF1 ?all"
oxmail IN A 129.67.1.1
*.same IN MX 10 oxmail
*.other IN MX 5 mx.elsewhere.example.
*.silent IN TXT "v=spf1 -all"
*.web IN CNAME www.example.
"""


@pytest.fixture(scope="module")
def server() -> Iterator[NameServer]:
    with name_server({"ox.ac.uk": ZONE}) as running:
        yield running


def spf(domain: str, value: str = "v=spf1 include:_spf.ox.ac.uk -all") -> DnsRecord:
    return DnsRecord(type="TXT", name=domain, value=value)


def perform(
    change: PublishRecords | RetireRecords, port: int, secret: str = SECRET, key: str = "nexusops"
) -> StepOutcome:
    primary = Primary(host="127.0.0.1", port=port, key=tsig_key(key, "hmac-sha256", secret), timeout=PATIENCE)
    step = Step(change_id="c1", name="publish", change=change)
    way = Publishing({"dynamic_update": DynamicUpdate(primary=primary, ttl=300)})
    (outcome,) = outcomes_of(way, [step])
    return outcome


def publish(domain: str, *records: DnsRecord, replaces: tuple[DnsRecord, ...] = ()) -> PublishRecords:
    wanted = records or (spf(domain),)
    return PublishRecords(why=WHY, domain=domain, records=wanted, publish_as="dynamic_update", replaces=replaces)


def test_other_texts_of_the_name_stay(server: NameServer) -> None:
    domain = "verified.chem.ox.ac.uk"
    assert perform(publish(domain), server.port).result is StepResult.DONE
    assert server.ask(domain, "TXT") == ['"site-verification=123"', '"v=spf1 include:_spf.ox.ac.uk -all"']
    retire = RetireRecords(why=WHY, domain=domain, records=(spf(domain),), publish_as="dynamic_update")
    assert perform(retire, server.port).result is StepResult.DONE
    assert server.ask(domain, "TXT") == ['"site-verification=123"']


@pytest.mark.parametrize(
    ("domain", "record", "found"),
    [
        ("taken.chem.ox.ac.uk", None, "v=spf1 -all"),
        ("twice.chem.ox.ac.uk", None, "V=SPF1 ?all"),
        (
            "mail.chem.ox.ac.uk",
            DnsRecord(type="MX", name="mail.chem.ox.ac.uk", value="10 oxmail.ox.ac.uk."),
            "elsewhere",
        ),
        ("alias.chem.ox.ac.uk", None, "is an alias"),
    ],
)
def test_somebody_elses_record_in_its_place_sets_it_aside(
    server: NameServer, domain: str, record: DnsRecord | None, found: str
) -> None:
    """Neither as the plan found it nor as it should be: nothing is written."""
    before = server.serial("ox.ac.uk")
    outcome = perform(publish(domain, *([record] if record else [])), server.port)
    assert (outcome.result, found in outcome.message) == (StepResult.SET_ASIDE, True), outcome.message
    assert server.serial("ox.ac.uk") == before


class Overtaken(Primary):
    """Somebody else writes between our look and our update."""

    def zone_of(self, name: dns.name.Name) -> dns.name.Name:
        zone = super().zone_of(name)
        other = dns.update.UpdateMessage(zone)
        other.add(name, 300, "TXT", '"v=spf1 ?all"')
        assert self.update(other) == dns.rcode.NOERROR
        return zone


@pytest.mark.parametrize("parent", ["same", "other", "silent", "web"])
def test_what_a_wildcard_answers_is_in_nobodys_way(server: NameServer, parent: str) -> None:
    """D39, RFC 4592: the name is free; once it is retired the wildcard answers again, and that is no rest of it."""
    domain = f"shot.{parent}.ox.ac.uk"
    before = [server.ask(domain, kind) for kind in ("TXT", "MX")]
    records = (spf(domain), DnsRecord(type="MX", name=domain, value="10 oxmail.ox.ac.uk."))
    for message in ("updated on", "had it so already"):
        outcome = perform(publish(domain, *records), server.port)
        assert (outcome.result, message in outcome.message) == (StepResult.DONE, True)
    assert server.ask(domain, "TXT") == ['"v=spf1 include:_spf.ox.ac.uk -all"']
    assert server.ask(domain, "MX") == ["10 oxmail.ox.ac.uk."]
    gone = RetireRecords(why=WHY, domain=domain, records=records, publish_as="dynamic_update")
    for message in ("updated on", "had it so already"):
        outcome = perform(gone, server.port)
        assert (outcome.result, message in outcome.message) == (StepResult.DONE, True)
    assert [server.ask(domain, kind) for kind in ("TXT", "MX")] == before


@pytest.mark.parametrize("domain", ["race.chem.ox.ac.uk", "raced.chem.ox.ac.uk"])
def test_who_is_overtaken_writes_nothing(server: NameServer, domain: str) -> None:
    """Otherwise the name would have two SPF records, and neither would count."""
    primary = Overtaken(host="127.0.0.1", port=server.port, key=tsig_key("nexusops", "hmac-sha256", SECRET))
    way = Publishing({"dynamic_update": DynamicUpdate(primary=primary, ttl=300)})
    (outcome,) = outcomes_of(way, [Step(change_id="c1", name="publish", change=publish(domain))])
    assert (outcome.result, "changed between" in outcome.message) == (StepResult.SET_ASIDE, True), outcome.message
    assert [text for text in server.ask(domain, "TXT") if "spf1" in text] == ['"v=spf1 ?all"']


def test_a_key_that_may_not_write_fails_with_the_servers_word(server: NameServer) -> None:
    outcome = perform(publish("new.chem.ox.ac.uk"), server.port, OTHER_SECRET, "reader")
    assert (outcome.result, "REFUSED" in outcome.message) == (StepResult.FAILED, True), outcome.message
    assert server.ask("new.chem.ox.ac.uk", "TXT") == []


def test_a_wrong_key_fails_and_stays_secret(server: NameServer) -> None:
    outcome = perform(publish("new.chem.ox.ac.uk"), server.port, OTHER_SECRET)
    assert (outcome.result, "key" in outcome.message) == (StepResult.FAILED, True), outcome.message
    assert OTHER_SECRET not in outcome.message


def test_a_zone_that_the_server_does_not_have_fails(server: NameServer) -> None:
    """A refusal is not an empty answer."""
    outcome = perform(publish("x.cam.ac.uk"), server.port)
    assert (outcome.result, "REFUSED" in outcome.message) == (StepResult.FAILED, True), outcome.message


def test_a_server_that_is_away_fails() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        outcome = perform(publish("new.chem.ox.ac.uk"), closed.getsockname()[1])
    assert (outcome.result, "127.0.0.1" in outcome.message) == (StepResult.FAILED, True), outcome.message


def test_an_address_that_is_none_is_a_usage_error() -> None:
    assert endpoint("dns.server", "[::1]:5353") == ("::1", 5353)
    assert endpoint("dns.server", "ns.example") == ("ns.example", 53)
    with pytest.raises(UsageError, match=r"dns\.server"):
        endpoint("dns.server", "ns.example:99999")


def test_a_key_that_is_no_base64_is_refused_without_being_repeated() -> None:
    with pytest.raises(UsageError) as caught:
        tsig_key("nexusops", "hmac-sha256", "hunter2hunter")
    assert "hunter2" not in str(caught.value)
