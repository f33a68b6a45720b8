"""What carrying a plan out costs: writes by service, and the seconds that they take at the pace of the runner.

The services' seconds are added, so it is the longest that it should take: they also work side by side.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from nexusops.model.changes import (
    CreateMailbox,
    DisableMailbox,
    EnableMailbox,
    Kind,
    PublishRecords,
    RetireRecords,
    kind_of,
)
from nexusops.model.mailboxes import MailboxKind
from nexusops.model.pace import exchange_seconds, graph_seconds, mail_seconds
from nexusops.model.plan import Estimate, Planned
from nexusops.model.steps import SIGNING_STEPS, steps_of

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


def estimate(changes: Iterable[Planned]) -> Estimate:
    """The writes that these changes take, and the seconds that they take at the documented pace."""
    graph = exchange = notices = 0
    for planned in changes:
        kind = kind_of(planned.change)
        notices += kind is Kind.SEND_NOTICE
        graph += _GRAPH.get(kind, 0)
        exchange += _EXCHANGE.get(kind, 0)
        if isinstance(planned.change, CreateMailbox):
            personal = planned.change.mailbox.kind is MailboxKind.PERSONAL
            graph += 2 if personal else 1
            exchange += 0 if personal else 2
        elif isinstance(planned.change, DisableMailbox | EnableMailbox) and planned.change.reply is not None:
            exchange += 1
        elif isinstance(planned.change, PublishRecords | RetireRecords):
            exchange += len([step for step in steps_of(planned.change) if step in SIGNING_STEPS])
    seconds = round(graph_seconds(graph) + exchange_seconds(exchange) + mail_seconds(notices), 1)
    return Estimate(graph_writes=graph, exchange_writes=exchange, seconds=seconds)
