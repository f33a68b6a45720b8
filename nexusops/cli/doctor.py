"""``doctor``: is everything in place for a run? Looks, and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import click

from nexusops.cli import options
from nexusops.cli.entry import Call
from nexusops.errors import NexusopsError, SnapshotRefused, TenantUnreadable

if TYPE_CHECKING:
    from nexusops.model.journal import JsonValue
    from nexusops.wiring import Wired

FINDINGS = 6


class Check(NamedTuple):
    """One line of the answer; ``code`` is the exit code that it calls for."""

    name: str
    ok: bool
    message: str
    code: int = 0


@click.command()
@options.format_option()
@options.at_option
@click.pass_obj
def doctor(call: Call, form: str, at: datetime) -> int:
    """Check configuration, state, snapshot and tenant.

    Ends with 0 where all is well, 6 where something was found, 8 where the tenant cannot be read.
    """
    checks = list(_checks(call, at))
    if form == "json":
        from nexusops.codec import to_text

        rows: list[JsonValue] = [{"name": one.name, "ok": one.ok, "message": one.message} for one in checks]
        click.echo(to_text({"ok": all(one.ok for one in checks), "checks": rows}), nl=False)
    else:
        for one in checks:
            click.echo(f"{'ok  ' if one.ok else 'FAIL'}  {one.name:<14} {one.message}")
    return max((one.code for one in checks), default=0)


def _checks(call: Call, at: datetime) -> Iterator[Check]:
    from nexusops import wiring
    from nexusops.model.dates import local_date

    with wiring.opened(call.folder) as site:
        configuration = site.configuration
        table = configuration.settings.site
        today = local_date(at, configuration.policy.time.zone)
        yield Check("configuration", True, f"{table.name}, profile {table.profile}, {configuration.folder.absolute()}")
        yield Check("clock", True, f"{at.isoformat()}, which is {today} in {configuration.policy.time.zone}")
        yield Check("jobs", True, f"{len(site.ports.jobs)} jobs; see `nexusops jobs list` for their permissions")
        yield _state(site)
        yield _snapshot(site, at)
        yield _dns(site)
        yield _tenant(site)


def _state(site: Wired) -> Check:
    accepted = site.ports.store.accepted()
    since = f"last accepted snapshot {accepted.as_of.isoformat()}" if accepted else "no snapshot accepted yet"
    return Check("state", True, f"serial {site.ports.store.serial()}, {since}")


def _snapshot(site: Wired, at: datetime) -> Check:
    ports = site.ports
    try:
        record = ports.registration.read().record
        defects = ports.gate(record, ports.store.accepted(), at, ports.policy)
    except SnapshotRefused as refused:
        defects = refused.defects
    except NexusopsError as error:
        return Check("snapshot", False, str(error).replace("\n", " "), FINDINGS)
    if defects:
        return Check("snapshot", False, "; ".join(f"{one.code}: {one.message}" for one in defects), FINDINGS)
    return Check("snapshot", True, f"as of {record.as_of.isoformat()}, {record.rows.get('persons', 0)} people")


def _dns(site: Wired) -> Check:
    from nexusops.wiring_dns import dns_in_order

    try:
        return Check("dns", True, dns_in_order(site.configuration))
    except NexusopsError as error:
        return Check("dns", False, str(error).replace("\n", " "), FINDINGS)


def _tenant(site: Wired) -> Check:
    from nexusops.model.tenant import Wanted

    notices = site.configuration.settings.notices
    kind = site.configuration.settings.tenant.kind
    name = notices.sender.partition("@")[0]
    try:
        site.ports.tenant().read(Wanted(boxes={name: None}))
    except TenantUnreadable as error:
        return Check("tenant", False, str(error).replace("\n", " "), error.exit_code)
    return Check("tenant", True, f"{kind}: answers, and accepts our credentials")
