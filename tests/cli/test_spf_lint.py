"""``spf lint`` as its users see it: documents, exit codes, and what it does without a configuration."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nexusops.cli import call

ZONE = """
$ORIGIN ox.ac.uk.
_spf      TXT "v=spf1 ip4:129.67.0.0/16 ~all"
chem      TXT "v=spf1 include:_spf.ox.ac.uk " "include:sendgrid.net -all"
          MX 10 oxmail
good      TXT "v=spf1 include:_spf.ox.ac.uk -all"
old       TXT "v=spf1 ptr ?all"
open      TXT "v=spf1 include:_spf.ox.ac.uk +all"
$ORIGIN cam.ac.uk.
college   TXT "v=spf1 include:mx.cam.ac.uk include:spf.protection.outlook.com ?all"
mx        TXT "v=spf1 ip4:131.111.0.0/16 ?all"
$ORIGIN .
sendgrid.net TXT "v=spf1 ip4:192.0.2.0/24 ~all"
spf.protection.outlook.com TXT "v=spf1 ip4:198.51.100.0/24 -all"
"""


class Command:
    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capture = folder, capture
        self.zone = folder / "zone.txt"
        self.zone.write_text(ZONE, "utf-8")

    def __call__(self, domain: str, *words: str) -> tuple[int, str, str]:
        self.capture.readouterr()
        code = call(["--config", str(self.folder), "spf", "lint", domain, "--zone", str(self.zone), *words])
        printed = self.capture.readouterr()
        return code, printed.out, printed.err

    def document(self, domain: str) -> tuple[int, Any]:
        code, out, err = self(domain, "--format", "json")
        assert err == ""
        return code, json.loads(out)


@pytest.fixture
def lint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(tmp_path, capsys)


def test_the_document_is_that_of_the_contract(lint: Command) -> None:
    """interface.md 7."""
    code, document = lint.document("Good.ox.ac.uk.")
    assert code == 0
    assert document == {
        "domain": "good.ox.ac.uk",
        "verdict": "ok",
        "lookups": 1,
        "void_lookups": 0,
        "record": "v=spf1 include:_spf.ox.ac.uk -all",
        "findings": [],
        "tree": [
            {
                "term": "include:_spf.ox.ac.uk",
                "target": "_spf.ox.ac.uk",
                "lookups": 1,
                "void": False,
                "shared_platform": False,
                "record": "v=spf1 ip4:129.67.0.0/16 ~all",
                "terms": [_plain("ip4:129.67.0.0/16"), _plain("~all")],
            },
            _plain("-all"),
        ],
        "senders": {"ip4_addresses": 65536, "ip6_networks": 0, "others": False},
    }


def _plain(term: str) -> dict[str, object]:
    return {
        "term": term,
        "target": None,
        "lookups": 0,
        "void": False,
        "shared_platform": False,
        "record": None,
        "terms": [],
    }


@pytest.mark.parametrize(
    ("domain", "code", "verdict", "codes"),
    [
        ("chem.ox.ac.uk", 6, "ok", ["SPF_DEPT_INCLUDE"]),
        ("old.ox.ac.uk", 0, "ok", ["PTR", "NOT_STANDARD"]),
        ("open.ox.ac.uk", 6, "critical", ["PASS_ALL", "NOT_STANDARD"]),
        ("none.ox.ac.uk", 6, "none", ["NO_SPF"]),
        ("college.cam.ac.uk", 0, "ok", []),
        ("sendgrid.net", 0, "ok", []),
        ("a..b", 6, "none", ["NO_SPF"]),
    ],
)
def test_exit_codes_follow_verdict_and_findings(
    lint: Command, domain: str, code: int, verdict: str, codes: list[str]
) -> None:
    """R73, R80: 0 where the verdict is ok and nothing is worse than a warning; without a folder, the profile fits."""
    ended, document = lint.document(domain)
    assert (ended, document["verdict"], [one["code"] for one in document["findings"]]) == (code, verdict, codes)


def test_the_text_says_the_verdict_first_and_explains_the_count(lint: Command) -> None:
    code, out, _ = lint("chem.ox.ac.uk")
    lines = out.splitlines()
    assert (code, lines[0]) == (6, "chem.ox.ac.uk: SPF ok: a valid record")
    assert any("2 of 10 lookups" in line for line in lines)
    assert any("include:sendgrid.net" in line and "shared platform" in line for line in lines)


def test_a_zone_file_that_is_wrong_ends_with_2(lint: Command) -> None:
    lint.zone.write_text("chem.ox.ac.uk. TXT\n", "utf-8")
    code, out, err = lint("chem.ox.ac.uk")
    assert (code, out, "line 1" in err) == (2, "", True)


def test_a_postmasters_permit_holds_until_its_day(lint: Command) -> None:
    """D38."""
    (lint.folder / "nexusops.toml").write_text(
        '[site]\nname = "oxford-test"\nfallback_domain = "nexus.ox.ac.uk"\n'
        '[dns.dept_include]\n"chem.ox.ac.uk" = "2025-12-31 ticket 4711"\n',
        "utf-8",
    )
    assert lint("chem.ox.ac.uk", "--at", "2025-12-31T23:00:00Z")[0] == 0
    assert lint("chem.ox.ac.uk", "--at", "2026-01-01T00:00:00Z")[0] == 6
    assert not (lint.folder / "state").exists()


def test_a_permit_without_a_reason_is_a_usage_error(lint: Command) -> None:
    """D38."""
    (lint.folder / "nexusops.toml").write_text(
        '[site]\nname = "oxford-test"\nfallback_domain = "nexus.ox.ac.uk"\n'
        '[dns.dept_include]\n"chem.ox.ac.uk" = "2025-12-31"\n',
        "utf-8",
    )
    code, _, err = lint("chem.ox.ac.uk")
    assert (code, "dns.dept_include.chem.ox.ac.uk" in err) == (2, True)


def test_the_configured_zone_file_answers_in_place_of_the_network(
    lint: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    """interface.md 2: ``dns.zone_file``, relative to the folder."""
    (lint.folder / "nexusops.toml").write_text(
        '[site]\nname = "oxford-test"\nfallback_domain = "nexus.ox.ac.uk"\n[dns]\nzone_file = "zone.txt"\n', "utf-8"
    )
    assert call(["--config", str(lint.folder), "spf", "lint", "good.ox.ac.uk"]) == 0
    assert "SPF ok" in capsys.readouterr().out


def test_a_chain_without_end_ends(lint: Command) -> None:
    """D40: what is far over the limit is not followed to its end."""
    links = "".join(f'i{n}.example. TXT "v=spf1 include:i{n + 1}.example -all"\n' for n in range(400))
    lint.zone.write_text(links + 'i400.example. TXT "v=spf1 -all"\n', "utf-8")
    code, document = lint.document("i0.example")
    assert (code, document["verdict"]) == (6, "permerror")
    assert [one["code"] for one in document["findings"]] == ["TOO_MANY_LOOKUPS"]


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("octets", [b"\\128", b"\\239\\187\\191", b"\\000", b"\\027[31m", b"\x80", "\u00e9".encode()])
def test_whatever_octets_a_record_holds_the_answer_can_be_printed(lint: Command, octets: bytes, form: str) -> None:
    """RFC 7208 section 3.1: SPF records are ASCII; a terminal obeys nothing that stands in one."""
    lint.zone.write_bytes(b'odd.example. TXT "v=spf1 a:' + octets + b'x.example -all"\n')
    code, out, err = lint("odd.example", "--format", form)
    assert (code, err, "SYNTAX" in out) == (6, "", True)
    assert "\x1b" not in out
    out.encode("utf-8")


def test_a_domain_that_is_no_text_is_a_usage_error(lint: Command) -> None:
    """interface.md 1: exit code 2."""
    code, out, err = lint("odd\udc80.example", "--format", "json")
    assert (code, out) == (2, "")
    assert err.startswith("The argument odd\\udc80.example is not UTF-8.\n")
