"""The one place where configuration becomes real adapters. Plain arguments, nothing at import time, the tenant lazily."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import TYPE_CHECKING

from nexusops.config import Configuration, load
from nexusops.errors import UsageError
from nexusops.job import Job

if TYPE_CHECKING:
    from nexusops.pipeline import Ports
    from nexusops.ports import Notifier, Registration, Store, Tenant

JOBS = "nexusops.jobs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wired:
    """A site: its configuration, and the ports that the pipeline works through."""

    configuration: Configuration
    ports: Ports

    def check_jobs(self, names: Sequence[str]) -> None:
        """Raises UsageError for a job that does not exist."""
        for name in names:
            if name not in self.ports.jobs:
                near = difflib.get_close_matches(name, self.ports.jobs, n=1, cutoff=0.0)
                raise UsageError(
                    f"There is no job {name!r}. The nearest one is {near[0]}.",
                    next_step="See `nexusops jobs list`.",
                )


@contextmanager
def opened(folder: Path, *, snapshot: Path | None = None) -> Iterator[Wired]:
    """The site of a configuration folder, closed at the end. ``snapshot`` overrides the registration source."""
    configuration = load(folder)
    with ExitStack() as closing:
        yield Wired(configuration=configuration, ports=_ports(configuration, snapshot, closing))


@cache
def jobs() -> dict[str, Job]:
    """The job declarations by name, in the order of their names, from the entry-point group ``nexusops.jobs``."""
    found = sorted((entry.load() for entry in entry_points(group=JOBS)), key=lambda job: job.name)
    if not found:
        raise UsageError(
            "No jobs are installed.", next_step="Install nexusops with its jobs: `pip install .` in its folder."
        )
    return {job.name: job for job in found}


def _ports(configuration: Configuration, snapshot: Path | None, closing: ExitStack) -> Ports:
    from nexusops.pipeline import ConfigTexts, Ports
    from nexusops.registration import gate

    store = open_store_of(configuration)
    closing.callback(store.close)

    @cache
    def tenant() -> Tenant:
        opened_tenant = tenant_of(configuration)
        closing.callback(opened_tenant.close)
        return opened_tenant

    @cache
    def notifier() -> Notifier:
        channel = notifier_of(configuration, tenant)
        closing.callback(channel.close)
        return channel

    return Ports(
        store=store,
        registration=registration_of(configuration, snapshot),
        gate=gate,
        tenant=tenant,
        notifier=notifier,
        jobs=jobs(),
        policy=configuration.policy,
        site=configuration.site,
        guard=configuration.guard.limits,
        services=configuration.services,
        texts=ConfigTexts(
            policy=configuration.text("policy.toml"),
            services=configuration.services_text(),
            config=configuration.text("nexusops.toml") + "\n" + configuration.text("guard.toml"),
        ),
        program_version=version("nexusops"),
    )
