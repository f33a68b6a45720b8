"""The documented limits of Graph's directory (tenant-api.md 7.1), off unless switched on.

Two token buckets for each application: 3,000 writes in 150 s, 8,000 resource units in 10 s. ``scale`` multiplies the
clock: with 10, a minute's quota comes back in six seconds, and a latency is a tenth; Retry-After stays as the service
says it.
"""

from __future__ import annotations

import math
import re
import time
from dataclasses import dataclass, field

from nexusops.emulator.wire import Answer, Call, inner_error

WRITES, WRITES_SECONDS = 3000.0, 150.0
UNITS, UNITS_SECONDS = 8000.0, 10.0
_COSTS = (
    (re.compile(r"/subscribedSkus"), 3),
    (re.compile(r"/(applications|servicePrincipals)\b"), 2),
    (re.compile(r"/users(/delta)?$"), 2),
    (re.compile(r"/directory/deletedItems/[^/]*$"), 2),
)
_NOT_DIRECTORY = re.compile(r"/(sendMail|mailboxSettings)")


@dataclass(slots=True)
class Bucket:
    """``capacity`` units in any ``seconds``; ``level`` of them are left as of ``at``."""

    capacity: float
    seconds: float
    level: float = 0.0
    at: float = 0.0

    def take(self, cost: float, now: float) -> float:
        """0 where there is enough, else the seconds until there is. What is refused counts all the same (7.2)."""
        rate = self.capacity / self.seconds
        self.level = min(self.capacity, self.level + (now - self.at) * rate)
        self.at = now
        enough = self.level >= cost
        self.level = max(self.level - cost, -self.capacity / 10)
        return 0.0 if enough else max(cost - self.level, cost) / rate

    @property
    def used(self) -> float:
        """How much of the limit is used up (1.0: all)."""
        return 1.0 - self.level / self.capacity


@dataclass(slots=True)
class Throttle:
    """``scale``: how many times as fast as the real clock its own runs."""

    enabled: bool = False
    scale: float = 1.0
    latency_ms: float = 0.0
    buckets: dict[tuple[str, str], Bucket] = field(default_factory=dict)

    def now(self) -> float:
        return time.monotonic() * self.scale

    def pause(self) -> float:
        """Seconds that a request waits before it is answered."""
        return self.latency_ms / 1000 / self.scale

    def refusal(self, call: Call, app_id: str) -> Answer | None:
        """429 with its headers, None where the request passes. Exchange publishes no limits, so has none here."""
        if not self.enabled or not call.path.startswith("/v1.0") or _NOT_DIRECTORY.search(call.path):
            return None
        wait, reason = self._take(app_id, "units", UNITS, UNITS_SECONDS, cost_of(call)), "ResourceUnitLimitExceeded"
        if call.method != "GET":
            writes = self._take(app_id, "writes", WRITES, WRITES_SECONDS, 1)
            wait, reason = (writes, "WriteLimitExceeded") if writes >= wait else (wait, reason)
        if wait == 0:
            return None
        kind = "ReadWrite" if reason.startswith("Resource") else "Write"
        headers = {
            "Retry-After": str(math.ceil(wait)),
            "x-ms-throttle-scope": f"Tenant_Application/{kind}/{app_id}/{call.book.setting('tenant_id')}",
            "x-ms-throttle-information": reason,
            "x-ms-throttle-limit-percentage": f"{self._used(app_id):.1f}",
        }
        inner = {"code": "429", "message": "Please retry after", "status": "429", **inner_error()}
        body = {"error": {"code": "TooManyRequests", "message": "Please retry again later.", "innerError": inner}}
        return Answer(429, body, headers)

    def headers(self, call: Call, app_id: str) -> dict[str, str]:
        """What every answer of the directory says about its cost."""
        headers = {"x-ms-resource-unit": str(cost_of(call))}
        if self.enabled and (used := self._used(app_id)) > 0.8:
            headers["x-ms-throttle-limit-percentage"] = f"{min(used, 1.8):.1f}"
        return headers

    def _take(self, app_id: str, name: str, capacity: float, seconds: float, cost: float) -> float:
        now = self.now()
        bucket = self.buckets.setdefault((app_id, name), Bucket(capacity, seconds, capacity, now))
        return bucket.take(cost, now)

    def _used(self, app_id: str) -> float:
        return max((b.used for (app, _), b in self.buckets.items() if app == app_id), default=0.0)


def cost_of(call: Call) -> int:
    """Resource units: 1 a write; reads by what they read, one less with $select or a small $top, never less than 1."""
    if call.method != "GET":
        return 1
    cost = next((units for pattern, units in _COSTS if pattern.search(call.path)), 1)
    top = call.query.get("$top", "")
    cost -= ("$select" in call.query) + (top.isdigit() and int(top) < 20)
    return max(1, cost + ("$expand" in call.query))
