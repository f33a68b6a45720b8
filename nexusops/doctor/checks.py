"""Everything that a run needs, looked at in its order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

from nexusops import wiring
from nexusops.codec import instant
from nexusops.config.schema import NoticesTable
from nexusops.doctor.permissions import permissions
from nexusops.doctor.registration import line, registered_domains, registration
from nexusops.errors import FINDINGS, NexusopsError, TenantUnreadable
from nexusops.model.dates import local_date
from nexusops.model.ids import Domain
from nexusops.model.inspection import Checked, Inspection
from nexusops.model.tenant import Wanted
from nexusops.model.units import MailDomain
from nexusops.wiring import Wired
from nexusops.wiring_dns import dns_in_order
from nexusops.wiring_notices import notices_in_order

SKEW = 120
"""Seconds by which this machine's clock may be off: signed assertions are refused when it is minutes (AADSTS700024)."""
SOON = timedelta(days=30)


def checks(folder: Path, jobs: tuple[str, ...], at: datetime) -> Iterator[Checked]:
    """Each thing that a run needs, one after the other; of the jobs that are named, or of all.

    Raises UsageError where the configuration cannot be read, StateUnavailable where the state cannot.
    """
    with wiring.opened(folder) as site:
        site.check_jobs(jobs)
        configuration = site.configuration
        table = configuration.settings.site
        today = local_date(at, configuration.policy.time.zone)
        yield Checked(
            "configuration", True, f"{table.name}, profile {table.profile}, {configuration.folder.absolute()}"
        )
        for path in configuration.exposed:
            yield Checked("secrets", True, f"{path} can be read by everybody on this machine: chmod 600 is enough")
        yield Checked("time", True, f"{instant(at)}, which is {today} in {configuration.policy.time.zone}")
        yield Checked("jobs", True, f"{len(site.ports.jobs)} jobs; see `nexusops jobs list` for their permissions")
        yield from _requests(site)
        yield _state(site)
        yield from registration(site, at)
        yield _in_order("dns", lambda: dns_in_order(configuration))
        yield _in_order("notices", lambda: notices_in_order(configuration, site.ports.tenant, at))
        yield from _tenant(site, jobs, at)


def _requests(site: Wired) -> Iterator[Checked]:
    """Those that cannot be read are held back by every run, and nothing else is."""
    for fault in site.ports.faulty_services.values():
        yield Checked("requests", False, fault, FINDINGS)
    yield Checked("requests", True, f"{len(site.ports.services)} filed for SaaS mail; see `nexusops saas list`")


def _state(site: Wired) -> Checked:
    accepted = site.ports.store.accepted()
    since = f"last accepted snapshot {instant(accepted.as_of)}" if accepted else "no snapshot accepted yet"
    return Checked("state", True, f"its schema is that of this version, serial {site.ports.store.serial()}, {since}")


def _in_order(name: str, look: Callable[[], str]) -> Checked:
    """``look`` says how it is, or raises what is wrong."""
    try:
        return Checked(name, True, look())
    except NexusopsError as error:
        return Checked(name, False, line(error), FINDINGS)


def _tenant(site: Wired, jobs: tuple[str, ...], at: datetime) -> Iterator[Checked]:
    """What the tenant says of our application, and whether it answers a read as a run would make it."""
    kind = site.configuration.settings.tenant.kind
    name = site.configuration.settings.notices.sender.partition("@")[0]
    try:
        seen = site.ports.tenant().inspect(site.configuration.settings.notices.mailbox)
    except TenantUnreadable as error:
        yield from _in_use(site, at)
        yield Checked("tenant", False, line(error), error.exit_code)
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
        yield Checked("tenant", False, line(error), error.exit_code)
        return
    yield Checked("tenant", True, f"{kind}: answers, and accepts our credentials")


def _permissions(site: Wired, jobs: tuple[str, ...], seen: Inspection) -> Checked:
    table = site.configuration.settings.tenant
    chosen = [job for name, job in site.ports.jobs.items() if not jobs or name in jobs]
    embedded = table.kind == "embedded"
    told = permissions(chosen, seen, client_id=table.client_id, tenant_id=table.tenant_id, authority=table.authority)
    if embedded:
        return Checked("permissions", True, "the embedded tenant's own application may do everything")
    parts = [f"missing: {', '.join(told.missing)}"] if told.missing else []
    parts += [f"too many: {', '.join(told.too_many)}"] if told.too_many else []
    parts += [f"{name} did not answer: {why}" for name, why in seen.refused if name in ("exchange", "cmdlets")]
    names = ", ".join(job.name for job in chosen)
    if not told.missing and not told.too_many:
        return Checked("permissions", True, "; ".join([f"exactly those of {names}", *parts]), 0, told)
    return Checked("permissions", False, "; ".join(parts), FINDINGS, told)


