"""What has to be given to products, or taken from them: rights to mailboxes, DNS records, signatures (rules.md 2.4)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from nexusops.model.changes import (
    Change,
    GrantAccess,
    OnMailbox,
    PublishRecords,
    RetireRecords,
    RevokeAccess,
    Why,
)
from nexusops.model.dns import SigningStep
from nexusops.model.findings import Evidence
from nexusops.model.ids import Domain
from nexusops.model.ledger import REVOKE, Hold, HoldKind, Ledger
from nexusops.model.mailboxes import LIVE_MAILBOX_STATES, Mailbox
from nexusops.model.services import RUNNING, SendingPath, Service
from nexusops.plan.compare import Draft
from nexusops.rules.services.signing import step_of


def service_drafts(ledger: Ledger, held: Collection[str], publish: str) -> tuple[Draft, ...]:
    """What has to be given or taken away, in the tenant and in DNS. ``held``: requests that cannot be read.
    ``publish``: how the site publishes now, whatever it did when a request began.
    """
    boxes: dict[str, Mailbox] = {}
    for box in sorted(ledger.mailboxes.values(), key=lambda box: box.generation):
        if box.name is not None and box.person_id is None:
            boxes[box.name] = box
    rows = (row for name, row in sorted(ledger.services.items()) if name not in held)
    return tuple(
        Draft(
            name=row.request_id,
            changes=tuple(_changes(row, boxes.get(row.request_id), ledger, publish)),
        )
        for row in rows
    )


def _changes(row: Service, box: Mailbox | None, ledger: Ledger, publish: str) -> Iterator[Change]:
    running = row.state in RUNNING
    why = Why(
        subject=row.request_id,
        rule=row.rule,
        because=row.because,
        evidence=(Evidence(table="services", key=row.request_id),),
    )
    if box is not None and box.state in LIVE_MAILBOX_STATES and running:
        yield from _access(row, box, why, ledger.holds.get((row.request_id, HoldKind.RENEW)))
    held = row.granted or (row.connection if row.app_id is not None else None)
    if box is not None and not running and held is not None:
        yield RevokeAccess(mailbox=OnMailbox.of(box), why=_ended(why), connection=held.value)
    if row.domain is not None:
        yield from _records(row, row.domain, why, step_of(row, ledger.signing), publish)


def _access(row: Service, box: Mailbox, why: Why, renewal: Hold | None) -> Iterator[Change]:
    """Its right to the mailbox, where it is not as it should be, or what it signs in with is to be another (2.4).

    A new secret is owed while the old one is the last that we know of; what leaked is to be withdrawn until that is
    done, whatever the last day of the new one is.
    """
    renew = renewal is not None and renewal.fingerprint == str(row.credential_ends_on)
    withdraw = renewal is not None and renewal.value == REVOKE
    if row.path is not SendingPath.MAILBOX or row.connection is None:
        return
    if row.granted is not row.connection or renew or withdraw:
        asked = f"{renewal.actor} asked for something new to sign in with" if renewal is not None else ""
        told = asked + (f": {renewal.reason}" if renewal is not None and renewal.reason else "")
        yield GrantAccess(
            mailbox=OnMailbox.of(box),
            why=replace(why, because=told, rule="R64") if renew or withdraw else why,
            connection=row.connection.value,
            receives=row.receives,
            certificate=row.certificate,
            signs_in_until=row.credential_ends_on,
            renew=renew,
            withdraw=withdraw,
        )


def _records(row: Service, domain: Domain, why: Why, step: SigningStep, publish: str) -> Iterator[Change]:
    """The DNS of a service domain, and the signatures that go with it (R68, R87). The records come first."""
    if row.state not in RUNNING:
        if row.published:
            yield RetireRecords(
                why=_ended(why),
                domain=domain,
                records=row.published,
                publish_as=publish,
                signs=row.signs,
            )
        return
    changed = (row.records, row.publish_as) != (row.published, row.published_as)
    if changed or step is not SigningStep.NONE:
        yield PublishRecords(
            why=why,
            domain=domain,
            records=row.records,
            publish_as=row.publish_as,
            replaces=row.published,
            signing=SigningStep.NONE if changed and step is SigningStep.ENABLE else step,
        )


def _ended(why: Why) -> Why:
    return Why(
        subject=why.subject,
        rule="R61" if why.rule == "R61" else "R67",
        because="the product no longer sends through it",
        evidence=why.evidence,
    )
