"""What carrying a plan out costs: writes by service, and the seconds of the documented pace (tenant-api.md 7.1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from nexusops.model.changes import CreateMailbox, Kind, kind_of
from nexusops.model.mailboxes import MailboxKind
from nexusops.model.plan import Estimate, Planned

_GRAPH: Mapping[Kind, int] = {
    Kind.ENABLE_MAILBOX: 1,
    Kind.DISABLE_MAILBOX: 2,
    Kind.DELETE_MAILBOX: 1,
    Kind.RESTORE_MAILBOX: 1,
    Kind.SEND_NOTICE: 1,
    Kind.GRANT_ACCESS: 2,
    Kind.REVOKE_ACCESS: 1,
}
_EXCHANGE: Mapping[Kind, int] = {
    Kind.ENABLE_MAILBOX: 2,
    Kind.DISABLE_MAILBOX: 2,
    Kind.ADD_ADDRESS: 1,
    Kind.REMOVE_ADDRESS: 1,
    Kind.SET_SENDER: 1,
    Kind.SET_FORWARD: 1,
    Kind.CLEAR_FORWARD: 1,
    Kind.GRANT_ACCESS: 3,
    Kind.REVOKE_ACCESS: 2,
}
SECONDS_A_GRAPH_WRITE = 0.05
"""3,000 writes in 150 s for one application in one tenant."""
SECONDS_AN_EXCHANGE_WRITE = 0.5
"""No published number: two writes a second is what others run with."""


def estimate(changes: Iterable[Planned]) -> Estimate:
    graph = exchange = 0
    for planned in changes:
        kind = kind_of(planned.change)
        graph += _GRAPH.get(kind, 0)
        exchange += _EXCHANGE.get(kind, 0)
        if isinstance(planned.change, CreateMailbox):
            personal = planned.change.mailbox.kind is MailboxKind.PERSONAL
            graph += 2 if personal else 1
            exchange += 0 if personal else 2
    seconds = round(graph * SECONDS_A_GRAPH_WRITE + exchange * SECONDS_AN_EXCHANGE_WRITE, 1)
    return Estimate(graph_writes=graph, exchange_writes=exchange, seconds=seconds)
