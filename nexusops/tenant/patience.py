"""How long a token is waited for: no longer than anything else of the tenant's (docs/tenant.md)."""

from __future__ import annotations

from typing import Any

from azure.core.pipeline.policies import RetryPolicy

from nexusops.tenant.transport import LONGEST


class Bounded(RetryPolicy[Any, Any]):
    """azure-core's own retries; but it sleeps as long as a Retry-After says, an hour where it says an hour."""

    def is_retry(self, settings: dict[str, Any], response: Any) -> bool:
        asked = self.get_retry_after(response)
        return (asked is None or asked <= LONGEST) and super().is_retry(settings, response)
