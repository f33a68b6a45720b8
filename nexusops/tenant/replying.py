"""A mailbox's automatic reply, read, set and set back (D08; tenant-api.md 4.15), through Exchange: it needs no
permission beyond those of the other steps.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from nexusops.model.changes import DisableMailbox, EnableMailbox
from nexusops.model.journal import Step, StepOutcome
from nexusops.model.mailboxes import AutomaticReply
from nexusops.tenant.acting import Site, done
from nexusops.tenant.faults import FaultClass, TenantFault

SCHEDULED = "Scheduled"


def closed(text: str) -> AutomaticReply:
    """What a disabled mailbox says, to everybody."""
    return AutomaticReply(state="Enabled", audience="All", internal=text, external=text)


async def reply_of(site: Site, guid: str) -> AutomaticReply:
    """The reply as it is set now."""
    rows = await site.exchange.looked("Get-MailboxAutoReplyConfiguration", Identity=guid)
    if len(rows) != 1:
        raise TenantFault(FaultClass.BUG, f"Exchange answered with {len(rows)} rows for one mailbox")
    row = rows[0]
    return AutomaticReply(
        state=str(row.get("AutoReplyState") or "Disabled"),
        audience=str(row.get("ExternalAudience") or "All"),
        internal=row.get("InternalMessage") or "",
        external=row.get("ExternalMessage") or "",
        start=row.get("StartTime"),
        end=row.get("EndTime"),
    )


async def answer_with(
    site: Site, step: Step, change: DisableMailbox | EnableMailbox, wanted: AutomaticReply
) -> StepOutcome:
    """Sets the reply, unless the mailbox has it already."""
    row = await site.mailbox(change.mailbox)
    before = await reply_of(site, row.guid)
    if not _says(before, wanted):

        async def look() -> bool:
            return _says(await reply_of(site, row.guid), wanted)

        await site.write(
            lambda: site.exchange.invoke("Set-MailboxAutoReplyConfiguration", Identity=row.guid, **_parameters(wanted)),
            look,
        )
    return done(step, asdict(before), asdict(wanted), exchange_guid=row.guid)


def _says(found: AutomaticReply, wanted: AutomaticReply) -> bool:
    """Exchange wraps a plain text into a page of its own, so that the text is within what it gives back."""
    if (found.state, found.audience) != (wanted.state, wanted.audience):
        return False
    return wanted.internal in found.internal and wanted.external in found.external


def _parameters(wanted: AutomaticReply) -> dict[str, Any]:
    """The times of a scheduled reply go back as they came: how Exchange reads them in JSON is UNSOURCED."""
    times = {"StartTime": wanted.start, "EndTime": wanted.end} if wanted.state == SCHEDULED else {}
    return {
        "AutoReplyState": wanted.state,
        "ExternalAudience": wanted.audience,
        "InternalMessage": wanted.internal,
        "ExternalMessage": wanted.external,
        **times,
    }
