"""The days of the demo as registration snapshots: the first day, and the second with everything that happens on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

from nexusops.demo import cast
from nexusops.demo.snapshots import Member, Row, write_snapshot
from nexusops.demo.university import domain_rows, members, unit_rows

DAY_TWO = date(2025, 10, 2)
BEFORE_THE_RUN = timedelta(minutes=10)
"""A snapshot is taken ten minutes before its run (R60)."""
PRIYAS_OWN = "priya.subramaniam@stats.ox.ac.uk"
PRIYAS_HOST = "priya.subramaniam@mailhost.stats.example"
EVENTS = (
    "Oliver Marsh joins.",
    "Thomas Ashdown moves from Chemistry to Law.",
    "Helen Carter's card now says Whitfield.",
    "Xiao Ming Li asks for both his given names in his address.",
    "Charlotte Dubois chooses her department's address as her sender.",
    "Priya Subramaniam chooses her address in Statistics, which keeps its own mail: a forward is needed.",
    "Peter Lindqvist's card is cancelled.",
)


def write_day_one(folder: Path, *, tenant: str, at: datetime, people: int, seed: int) -> None:
    """The snapshot of the first run: everybody but Oliver, who joins on the second day."""
    arrived = (one for one in members(people, seed) if one.person_id != _id(cast.OLIVER))
    write_snapshot(
        folder, tenant=tenant, as_of=at - BEFORE_THE_RUN, members=arrived, tables={**_settled(people), **_wishes()}
    )


def write_day_two(folder: Path, *, tenant: str, at: datetime, people: int, seed: int) -> None:
    """The snapshot of the second day, with what happened (``EVENTS``)."""
    as_of = at - BEFORE_THE_RUN
    write_snapshot(
        folder,
        tenant=tenant,
        as_of=as_of,
        members=map(_on_day_two, members(people, seed)),
        tables={**_settled(people), **_wishes(as_of)},
    )


def _id(number: int) -> str:
    return str(1_000_000 + number)


def _on_day_two(member: Member) -> Member:
    """The member's rows as they stand on the second day."""
    if member.person_id == _id(cast.THOMAS):
        (college, start, _), (old_unit, old_start, _) = member.affiliations
        moved = ((college, start, None), (old_unit, old_start, DAY_TWO - timedelta(days=1)), ("LAW", DAY_TWO, None))
        return replace(member, affiliations=moved)
    if member.person_id == _id(cast.HELEN):
        return replace(member, family_names="Whitfield")
    if member.person_id == _id(cast.PETER):
        return replace(member, cancelled_on=DAY_TWO, cancel_reason="resigned")
    return member


def _settled(people: int) -> dict[str, Iterator[Row]]:
    """The tables that are the same on both days."""
    rows: Mapping[str, list[Row]] = {
        "external_routes": [
            (PRIYAS_OWN, PRIYAS_HOST, "registration", "2025-09-01T09:00:00Z", _id(cast.PRIYA)),
        ],
        "alternative_addresses": [
            (_id(cast.PETER), "peter@lindqvist.example", "self", "set", "2025-09-01T09:00:00Z"),
            (_id(cast.HELEN), "helen@mail.example", "hris", "set", "2025-09-01T09:00:00Z"),
        ],
        "nonpersonal_mailboxes": [
            ("chem-office", "secondary", "CHEM", _id(35), "office@chem.ox.ac.uk", "chem0011"),
            ("law-moot", "project", "LAW", _id(48), "moot@law.ox.ac.uk", "registration"),
        ],
        "nonpersonal_addresses": [("enquiries@foodtech.ox.ac.uk", "FOOD", None, "mailbox:food0042", "food0007")],
        "it_staff": [
            ("food0007", _id(cast.DOROTHY), "FOOD"),
            ("chem0011", _id(11), "CHEM"),
            ("admn0033", _id(33), "ADMN"),
        ],
    }
    return {
        "units": unit_rows(people),
        "domains": domain_rows(people),
        **{name: iter(table) for name, table in rows.items()},
    }


def _wishes(at: datetime | None = None) -> dict[str, Iterator[Row]]:
    """What people ask for in self-service; nothing on the first day."""
    choices: list[Row] = []
    requests: list[Row] = []
    if at is not None:
        choices = [
            (_id(cast.CHARLOTTE), "charlotte.dubois@history.ox.ac.uk", at),
            (_id(cast.PRIYA), PRIYAS_OWN, at),
        ]
        requests = [("n1", _id(cast.XIAO_MING), "xiaoming.li", at, None, None, None)]
    return {"sender_choices": iter(choices), "name_requests": iter(requests)}
