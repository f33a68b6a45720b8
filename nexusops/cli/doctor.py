"""``doctor``: is everything in place for a run? Looks, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import click

from nexusops.cli import options
from nexusops.cli.doctor_registration import Check, line, registered_domains, registration
from nexusops.cli.entry import FINDINGS, Call
from nexusops.errors import NexusopsError, TenantUnreadable

if TYPE_CHECKING:
    from nexusops.config.schema import NoticesTable
    from nexusops.model.inspection import Inspection
    from nexusops.model.journal import JsonObject, JsonValue
    from nexusops.model.units import MailDomain
    from nexusops.pipeline.doctor import Permissions
    from nexusops.wiring import Wired

SKEW = 120
"""Seconds by which this machine's clock may be off: signed assertions are refused when it is minutes (AADSTS700024)."""
SOON = timedelta(days=30)


@click.command()
@options.jobs_argument
@options.format_option()
@options.at_option
@click.pass_obj
def doctor(call: Call, jobs: tuple[str, ...], form: str, at: datetime) -> int:
    """Check configuration, state, snapshot, tenant and permissions: those that all JOBs need, or the named ones.

    Ends with 0 where all is well, 6 where something was found, 8 where the tenant cannot be read.
    """
    checks = list(_checks(call, jobs, at))
    told = next((one.permissions for one in checks if one.permissions is not None), None)
    if form == "json":
        from nexusops.codec import to_text

        click.echo(to_text(_document(checks, told)), nl=False)
    else:
        click.echo(_told(checks), nl=False)
        for number, step in enumerate(told.steps if told is not None else (), start=1):
            click.echo(f"{'' if number > 1 else chr(10)}{number:>3}. {step}")
    return max((one.code for one in checks), default=0)


def _told(checks: Sequence[Check]) -> str:
    from nexusops.cli.printing import look
    from nexusops.report.blocks import Line, Tone, written

    words = {True: ("ok  ", Tone.PLAIN), False: ("FAIL", Tone.DANGER)}
    lines = [(f"{words[one.ok][0]}  {one.name:<14} {one.message}", words[one.ok][1]) for one in checks]
    return written([Line(text=text, tone=tone, hang=21) for text, tone in lines], look())


def _document(checks: list[Check], told: Permissions | None) -> JsonObject:
    rows: list[JsonValue] = [{"name": one.name, "ok": one.ok, "message": one.message} for one in checks]
    document: JsonObject = {"ok": all(one.ok for one in checks), "checks": rows}
    if told is not None:
        document["permissions"] = {
            "granted": list(told.granted),
            "missing": list(told.missing),
            "too_many": list(told.too_many),
            "jobs": [
                {
                    "name": need.job,
                    "graph": list(need.graph),
                    "exchange": list(need.exchange),
                    "missing": list(need.missing),
                }
                for need in told.jobs
            ],
            "steps": list(told.steps),
        }
    return document


def _checks(call: Call, jobs: tuple[str, ...], at: datetime) -> Iterator[Check]:
    from nexusops import wiring
    from nexusops.codec import instant
    from nexusops.model.dates import local_date
    from nexusops.wiring_dns import dns_in_order
    from nexusops.wiring_notices import notices_in_order

    with wiring.opened(call.folder) as site:
        site.check_jobs(jobs)
        configuration = site.configuration
        table = configuration.settings.site
        today = local_date(at, configuration.policy.time.zone)
        yield Check("configuration", True, f"{table.name}, profile {table.profile}, {configuration.folder.absolute()}")
        for path in configuration.exposed:
            yield Check("secrets", True, f"{path} can be read by everybody on this machine: chmod 600 is enough")
        yield Check("time", True, f"{instant(at)}, which is {today} in {configuration.policy.time.zone}")
        yield Check("jobs", True, f"{len(site.ports.jobs)} jobs; see `nexusops jobs list` for their permissions")
        yield from _requests(site)
        yield _state(site)
        yield from registration(site, at)
        yield _in_order("dns", lambda: dns_in_order(configuration))
        yield _in_order("notices", lambda: notices_in_order(configuration, site.ports.tenant, at))
        yield from _tenant(site, jobs, at)


