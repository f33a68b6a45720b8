"""A tenant that has been in use for years, taken over: its mailboxes, a snapshot of its people, and an empty state.

python -m benchmarks.adoption FOLDER PEOPLE     makes it in FOLDER; then `nexusops --config FOLDER/config adopt …`
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from nexusops.config.starter import write_starter
from nexusops.demo.snapshots import Member, write_snapshot
from nexusops.demo.university import domain_rows, members, unit_rows, units
from nexusops.emulator import mailboxes
from nexusops.emulator.accounts import EVERYTHING, hold_addresses, put_user
from nexusops.emulator.tenant import EmbeddedTenant
from nexusops.emulator.wire import Call
from nexusops.rules.naming import form_name

AT = datetime(2025, 10, 2, 8, tzinfo=UTC)


def made(folder: Path, number: int) -> None:
    write_starter(folder / "config")
    tables = {"units": unit_rows(number), "domains": domain_rows(number)}
    as_of = AT - timedelta(minutes=10)
    write_snapshot(folder / "snapshot", tenant="oxford-test", as_of=as_of, members=members(number), tables=tables)
    (folder / "config" / "state").mkdir()
    with EmbeddedTenant.open(folder / "config" / "state" / "tenant.db") as tenant:
        call = Call(book=tenant._book, method="POST", path="", query={}, headers={})
        domains = {unit.unit_id: unit.domain for unit in units(number)}
        tenant._write(lambda: _mailboxes(call, domains.get, number))


def _mailboxes(call: Call, domain_of: Callable[[str], Any], number: int) -> None:
    """Addresses in the order of people, the same name again with a number; one in ten has one that nobody expects."""
    taken: set[str] = set()
    for member in members(number):
        name = form_name(member.personal_names, member.family_names).base
        found = [domain_of(unit) for unit, _, _ in member.affiliations]
        wanted = [_free(name, domain, taken) for domain in found if domain] if name else []
        own = [
            f"{member.username}@nexus.ox.ac.uk",
            *([f"{member.username}@old.ox.ac.uk"] if len(taken) % 10 == 0 else []),
        ]
        if member.username:
            _mailbox(call, member, [*wanted, *own])


def _free(name: str, domain: str, taken: set[str]) -> str:
    n, address = 1, f"{name}@{domain}"
    while address in taken:
        n += 1
        address = f"{name}{n}@{domain}"
    taken.add(address)
    return address


def _mailbox(call: Call, member: Member, addresses: list[str]) -> None:
    name = member.username or ""
    user = {
        **mailboxes.account(call, name, name, f"{name}@nexus.ox.ac.uk"),
        "employeeId": member.person_id,
        "assignedLicenses": [],
    }
    box = mailboxes.fresh(call, name, name, name, "UserMailbox")
    box["EmailAddresses"] = [f"SMTP:{addresses[0]}", *(f"smtp:{address}" for address in dict.fromkeys(addresses[1:]))]
    put_user(call.book, user, mark=EVERYTHING)
    hold_addresses(call.book, user)
    mailboxes.write(call.book, user, box)


if __name__ == "__main__":
    made(Path(sys.argv[1]), int(sys.argv[2]))
