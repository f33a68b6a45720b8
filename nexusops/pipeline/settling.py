"""What an interrupted run left open, settled by looking: the journal then says what is known, and no more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from nexusops.codec import decode_planned
from nexusops.model.changes import Kind, kind_of, target_of
from nexusops.model.journal import Entry, JsonObject, OpenIntent, Phase
from nexusops.model.plan import Planned
from nexusops.model.steps import SIGNING_STEPS
from nexusops.pipeline.inputs import Ports

DONE = "carried out"
NOT_DONE = "not carried out"
BROKE_OFF = "the change broke off in this step, which is taken once more; the next row of it tells what was found then"
SENT_AGAIN = "whether it was sent cannot be read back; it is sent again under the same identity"
NOT_DUE = "whether it was sent cannot be read back; it is not due any more"
_DNS = frozenset({Kind.PUBLISH_RECORDS, Kind.RETIRE_RECORDS})
_STEPWISE = frozenset(
    {Kind.CREATE_MAILBOX, Kind.DISABLE_MAILBOX, Kind.ENABLE_MAILBOX, Kind.GRANT_ACCESS, Kind.REVOKE_ACCESS, *_DNS}
)


def closed(
    ports: Ports, intents: Sequence[OpenIntent], whole: Sequence[Planned], *, run_id: str, actor: str, at: datetime
) -> list[Entry]:
    """The outcome of each open intent. ``whole``: what is planned now, by which the tenant is seen to lack it."""
    again = {(kind_of(one.change).value, target_of(one.change)) for one in whole}
    entries = []
    for intent in intents:
        planned = intent.entry.after if isinstance(intent.entry.after, dict) else {}
        lacking = (planned.get("kind"), planned.get("target")) in again
        found = _found(ports, planned, intent.entry.step, lacking=lacking)
        entries.append(
            replace(
                intent.entry,
                at=at,
                phase=Phase.DONE if found is DONE else Phase.FAILED,
                actor=actor,
                before=None,
                after=None,
                reason=f"settled by run {run_id} by looking: {found}",
            )
        )
    return entries


def _found(ports: Ports, planned: JsonObject, step: str | None, *, lacking: bool) -> str:
    """What is not planned again had been carried out. DNS records are planned from the ledger alone, so they are looked
    at themselves; which of several steps were taken only the next look at each of them tells.
    """
    kind = planned.get("kind")
    if kind == Kind.SEND_NOTICE:
        return SENT_AGAIN if lacking else NOT_DUE
    if not lacking:
        return DONE
    if kind in _DNS and step not in SIGNING_STEPS:
        return DONE if ports.publisher().stands(decode_planned(planned).change) else NOT_DONE
    return BROKE_OFF if kind in _STEPWISE else NOT_DONE
