"""Domains and records to judge: answers from lines, and what a report says in short."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

from building.dns_answers import answers
from nexusops.model.dns_spf import SpfReport
from nexusops.model.policy import SpfPolicy
from nexusops.rules.mailauth.site import MailSite
from nexusops.rules.mailauth.spf import lint

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
