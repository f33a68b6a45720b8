"""What ``doctor`` says of the registration data: whether a run would take them, and whether the site is theirs."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from nexusops.cli.entry import FINDINGS
from nexusops.errors import NexusopsError, SnapshotRefused

if TYPE_CHECKING:
    from nexusops.model.units import MailDomain
    from nexusops.pipeline.doctor import Permissions
    from nexusops.wiring import Wired


class Check(NamedTuple):
    """One line of the answer; ``code`` is the exit code that it calls for."""

    name: str
    ok: bool
    message: str
    code: int = 0
    permissions: Permissions | None = None


def line(error: NexusopsError) -> str:
    return str(error).replace("\n", " ")


def registration(site: Wired, at: datetime) -> Iterator[Check]:
    """The snapshot, and where it can be read how the configuration fits it."""
    found = _snapshot(site, at)
    yield found
    if found.ok:
        yield from _fit(site)


def _fit(site: Wired) -> Iterator[Check]:
    from nexusops.pipeline.doctor_site import LOOKED_AT, misfits

    ports, tables = site.ports, site.ports.registration.read()
    some = tables.slice(sorted(tables.people())[:LOOKED_AT], {})
    wrong = list(misfits(some, ports.policy, ports.site, site.configuration.guard))
    for sentence in wrong:
        yield Check("site", False, sentence, FINDINGS)
    if not wrong:
        yield Check(
            "site",
            True,
            f"fits the registration data (units: {len(some.units)}, domains: {len(some.domains)})",
        )


def _snapshot(site: Wired, at: datetime) -> Check:
    from nexusops.codec import instant

    ports = site.ports
    try:
        record = ports.registration.read().record
        defects = ports.gate(record, ports.store.accepted(), at, ports.policy)
    except SnapshotRefused as refused:
        defects = refused.defects
    except NexusopsError as error:
        return Check("snapshot", False, line(error), FINDINGS)
    if defects:
        return Check("snapshot", False, "; ".join(f"{one.code}: {one.message}" for one in defects), FINDINGS)
    return Check("snapshot", True, f"as of {instant(record.as_of)}, {record.rows.get('persons', 0)} people")


def registered_domains(site: Wired) -> Collection[MailDomain]:
    """Those of the registration data, or, where these cannot be read, of the last accepted snapshot."""
    from nexusops.pipeline.inputs import accepted_tables

    for tables in (site.ports.registration.read, lambda: accepted_tables(site.ports, only=())):
        try:
            return tables().slice((), {}).domains.values()
        except NexusopsError:  # said by the check of the snapshot
            continue
    return ()
