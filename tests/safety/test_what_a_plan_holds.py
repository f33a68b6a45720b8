"""A whole plan holds registration data no longer than it reads them: they are as large as all that it makes of them."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from building.killed import DAYS, KilledSite

from nexusops import wiring
from nexusops.job import Job
from nexusops.pipeline.decide import make_plan
from nexusops.ports import Registration, SnapshotTables


@dataclass
class Remembering:
    """Registration that knows whether anybody holds what it last gave."""

    registration: Registration
    given: list[Callable[[], object]] = field(default_factory=list)

    def read(self) -> SnapshotTables:
        tables = self.registration.read()
        self.given.append(weakref.ref(tables))
        return tables

    def __getattr__(self, name: str) -> Any:
        return getattr(self.registration, name)


@dataclass
class Asked(Mapping[str, Job]):
    """The jobs, which are asked for when everybody has been judged."""

    jobs: Mapping[str, Job]
    registration: Remembering
    held: list[bool] = field(default_factory=list)

    def __getitem__(self, name: str) -> Job:
        return self.jobs[name]

    def __len__(self) -> int:
        return len(self.jobs)

    def __iter__(self) -> Iterator[str]:
        self.held.append(any(given() is not None for given in self.registration.given))
        return iter(self.jobs)


def test_the_registration_data_are_gone_when_everybody_has_been_judged(fresh: KilledSite) -> None:
    with wiring.opened(fresh.folder / "config", snapshot=fresh.folder / DAYS[1][:10]) as opened:
        registration = Remembering(opened.ports.registration)
        jobs = Asked(opened.ports.jobs, registration)
        ports = replace(opened.ports, registration=registration, jobs=jobs)
        plan = make_plan(ports, at=datetime.fromisoformat(DAYS[1]))
    assert (bool(plan.changes), len(registration.given), set(jobs.held)) == (True, 1, {False})
