"""One command as OpenTelemetry has it, over OTLP/HTTP: a trace of one span, counts of this run, and where the site is.

Sent once, when the command has ended; no thread works beside it, and no answer within ten seconds is a failure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import Counter, MeterProvider
from opentelemetry.sdk.metrics.export import AggregationTemporality, InMemoryMetricReader, MetricExportResult
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Status, StatusCode

from nexusops.model.health import Health, LockOwner

if TYPE_CHECKING:
    from nexusops.config import Configuration
    from nexusops.telemetry import Ended

SECONDS = 10.0
REFUSALS: Mapping[int, str] = {
    2: "configuration",
    3: "snapshot",
    4: "guard",
    7: "stale",
    8: "tenant",
    9: "state",
}
"""What a command refused, or was refused by, before it did anything (interface.md 1)."""


def export(ended: Ended, configuration: Configuration) -> bool:
    """Whether the collector has taken both."""
    table = configuration.settings.otel
    secret = configuration.secret("otel.authorization")
    headers = {"authorization": secret.read()} if secret else None
    certificate = str(configuration.path(table.ca_bundle)) if table.ca_bundle else None
    resource = Resource(
        {"service.name": "nexusops", "service.version": ended.program_version, "nexusops.site": ended.site}
    )
    base = table.endpoint.rstrip("/")
    spans = OTLPSpanExporter(f"{base}/v1/traces", certificate_file=certificate, headers=headers, timeout=SECONDS)
    metrics = OTLPMetricExporter(f"{base}/v1/metrics", certificate_file=certificate, headers=headers, timeout=SECONDS)
    try:
        if spans.export(_spans(ended, resource)) is not SpanExportResult.SUCCESS:
            return False
        return _exported(metrics, ended, resource)
    finally:
        spans.shutdown()  # type: ignore[no-untyped-call]
        metrics.shutdown()


def _spans(ended: Ended, resource: Resource) -> tuple[ReadableSpan, ...]:
    kept = InMemorySpanExporter()
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    tracer = provider.get_tracer("nexusops", ended.program_version)
    span = tracer.start_span(f"nexusops {ended.command}", start_time=_nanoseconds(ended.began))
    span.set_attributes({"nexusops.exit_code": ended.code, "nexusops.steps": ended.acts.steps.total()})
    run = ended.health.run if ended.health is not None else None
    if run is not None:
        span.set_attributes({"nexusops.run.result": run.result, "nexusops.run.changes": run.changes})
    if ended.code:
        span.set_status(Status(StatusCode.ERROR, REFUSALS.get(ended.code, f"exit code {ended.code}")))
    span.end(end_time=_nanoseconds(ended.ended))
    return kept.get_finished_spans()


def _exported(exporter: OTLPMetricExporter, ended: Ended, resource: Resource) -> bool:
    """Counts are of this command alone (delta): the next one is another process."""
    reader = InMemoryMetricReader(preferred_temporality={Counter: AggregationTemporality.DELTA})
    provider = MeterProvider([reader], resource, shutdown_on_exit=False)
    meter = provider.get_meter("nexusops", ended.program_version)
    for name, unit, said, number, attributes in _counts(ended):
        meter.create_counter(name, unit, said).add(number, attributes)
    if ended.health is not None:
        for name, unit, said, value, attributes in _gauges(ended.health):
            meter.create_gauge(name, unit, said).set(value, attributes)
    told = reader.get_metrics_data()
    provider.shutdown()
    return told is not None and exporter.export(told) is MetricExportResult.SUCCESS


Sample = tuple[str, str, str, float, dict[str, str | int]]
"""Name, unit, description, value, attributes."""


def _counts(ended: Ended) -> Iterator[Sample]:
    of: dict[str, str | int] = {"command": ended.command, "exit_code": ended.code}
    yield "nexusops.runs", "{run}", "Commands that act, by how they ended.", 1, of
    if ended.code in REFUSALS:
        reason: dict[str, str | int] = {"command": ended.command, "reason": REFUSALS[ended.code]}
        yield "nexusops.refusals", "{run}", "Commands that were refused before they did anything.", 1, reason
    for (kind, step, result), number in ended.acts.steps.items():
        said = "Steps of changes that ended, by what became of them."
        yield "nexusops.steps", "{step}", said, number, {"kind": kind, "step": step, "result": result}
    for status, number in ended.acts.throttled.items():
        yield "nexusops.throttled", "{answer}", "Answers that told us to wait.", number, {"status": status}


def _gauges(health: Health) -> Iterator[Sample]:
    for name, said, at in (
        ("nexusops.snapshot.age", "Since the last good snapshot was exported.", health.snapshot_as_of),
        ("nexusops.last_good_run.age", "Since a run did all that it had planned.", health.good_at),
    ):
        if at is not None:
            yield name, "s", said, (health.at - at).total_seconds(), {}
    dead = health.lock is not None and health.lock.owner is LockOwner.DEAD
    for name, said, number in (
        ("nexusops.open_intents", "Steps that were begun and not ended.", health.open_intents),
        ("nexusops.unfinished", "People and mailboxes that have to be looked at again.", len(health.unfinished)),
        ("nexusops.overdue", "Ends whose day has passed.", health.overdue),
        ("nexusops.notices_owed", "Notices that are due and not sent.", health.notices_owed),
        ("nexusops.live_mailboxes", "Mailboxes that are neither disabled nor deleted.", health.live_mailboxes),
        ("nexusops.licences", "Personal mailboxes that hold a licence.", health.licences),
        ("nexusops.problems", "Problems that `nexusops health` tells.", len(health.problems)),
        ("nexusops.lock_dead", "Whether a command died while it held the state.", int(dead)),
    ):
        yield name, "1", said, number, {}
    for (code, severity), number in health.findings.items():
        yield (
            "nexusops.findings",
            "{finding}",
            "Findings of the last run.",
            number,
            {"code": code, "severity": severity},
        )


def _nanoseconds(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000) * 1000