def _credentials(seen: Inspection, at: datetime) -> Iterator[Checked]:
    if not seen.ends:
        refused = any(name == "credentials" for name, _ in seen.refused)
        why = f"cannot be read: {_why(seen, 'credentials')}" if refused else "are not told to this application"
        yield Checked("credentials", True, f"their last days {why}; keep them in a calendar")
        return
    for name, day in seen.ends:
        yield _ending(name, day, at)


def _in_use(site: Wired, at: datetime) -> Iterator[Checked]:
    """Of our own certificate, by its file, where the tenant says nothing: it may be the reason."""
    if (end := wiring.sign_in_end(site.configuration)) is not None:
        yield _ending("the certificate in use", end.date(), at)


def _ending(name: str, day: date, at: datetime) -> Checked:
    left = (day - at.date()).days
    said = f"{name} ended on {day}: make a new one" if left < 0 else f"{name} ends on {day}, in {left} days"
    soon = left < SOON.days
    return Checked("credentials", not soon, said, FINDINGS if soon else 0)


def _clock(seen: Inspection) -> Checked:
    if seen.ahead is None:
        return Checked("clock", True, "the service told no time to compare with")
    off = abs(seen.ahead)
    word = "ahead of" if seen.ahead > 0 else "behind"
    if off > SKEW:
        return Checked("clock", False, f"{off:.0f} seconds {word} the service's: set it by NTP", FINDINGS)
    return Checked("clock", True, "as the service's")


def _licences(site: Wired, seen: Inspection) -> Checked:
    """Each new mailbox takes one; without, a plan begins none (tenant-api.md 4.4)."""
    name = site.configuration.settings.tenant.licence_sku
    if seen.licences is None:
        return Checked("licences", False, f"cannot be read: {_why(seen, 'licences')}", FINDINGS)
    if seen.licences <= 0:
        message = f"none of {name} is left: no new mailbox is begun; free some or order more, or check licence_sku"
        return Checked("licences", False, message, FINDINGS)
    return Checked("licences", True, f"{seen.licences:,} of {name} left")


def _domains(site: Wired, seen: Inspection, registered: Collection[MailDomain]) -> Checked:
    """In a real tenant an administrator adds domains; a run of the embedded one does (interface.md 2)."""
    if seen.domains is None:
        return Checked("domains", False, f"the accepted domains cannot be read: {_why(seen, 'domains')}", FINDINGS)
    wanted = {site.ports.site.fallback_domain, *(row.domain for row in registered if row.managed)}
    missing = sorted(domain for domain in wanted if not seen.accepts(Domain(domain)))
    if missing and site.configuration.settings.tenant.kind == "embedded":
        return Checked("domains", True, f"{len(missing)} to be accepted by the next run of the embedded tenant")
    if missing:
        message = f"not accepted by the tenant: {', '.join(missing)}; add and verify them in the admin centre"
        return Checked("domains", False, message, FINDINGS)
    return Checked("domains", True, f"{len(seen.domains)} accepted, none is missing")


def _forwards(seen: Inspection, registered: Collection[MailDomain]) -> Checked:
    """R58 forwards to domains that the tenant does not have; it may refuse to, and says so to the sender only."""
    unmanaged = sorted(row.domain for row in registered if not row.managed)
    if not unmanaged:
        return Checked("forwards", True, "no domain is known to be hosted elsewhere, so nothing is forwarded")
    if seen.gates is None:
        return Checked("forwards", True, f"whether they may leave the tenant cannot be read: {_why(seen, 'gates')}")
    if seen.gates:
        message = f"mail to {', '.join(unmanaged)} may be refused (5.7.520): {'; '.join(seen.gates)}"
        return Checked("forwards", False, f"{message}; allow them in the Defender portal", FINDINGS)
    return Checked("forwards", True, "may leave the tenant")


def sender_check(table: NoticesTable, seen: Inspection) -> Checked:
    """Without it no notice is sent, and no address whose end must be told of ever ends (D06, tenant-api.md 4.14)."""
    if not table.mailbox:
        return Checked("sender", True, f"{table.sender} needs no mailbox: the notices' kind is {table.kind}")
    if seen.sender == table.sender:
        return Checked("sender", True, f"notices are sent from the mailbox {table.sender}")
    if seen.sender is None:
        message = f"whether {table.sender} has a mailbox cannot be read: {_why(seen, 'sender')}"
    elif not seen.sender:
        message = f"{table.sender} has no mailbox in the tenant, so no notice can be sent: make it a shared mailbox, "
        message += "or name another with [notices] sender"
    else:
        message = f"{table.sender} is another address of {seen.sender}, and Graph sends by the latter name only: "
        message += f'write sender = "{seen.sender}" under [notices]'
    return Checked("sender", False, message, FINDINGS)


def _why(seen: Inspection, part: str) -> str:
    return next((why for name, why in seen.refused if name == part), "not asked")
