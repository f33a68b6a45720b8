"""``saas list`` at the width of a terminal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from nexusops.report.blocks import PLAIN, Look
from nexusops.report.services import list_text


@dataclass
class Request:
    request_id: str
    service_name: str
    unit_id: str
    owner: str
    username: str
    path: str
    state: str
    address: str
    review_on: date | None = None
    credential_ends_on: date | None = None
    problem: str = ""


REQUESTS = (
    Request(
        *("admin-day", "Admin Day", "FOOD", "1000042", "food0042", "mailbox", "live", "adminday@foodtech.ox.ac.uk"),
        date(2026, 11, 26),
        date(2027, 5, 1),
    ),
    Request("news", "News", "CHEM", "1000043", "chem0043", "service_domain", "provisioning", "news@news.chem.ox.ac.uk"),
)


def test_columns_that_do_not_fit_beside_one_another_are_two_tables() -> None:
    assert list_text(REQUESTS, Look(width=80)) == (
        "REQUEST    STATE         WAY             UNIT  OWNER\n"
        "admin-day  live          mailbox         FOOD  food0042\n"
        "news       provisioning  service domain  CHEM  chem0043\n"
        "\n"
        "REQUEST    SENDS AS                    REVIEW      CREDENTIAL ENDS\n"
        "admin-day  adminday@foodtech.ox.ac.uk  2026-11-26  2027-05-01\n"
        "news       news@news.chem.ox.ac.uk     -           -\n"
    )


def test_into_a_pipe_a_request_is_one_line() -> None:
    """grep and awk read it."""
    assert len(list_text(REQUESTS, PLAIN).splitlines()) == 3