def _requests(site: Wired) -> Iterator[Check]:
    """Those that cannot be read are held back by every run, and nothing else is."""
    for fault in site.ports.faulty_services.values():
        yield Check("requests", False, fault, FINDINGS)
    yield Check("requests", True, f"{len(site.ports.services)} filed for SaaS mail; see `nexusops saas list`")


def _state(site: Wired) -> Check:
    from nexusops.codec import instant

    accepted = site.ports.store.accepted()
    since = f"last accepted snapshot {instant(accepted.as_of)}" if accepted else "no snapshot accepted yet"
    return Check("state", True, f"its schema is that of this version, serial {site.ports.store.serial()}, {since}")


def _in_order(name: str, look: Callable[[], str]) -> Check:
    """``look`` says how it is, or raises what is wrong."""
    try:
        return Check(name, True, look())
    except NexusopsError as error:
        return Check(name, False, line(error), FINDINGS)


def _tenant(site: Wired, jobs: tuple[str, ...], at: datetime) -> Iterator[Check]:
    """What the tenant says of our application, and whether it answers a read as a run would make it."""
    from nexusops.model.tenant import Wanted

    kind = site.configuration.settings.tenant.kind
    name = site.configuration.settings.notices.sender.partition("@")[0]
    try:
        seen = site.ports.tenant().inspect(site.configuration.settings.notices.mailbox)
    except TenantUnreadable as error:
        yield from _in_use(site, at)
        yield Check("tenant", False, line(error), error.exit_code)
        return
    yield _permissions(site, jobs, seen)
    yield from _credentials(seen, at)
    yield _clock(seen)
    yield _licences(site, seen)
    domains = registered_domains(site)
    yield _domains(site, seen, domains)
    yield _forwards(seen, domains)
    yield sender_check(site.configuration.settings.notices, seen)
    try:
        site.ports.tenant().read(Wanted(boxes={name: None}))
    except TenantUnreadable as error:
        yield Check("tenant", False, line(error), error.exit_code)
        return
    yield Check("tenant", True, f"{kind}: answers, and accepts our credentials")


def _permissions(site: Wired, jobs: tuple[str, ...], seen: Inspection) -> Check:
    from nexusops.pipeline.doctor import permissions

    table = site.configuration.settings.tenant
    chosen = [job for name, job in site.ports.jobs.items() if not jobs or name in jobs]
    embedded = table.kind == "embedded"
    told = permissions(chosen, seen, client_id=table.client_id, tenant_id=table.tenant_id, authority=table.authority)
    if embedded:
        return Check("permissions", True, "the embedded tenant's own application may do everything")
    parts = [f"missing: {', '.join(told.missing)}"] if told.missing else []
    parts += [f"too many: {', '.join(told.too_many)}"] if told.too_many else []
    parts += [f"{name} did not answer: {why}" for name, why in seen.refused if name in ("exchange", "cmdlets")]
    names = ", ".join(job.name for job in chosen)
    if not told.missing and not told.too_many:
        return Check("permissions", True, "; ".join([f"exactly those of {names}", *parts]), 0, told)
    return Check("permissions", False, "; ".join(parts), FINDINGS, told)


def _credentials(seen: Inspection, at: datetime) -> Iterator[Check]:
    if not seen.ends:
        refused = any(name == "credentials" for name, _ in seen.refused)
        why = f"cannot be read: {_why(seen, 'credentials')}" if refused else "are not told to this application"
        yield Check("credentials", True, f"their last days {why}; keep them in a calendar")
        return
    for name, day in seen.ends:
        yield _ending(name, day, at)


def _in_use(site: Wired, at: datetime) -> Iterator[Check]:
    """Of our own certificate, by its file, where the tenant says nothing: it may be the reason."""
    from nexusops import wiring

    if (end := wiring.sign_in_end(site.configuration)) is not None:
        yield _ending("the certificate in use", end.date(), at)


