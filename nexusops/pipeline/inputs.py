"""What the line works through."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from nexusops.codec import hash_of
from nexusops.errors import Refused
from nexusops.job import Job
from nexusops.model.changes import Kind
from nexusops.model.frozen import frozen
from nexusops.model.ids import PersonId
from nexusops.model.policy import Policy
from nexusops.model.progress import Watch, unwatched
from nexusops.model.services import ServiceRequest
from nexusops.model.site import Site
from nexusops.plan.guard import GuardLimits
from nexusops.ports import (
    Gate,
    Memory,
    Notifier,
    Publisher,
    Registration,
    SnapshotTables,
    Store,
    Tenant,
    TenantSight,
)

if TYPE_CHECKING:
    from nexusops.pipeline.watching import Looked, Watching


@frozen
class ConfigTexts:
    """The configuration as it stood, kept with each run."""

    policy: str
    services: str
    config: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deciding:
    """What a decision is made from. The tenant is opened when something is to be read."""

    store: Memory
    registration: Registration
    tenant: Callable[[], TenantSight]
    jobs: Mapping[str, Job]
    policy: Policy
    site: Site
    guard: GuardLimits
    services: Mapping[str, ServiceRequest]
    faulty_services: Mapping[str, str]
    """Requests that cannot be read, with what is wrong: they are held back, and nothing of theirs is ended."""
    watching: Watching | None = None
    """How the DNS of service domains is asked; None: it is not."""
    told: Looked | None = None
    """What the DNS said, where a run is only imagined, or done again."""
    program_version: str = ""
    boxes: frozenset[str] | None = None
    """Of what hangs on others (its owner, a domain that ends) only these are judged; None: all of it."""

    @property
    def policy_hash(self) -> str:
        return hash_of(self.policy)

    @property
    def services_hash(self) -> str:
        """Over the requests, and over what of the site stands in their DNS records."""
        dns = [self.site.spf_include, self.site.standard_mx, self.site.publish]
        return hash_of([sorted(self.services.items()), sorted(self.faulty_services.items()), dns])

    def job_of_kinds(self) -> dict[Kind, str]:
        """Which job carries a kind; every kind belongs to one."""
        return {kind: job.name for job in self.jobs.values() for kind in job.kinds}

    def kinds_of(self, jobs: Sequence[str]) -> frozenset[Kind]:
        """The kinds that these jobs may carry out; all of them where none is named."""
        if not jobs:
            return frozenset(Kind)
        return frozenset(kind for name in jobs for kind in self.jobs[name].kinds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports(Deciding):
    """All adapters and values of one site. Tenant, notifier and publisher are opened when there is something to do."""

    store: Store
    gate: Gate
    tenant: Callable[[], Tenant]
    notifier: Callable[[datetime], Notifier]
    """For notices of a run at that instant."""
    publisher: Callable[[], Publisher]
    texts: ConfigTexts
    watch: Watch = unwatched
    """Who is told how far a run has come."""


def accepted_tables(ports: Deciding, only: Collection[PersonId] | None = None) -> SnapshotTables:
    """The last accepted snapshot; with ``only``, these people's rows alone. Raises Refused where there is none yet."""
    last = ports.store.accepted()
    if last is None:
        raise Refused(
            "No snapshot has been accepted yet.",
            next_step="Make a run with `nexusops run`; only `nexusops simulate --snapshot DIR` needs none.",
        )
    return ports.registration.unpack(ports.store.tables(last.sha256), only)
