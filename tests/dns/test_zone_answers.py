"""Answers from a zone file: what a name server would say, and a clear word where the file is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from nexusops.dns.zone import ZoneAnswers, read_zone
from nexusops.errors import UsageError
from nexusops.model.dns import Answer, AnswerStatus, DnsRecord, Question, found

ZONE = r"""
; two zones and a part of a third; neither needs its SOA
$TTL 1h
$ORIGIN ox.ac.uk.
@       IN SOA ns hostmaster 1 2 3 4 5
chem    IN MX  10 mail
        IN TXT "v=spf1 " "include:_spf.ox.ac.uk " ( "-all" )
        600 TXT "caf\195\169" ; a comment
www     CNAME  web
web     CNAME  host.example.org.
loop1   CNAME  loop2
loop2   CNAME  loop1
$ORIGIN example.org.
@       SOA    ns hostmaster 1 2 3 4 5
host    A      192.0.2.1
        A      192.0.2.2
        AAAA   2001:DB8::1
*.wild  TXT    "anything"
here.wild A    192.0.2.3
old     SPF    "v=spf1 -all"
$ORIGIN deep.example.net.
a.b     300 IN TXT v=spf1
"""


@pytest.fixture
def zone(tmp_path: Path) -> ZoneAnswers:
    path = tmp_path / "zone.txt"
    path.write_text(ZONE, "utf-8")
    return ZoneAnswers(path)


@pytest.mark.parametrize(
    ("name", "kind", "answer"),
    [
        ("chem.ox.ac.uk", "TXT", found("v=spf1 include:_spf.ox.ac.uk -all", "café")),
        ("chem.ox.ac.uk", "MX", found("10 mail.ox.ac.uk.")),
        ("www.ox.ac.uk", "A", found("192.0.2.1", "192.0.2.2")),
        ("www.ox.ac.uk", "CNAME", found("web.ox.ac.uk.")),
        ("host.example.org", "AAAA", found("2001:db8::1")),
        ("x.y.wild.example.org", "TXT", found("anything")),
        ("x.wild.example.org", "A", Answer(status=AnswerStatus.NO_DATA)),
        ("here.wild.example.org", "TXT", Answer(status=AnswerStatus.NO_DATA)),
        ("x.here.wild.example.org", "TXT", Answer(status=AnswerStatus.NO_NAME)),
        ("old.example.org", "TXT", Answer(status=AnswerStatus.NO_DATA)),
        ("b.deep.example.net", "TXT", Answer(status=AnswerStatus.NO_DATA)),
        ("a.b.deep.example.net", "TXT", found("v=spf1")),
        ("nowhere.example", "TXT", Answer(status=AnswerStatus.NO_NAME)),
        ("no..name", "TXT", Answer(status=AnswerStatus.NO_NAME)),
    ],
)
def test_a_zone_file_answers_like_a_name_server(zone: ZoneAnswers, name: str, kind: str, answer: Answer) -> None:
    """RFC 1034 section 4.3.2, RFC 4592: aliases, wildcards, names in between, split strings."""
    question = Question(name, kind)
    assert zone.ask([question]) == {question: answer}


def test_an_alias_that_leads_nowhere_is_a_failure_and_not_empty(zone: ZoneAnswers) -> None:
    (answer,) = zone.ask([Question("loop1.ox.ac.uk", "TXT")]).values()
    assert (answer.failed, "alias" in answer.message) == (True, True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a.example. A 192.0.2.1\na.example. A 192.0.2.400\n", "line 2"),
        ('a.example. TXT "unfinished\n', "line 1"),
        ("\n\na.example. NONSENSE x\n", "line 3"),
        ("a..example. A 192.0.2.1\n", "line 1"),
        (f"{'a' * 64}.example. A 192.0.2.1\n", "line 1"),
        ("a.example. TXT x\na.example. CNAME b.example.\n", "line 2: a.example. is an alias"),
        ("a.example. CNAME b.example.\na.example. TXT x\n", "line 2: a.example. is an alias"),
        ("a.example. CNAME b.example.\na.example. CNAME c.example.\n", "line 2: a.example. is an alias"),
        ("$INCLUDE /etc/passwd\n", "line 1: zone file directive"),
        (f'a.example. TXT "{"x" * 256}"\n', "line 1"),
        ('a.example. TXT ( "x"\n', "line"),
        ("{}\n", "line 1"),
    ],
)
def test_a_file_that_is_wrong_names_the_line(tmp_path: Path, text: str, said: str) -> None:
    """Exit code 2."""
    path = tmp_path / "zone.txt"
    path.write_text(text, "utf-8")
    with pytest.raises(UsageError) as caught:
        ZoneAnswers(path)
    assert said in caught.value.message
    assert caught.value.next_step


def test_a_file_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_zone(tmp_path / "none")


def test_octets_that_are_no_utf8_arrive_one_by_one_and_can_be_printed(tmp_path: Path) -> None:
    path = tmp_path / "zone.txt"
    path.write_bytes(b'\xef\xbb\xbfa.example. TXT "v=spf1 a:\x80\xff.example"\n')
    ((record, ttl),) = read_zone(path)
    assert record == DnsRecord(type="TXT", name="a.example.", value="v=spf1 a:\x80\xff.example")
    assert ttl == 3600
