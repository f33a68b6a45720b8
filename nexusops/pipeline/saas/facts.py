"""What is so now of a request for SaaS mail, as facts (rules.md 2.4)."""

from __future__ import annotations

from collections.abc import Iterator

from nexusops.model.findings import Evidence
from nexusops.model.services import SendingPath, Service, ServiceState
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
    if to_do := left_to_do(row):
        yield Fact(label="to do", value=to_do, rule="R61")


def left_to_do(row: Service) -> str:
    """What is left for people, once the run has done its part; '' where nothing is."""
    if row.state is ServiceState.PROVISIONING and row.path is SendingPath.SERVICE_DOMAIN:
        return (
            f"when the DNS has its records, `nexusops saas verify {row.request_id}` proves it; then set the product to "
            f"send as {row.address}"
        )
    if row.state is ServiceState.PROVISIONING:
        return f"then try `nexusops saas test {row.request_id}`"
    if row.state in (ServiceState.LIVE, ServiceState.REVIEW_DUE) and row.review_on is not None:
        proves = f"`nexusops saas verify {row.request_id}` proves it again"
        return f"its review is due on {row.review_on}: {proves}"
    return ""