def _ending(name: str, day: date, at: datetime) -> Check:
    left = (day - at.date()).days
    said = f"{name} ended on {day}: make a new one" if left < 0 else f"{name} ends on {day}, in {left} days"
    soon = left < SOON.days
    return Check("credentials", not soon, said, FINDINGS if soon else 0)


def _clock(seen: Inspection) -> Check:
    if seen.ahead is None:
        return Check("clock", True, "the service told no time to compare with")
    off = abs(seen.ahead)
    word = "ahead of" if seen.ahead > 0 else "behind"
    if off > SKEW:
        return Check("clock", False, f"{off:.0f} seconds {word} the service's: set it by NTP", FINDINGS)
    return Check("clock", True, "as the service's")


def _licences(site: Wired, seen: Inspection) -> Check:
    """Each new mailbox takes one; without, a plan begins none (tenant-api.md 4.4)."""
    name = site.configuration.settings.tenant.licence_sku
    if seen.licences is None:
        return Check("licences", False, f"cannot be read: {_why(seen, 'licences')}", FINDINGS)
    if seen.licences <= 0:
        message = f"none of {name} is left: no new mailbox is begun; free some or order more, or check licence_sku"
        return Check("licences", False, message, FINDINGS)
    return Check("licences", True, f"{seen.licences:,} of {name} left")


def _domains(site: Wired, seen: Inspection, registered: Collection[MailDomain]) -> Check:
    """In a real tenant an administrator adds domains; a run of the embedded one does (interface.md 2)."""
    from nexusops.model.ids import Domain

    if seen.domains is None:
        return Check("domains", False, f"the accepted domains cannot be read: {_why(seen, 'domains')}", FINDINGS)
    wanted = {site.ports.site.fallback_domain, *(row.domain for row in registered if row.managed)}
    missing = sorted(domain for domain in wanted if not seen.accepts(Domain(domain)))
    if missing and site.configuration.settings.tenant.kind == "embedded":
        return Check("domains", True, f"{len(missing)} to be accepted by the next run of the embedded tenant")
    if missing:
        message = f"not accepted by the tenant: {', '.join(missing)}; add and verify them in the admin centre"
        return Check("domains", False, message, FINDINGS)
    return Check("domains", True, f"{len(seen.domains)} accepted, none is missing")


def _forwards(seen: Inspection, registered: Collection[MailDomain]) -> Check:
    """R58 forwards to domains that the tenant does not have; it may refuse to, and says so to the sender only."""
    unmanaged = sorted(row.domain for row in registered if not row.managed)
    if not unmanaged:
        return Check("forwards", True, "no domain is known to be hosted elsewhere, so nothing is forwarded")
    if seen.gates is None:
        return Check("forwards", True, f"whether they may leave the tenant cannot be read: {_why(seen, 'gates')}")
    if seen.gates:
        message = f"mail to {', '.join(unmanaged)} may be refused (5.7.520): {'; '.join(seen.gates)}"
        return Check("forwards", False, f"{message}; allow them in the Defender portal", FINDINGS)
    return Check("forwards", True, "may leave the tenant")


def sender_check(table: NoticesTable, seen: Inspection) -> Check:
    """Without it no notice is sent, and no address whose end must be told of ever ends (D06, tenant-api.md 4.14)."""
    if not table.mailbox:
        return Check("sender", True, f"{table.sender} needs no mailbox: the notices' kind is {table.kind}")
    if seen.sender == table.sender:
        return Check("sender", True, f"notices are sent from the mailbox {table.sender}")
    if seen.sender is None:
        message = f"whether {table.sender} has a mailbox cannot be read: {_why(seen, 'sender')}"
    elif not seen.sender:
        message = f"{table.sender} has no mailbox in the tenant, so no notice can be sent: make it a shared mailbox, "
        message += "or name another with [notices] sender"
    else:
        message = f"{table.sender} is another address of {seen.sender}, and Graph sends by the latter name only: "
        message += f'write sender = "{seen.sender}" under [notices]'
    return Check("sender", False, message, FINDINGS)


def _why(seen: Inspection, part: str) -> str:
    return next((why for name, why in seen.refused if name == part), "not asked")
