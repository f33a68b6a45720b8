"""What every way of publishing DNS records keeps: a folder of zone lines, one of tickets, and a real name server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from building.name_server import SECRET, NameServer, name_server
from building.outcomes import outcomes_of

from nexusops.dns.folder import DomainFolder, ticket_text, zone_text
from nexusops.dns.primary import Primary, tsig_key
from nexusops.dns.publishing import Publishing
from nexusops.dns.update import DynamicUpdate
from nexusops.model.changes import Change, PublishRecords, RetireRecords, Why
from nexusops.model.dns import DnsRecord
from nexusops.model.journal import Step, StepOutcome, StepResult
from nexusops.ports import Publisher

DOMAIN = "admin-day.foodtech.ox.ac.uk"
WHY = Why(subject="adminday", rule="R68", because="the request was approved")
OLD = DnsRecord(type="TXT", name=f"{DOMAIN}.", value="v=spf1 include:_spf.ox.ac.uk include:old.example -all")
SPF = DnsRecord(type="TXT", name=f"{DOMAIN}.", value="v=spf1 include:_spf.ox.ac.uk include:spf.adminday.example -all")
MX = DnsRecord(type="MX", name=f"{DOMAIN}.", value="10 oxmail.ox.ac.uk.")
KEY = DnsRecord(type="TXT", name=f"s1._domainkey.{DOMAIN}.", value="v=DKIM1; k=rsa; p=" + "A" * 600)
RECORDS = (SPF, MX, KEY)


@dataclass(frozen=True)
class Way:
    """A publisher, with a look from outside: ``published`` what is to be in the DNS, ``mark`` alters with a write."""

    name: str
    publisher: Publisher
    published: Callable[[], str]
    mark: Callable[[], object]

    def publish(self, *records: DnsRecord, replaces: tuple[DnsRecord, ...] = (), domain: str = DOMAIN) -> StepOutcome:
        change = PublishRecords(why=WHY, domain=domain, records=records, publish_as=self.name, replaces=replaces)
        return self.do("publish", change)

    def retire(self, *records: DnsRecord) -> StepOutcome:
        return self.do("retire", RetireRecords(why=WHY, domain=DOMAIN, records=records, publish_as=self.name))

    def do(self, step: str, change: Change) -> StepOutcome:
        (outcome,) = outcomes_of(self.publisher, [Step(change_id="c1", name=step, change=change)])
        assert (outcome.change_id, outcome.step) == ("c1", step)
        return outcome


@pytest.fixture(scope="module")
def server() -> Iterator[NameServer]:
    with name_server({"ox.ac.uk": "", "foodtech.ox.ac.uk": ""}) as running:
        yield running


@pytest.fixture(params=["zone_lines", "ticket", "dynamic_update"])
def way(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Way]:
    name = request.param
    if name == "dynamic_update":
        running: NameServer = request.getfixturevalue("server")
        primary = Primary(host="127.0.0.1", port=running.port, key=tsig_key("nexusops", "hmac-sha256", SECRET))
        publisher = Publishing({name: DynamicUpdate(primary=primary, ttl=300)})

        def answers() -> str:
            asked = ((DOMAIN, "TXT"), (DOMAIN, "MX"), (f"s1._domainkey.{DOMAIN}", "TXT"))
            return "\n".join(text for question in asked for text in running.ask(*question))

        yield Way(name, publisher, answers, lambda: running.serial("foodtech.ox.ac.uk"))
        left = [OLD, *RECORDS]
        Way(name, publisher, answers, lambda: 0).retire(*left)
        return
    suffix, written = ("zone", zone_text) if name == "zone_lines" else ("txt", ticket_text)
    folder = DomainFolder(folder=tmp_path / "dns", suffix=suffix, written=written, add="add", remove="remove", ttl=300)

    def published() -> str:
        return "\n".join(path.read_text("utf-8") for path in tmp_path.glob("dns/publish/*"))

    def mark() -> object:
        return sorted((str(path), path.stat().st_ino, path.stat().st_mtime_ns) for path in tmp_path.glob("dns/*/*"))

    yield Way(name, Publishing({name: folder}), published, mark)


def values(outcome: StepOutcome) -> set[tuple[str, str]]:
    assert outcome.after is not None
    rows = outcome.after["records"]
    assert isinstance(rows, list)
    return {(str(row["name"]), str(row["value"])) for row in rows if isinstance(row, dict)}


def test_what_is_published_can_be_seen_and_the_outcome_says_it(way: Way) -> None:
    """R68, R69, R86."""
    done = way.publish(*RECORDS)
    assert done.result is StepResult.DONE, done.message
    assert values(done) == {(one.name, one.value) for one in RECORDS}
    assert all(part in way.published() for part in (SPF.value, MX.value))


def test_a_long_text_is_split_into_strings_of_255_octets(way: Way) -> None:
    """R86, D40."""
    assert way.publish(KEY).result is StepResult.DONE
    (line,) = [line for line in way.published().splitlines() if "DKIM1" in line]
    parts = line.split('"')[1::2]
    assert [len(part) for part in parts] == [255, 255, len(KEY.value) - 510]
    assert "".join(parts) == KEY.value


def test_what_is_published_already_is_done_without_a_write(way: Way) -> None:
    way.publish(*RECORDS)
    before = way.mark()
    assert way.publish(*RECORDS).result is StepResult.DONE
    assert way.mark() == before


def test_what_is_retired_is_published_no_longer_and_can_be_retired_again(way: Way) -> None:
    way.publish(*RECORDS)
    assert way.retire(*RECORDS).result is StepResult.DONE
    assert way.published() == ""
    before = way.mark()
    assert way.retire(*RECORDS).result is StepResult.DONE
    assert way.mark() == before


def test_what_was_retired_can_be_published_again(way: Way) -> None:
    way.publish(*RECORDS)
    way.retire(*RECORDS)
    assert way.publish(*RECORDS).result is StepResult.DONE
    assert SPF.value in way.published()


def test_a_record_takes_the_place_of_the_one_that_it_replaces(way: Way) -> None:
    """R68: one SPF record, never two."""
    way.publish(OLD, MX)
    assert way.publish(SPF, MX, replaces=(OLD, MX)).result is StepResult.DONE
    assert SPF.value in way.published()
    before, _, after = way.published().partition("replace")
    assert OLD.value not in before
    assert (OLD.value in after) is (way.name != "dynamic_update")


@pytest.mark.parametrize(
    ("domain", "record"),
    [(DOMAIN, replace(SPF, name="ox.ac.uk.")), (DOMAIN, replace(SPF, name=f"x{DOMAIN}.")), ("../../etc", SPF)],
)
def test_a_record_outside_its_domain_is_set_aside(way: Way, domain: str, record: DnsRecord) -> None:
    before = way.mark()
    assert way.publish(record, domain=domain).result is StepResult.SET_ASIDE
    assert way.mark() == before


def test_what_is_no_record_is_set_aside(way: Way) -> None:
    assert way.publish(replace(MX, value="oxmail")).result is StepResult.SET_ASIDE


def test_a_way_that_is_not_configured_fails_and_says_which_are(way: Way) -> None:
    change = PublishRecords(why=WHY, domain=DOMAIN, records=(SPF,), publish_as="pigeon")
    outcome = way.do("publish", change)
    assert (outcome.result, way.name in outcome.message) == (StepResult.FAILED, True)


def test_whether_a_change_is_carried_out_can_be_seen(way: Way) -> None:
    """interface.md 9: what an interrupted step left is settled by looking, without a write."""
    wanted = PublishRecords(why=WHY, domain=DOMAIN, records=RECORDS, publish_as=way.name)
    gone = RetireRecords(why=WHY, domain=DOMAIN, records=RECORDS, publish_as=way.name)
    assert way.publisher.stands(wanted) is False
    way.publish(*RECORDS)
    before = way.mark()
    assert (way.publisher.stands(wanted), way.publisher.stands(gone)) == (True, False)
    assert way.mark() == before
    way.retire(*RECORDS)
    assert (way.publisher.stands(wanted), way.publisher.stands(gone)) == (False, True)
    assert way.publisher.stands(replace(wanted, publish_as="nobody knows")) is None
