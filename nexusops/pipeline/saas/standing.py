"""What a request for SaaS mail has already, and what the next run will do about it: no first run comes any more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from nexusops.model.ledger import Ledger
from nexusops.model.mailboxes import Mailbox, MailboxState
from nexusops.model.services import ENDED, RUNNING, Advice, Ruling, SendingPath, Service, ServiceRequest, ServiceState
from nexusops.model.snapshot import Snapshot
from nexusops.pipeline.saas.facts import left_to_do
from nexusops.plan.boxes.judgement import JudgedBox
from nexusops.plan.boxes.mailboxes import judge_boxes
from nexusops.plan.boxes.shelf import latest
from nexusops.plan.service_changes import service_drafts
from nexusops.plan.setting import Setting
from nexusops.report.sentences import describe, published_as
from nexusops.rules.book import Holders


def as_it_stands(
    advice: Advice,
    request: ServiceRequest,
    ledger: Ledger,
    snapshot: Snapshot,
    holders: Holders,
    setting: Setting,
    *,
    filed: bool,
) -> Advice:
    """The advice, with the next step of a request that a run has begun or ended. ``filed``: as it is in services/."""
    name = request.request_id
    row = ledger.services.get(name)
    if row is None or row.state not in (*RUNNING, *ENDED):
        return advice
    (judged,) = judge_boxes({name}, ledger, snapshot, holders, setting)
    box = latest(name, ledger.mailboxes.values())
    steps = list(_steps(name, box, judged, ledger, setting.site.publish))
    said = [advice.next] if advice.ruling is not Ruling.APPROVED and row.state in RUNNING else []
    said += [_place(row, box), _next_run(steps, filed), *_to_do(row, advice, judged)]
    return replace(advice, next=" ".join(said))


def _place(row: Service, box: Mailbox | None) -> str:
    """What it is and has, before that run."""
    if row.state is ServiceState.RETIRED:
        return f"It was retired on {row.since}, and stays so: file another request under another id."
    if row.state is ServiceState.RETIRING:
        return f"Its retirement was asked for on {row.since}."
    if row.path is SendingPath.MAILBOX:
        there = box is not None and box.state is not MailboxState.PENDING
        has = f"the mailbox {row.request_id} sends as {row.address}" if there else "its mailbox is still to be made"
        has += f", and its application signs in until {row.credential_ends_on}" if row.credential_ends_on else ""
    else:
        records = f"the DNS records of {row.domain}"
        way = f"{records} were handed over as {published_as(row.published_as)}"
        has = way if row.published else f"{records} are still to be published"
    return f"It {_STANDS[row.state].format(since=row.live_on or row.since)}: {has}."


_STANDS = {
    ServiceState.PROVISIONING: "is being set up",
    ServiceState.LIVE: "has been live since {since}",
    ServiceState.REVIEW_DUE: "has been live since {since}, and is due for review",
}


def _steps(name: str, box: Mailbox | None, judged: JudgedBox, ledger: Ledger, publish: str) -> Iterator[str]:
    boxes = {row.key: row for row in judged.rows if isinstance(row, Mailbox)}
    services = {row.request_id: row for row in judged.rows if isinstance(row, Service)}
    after = replace(ledger, mailboxes={**ledger.mailboxes, **boxes}, services={**ledger.services, **services})
    made = latest(name, after.mailboxes.values())
    if made is not None and made.state is MailboxState.PENDING:
        yield f"make the mailbox {name}"
    for draft in service_drafts(after, (), publish):
        for change in draft.changes if draft.name == name else ():
            sentence = describe(change).removesuffix(".")
            yield sentence[0].lower() + sentence[1:]
    if box is not None and box.live and made is not None and not made.live:
        yield f"delete the mailbox {name}"


def _next_run(steps: list[str], filed: bool) -> str:
    if not steps:
        return "The next run has nothing to do for it."
    return f"{'The next run' if filed else 'Filed so, the next run'} will {', then '.join(steps)}."


def _to_do(row: Service, advice: Advice, judged: JudgedBox) -> Iterator[str]:
    """What is left for people."""
    for finding in judged.findings:
        if finding.code not in advice.codes:
            yield f"{finding.code}: {finding.message}."
    reviewed = any(finding.code == "REVIEW_DUE" for finding in judged.findings)
    if (to_do := left_to_do(row)) and not reviewed:
        yield f"{to_do[0].upper()}{to_do[1:]}."
