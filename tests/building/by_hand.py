"""What staff do to the tenant by hand, beside the toolkit."""

from __future__ import annotations

from typing import Any

from building.killed import KilledSite
from nexusops import wiring
from nexusops.model.ids import PersonId
from nexusops.model.tenant import Wanted
from nexusops.tenant.live import LiveTenant


def exchange(site: KilledSite, person_id: str, cmdlet: str, **parameters: object) -> list[dict[str, Any]]:
    """One cmdlet about a person's mailbox, asked of the embedded tenant."""
    person = PersonId(person_id)
    with wiring.opened(site.folder / "config") as opened:
        tenant = opened.ports.tenant()
        found = tenant.read(Wanted(people={person: None})).people[person]
        assert isinstance(tenant, LiveTenant)
        return list(tenant._run(tenant._exchange.invoke(cmdlet, Identity=found.exchange_guid, **parameters)))
