"""What is so now of a request for SaaS mail, as facts (rules.md 2.4)."""

from __future__ import annotations

from collections.abc import Iterator

from nexusops.model.findings import Evidence
from nexusops.model.services import Service
from nexusops.report.explain import Fact
from nexusops.report.services import way_words


def service_facts(row: Service) -> Iterator[Fact]:
    """Its state and way, what it sends from and with, and what is due."""
    evidence = (Evidence(table="services", key=row.request_id),)
    state = row.state.value.replace("_", " ")
    yield Fact(
        label="request", value=state, rule=row.rule or "D37", because=row.because, since=row.since, evidence=evidence
    )
    yield Fact(label="way", value=way_words(row.path, row.connection), rule="D37")
    if row.address is not None:
        yield Fact(label="sends as", value=row.address, rule="R70")
    for record in row.published:
        yield Fact(label="record", value=f"{record.name} {record.type} {record.value}", rule="R68")
    if row.credential_ends_on is not None:
        yield Fact(label="signs in", value=f"until {row.credential_ends_on}", rule="R64")
    if row.verified_on is not None:
        yield Fact(label="proved", value=f"on {row.verified_on}", rule="R61")
    if row.review_on is not None:
        yield Fact(label="review", value=f"due on {row.review_on}", rule="R61")
