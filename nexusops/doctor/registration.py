"""What ``doctor`` says of the registration data: whether a run would take them, and whether the site is theirs."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from nexusops.codec import instant
from nexusops.doctor.site import LOOKED_AT, misfits
from nexusops.errors import FINDINGS, NexusopsError, SnapshotRefused
from nexusops.model.inspection import Checked
from nexusops.model.units import MailDomain
from nexusops.pipeline.inputs import accepted_tables
from nexusops.wiring import Wired


def line(error: NexusopsError) -> str:
    return str(error).replace("\n", " ")


def registration(site: Wired, at: datetime) -> Iterator[Checked]:
    """The snapshot, and where it can be read how the configuration fits it."""
    found = _snapshot(site, at)
    yield found
    if found.ok:
        yield from _fit(site)


def _fit(site: Wired) -> Iterator[Checked]:
    ports, tables = site.ports, site.ports.registration.read()
    some = tables.slice(sorted(tables.people())[:LOOKED_AT], {})
    wrong = list(misfits(some, ports.policy, ports.site, site.configuration.guard))
    for sentence in wrong:
        yield Checked("site", False, sentence, FINDINGS)
    if not wrong:
        yield Checked(
            "site",
            True,
            f"fits the registration data (units: {len(some.units)}, domains: {len(some.domains)})",
        )


def _snapshot(site: Wired, at: datetime) -> Checked:
    ports = site.ports
    try:
        record = ports.registration.read().record
        defects = ports.gate(record, ports.store.accepted(), at, ports.policy)
    except SnapshotRefused as refused:
        defects = refused.defects
    except NexusopsError as error:
        return Checked("snapshot", False, line(error), FINDINGS)
    if defects:
        return Checked("snapshot", False, "; ".join(f"{one.code}: {one.message}" for one in defects), FINDINGS)
    return Checked("snapshot", True, f"as of {instant(record.as_of)}, {record.rows.get('persons', 0)} people")


def registered_domains(site: Wired) -> Collection[MailDomain]:
    """Those of the registration data, or, where these cannot be read, of the last accepted snapshot."""
    for tables in (site.ports.registration.read, lambda: accepted_tables(site.ports, only=())):
        try:
            return tables().slice((), {}).domains.values()
        except NexusopsError:  # said by the check of the snapshot
            continue
    return ()
