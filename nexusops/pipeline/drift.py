"""Where the tenant differs from the ledger. Reads both whole, and writes neither."""

from __future__ import annotations

from datetime import datetime

from nexusops.pipeline.inputs import Ports
from nexusops.pipeline.sight import everything
from nexusops.plan.drift import Drift, differences


def drift(ports: Ports, *, at: datetime) -> Drift:
    """Raises TenantUnreadable where the tenant cannot be read whole: a part of it would look like a difference."""
    ledger = ports.store.ledger(None, None)
    actual = ports.tenant().read(everything(ledger))
    found = differences(ledger, actual, ports.site, ports.store.unfinished())
    return Drift(at=at, site=ports.site.name, serial=ledger.serial, mailboxes=len(ledger.mailboxes), differences=found)
