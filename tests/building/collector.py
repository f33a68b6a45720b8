"""A stand-in for an OpenTelemetry collector: takes OTLP over HTTP on this machine, and decodes what it was given."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(slots=True)
class Collector:
    """``url`` is what [otel] endpoint names; ``status`` what it answers with."""

    url: str = ""
    status: int = 200
    headers: list[str | None] = field(default_factory=list)
    taken: dict[str, list[bytes]] = field(default_factory=dict)

    def spans(self) -> list[tuple[str, dict[str, Any]]]:
        """Name and attributes of each."""
        found = []
        for body in self.taken.get("/v1/traces", ()):
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                for scope in resource.scope_spans:
                    found += [(span.name, _attributes(span.attributes)) for span in scope.spans]
        return found

    def metrics(self) -> dict[str, list[tuple[dict[str, Any], float]]]:
        """Name -> its points, as attributes and value."""
        found: dict[str, list[tuple[dict[str, Any], float]]] = {}
        for body in self.taken.get("/v1/metrics", ()):
            for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                for scope in resource.scope_metrics:
                    for metric in scope.metrics:
                        points = (metric.sum if metric.HasField("sum") else metric.gauge).data_points
                        found.setdefault(metric.name, []).extend(
                            (_attributes(p.attributes), _number(p)) for p in points
                        )
        return found


def _number(point: Any) -> float:
    return float(point.as_int if point.HasField("as_int") else point.as_double)


def _attributes(pairs: Any) -> dict[str, Any]:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in pairs}


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            collector.headers.append(self.headers.get("authorization"))
            whole = gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body
            collector.taken.setdefault(self.path, []).append(whole)
            self.send_response(collector.status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
    collector.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield collector
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
