"""What the DNS had said at a run, as far as the end of that run tells: its answers are kept nowhere (rules.md 4e)."""

from __future__ import annotations

from collections.abc import Iterable

from nexusops.model.dns_spf import Note
from nexusops.model.journal import RowChange
from nexusops.model.services import NOT_ASKED, DnsFacts, Service, ServiceRequest, ServiceState
from nexusops.pipeline.inputs import Deciding
from nexusops.pipeline.saas.dns import refused
from nexusops.pipeline.watching import Looked
from nexusops.rules.services.records import spf_record
from nexusops.rules.services.watch import is_watched
from nexusops.rules.services.ways import may_ask

_SAID = Note(code="DNS_DIFFERS", message="the DNS was not as it should be")


def told_at(ports: Deciding, rows: Iterable[RowChange]) -> Looked:
    """``rows``: what that run promised; ``ports`` are those of the replay just before it."""
    before = ports.store.ledger((), set(ports.services)).services
    ends = {change.after.request_id: change.after for change in rows if isinstance(change.after, Service)}
    after = {**before, **ends}
    watched = [name for name, row in before.items() if is_watched(row)]
    asked = [request for request in ports.services.values() if may_ask(request)]
    return Looked(
        notes={name: (_SAID,) if after[name].state is ServiceState.REVIEW_DUE else () for name in watched},
        requests={one.request_id: _facts(one, after.get(one.request_id), ports) for one in asked},
    )


def _facts(request: ServiceRequest, row: Service | None, ports: Deciding) -> DnsFacts:
    """Refused: it waits, or what it has is not what its file asks for."""
    if row is None:
        return NOT_ASKED
    planned = spf_record(request, ports.site, ports.policy)
    kept = bool(row.published) and planned not in {one.value for one in row.records}
    if not (row.state is ServiceState.NEEDS_INFO or kept):
        return NOT_ASKED
    return DnsFacts(spf=refused("", (_SAID,)))
