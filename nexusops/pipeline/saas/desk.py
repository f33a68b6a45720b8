"""What local IT staff record about a request that runs: a new owner, its end, its proof (rules.md 2.4; D31).

A wish is carried out by the next run; a proof counts at once, for it changes nothing but the ledger.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from nexusops.errors import Refused
from nexusops.model.dates import local_date
from nexusops.model.findings import Severity, box_scope
from nexusops.model.ids import PersonId
from nexusops.model.journal import RowChange
from nexusops.model.ledger import REVOKE, Hold, HoldKind, Ledger
from nexusops.model.mailboxes import Mailbox
from nexusops.model.services import ENDED, RUNNING, SendingPath, Service, ServiceState
from nexusops.pipeline import desk
from nexusops.pipeline.desk import Told, Wish
from nexusops.pipeline.inputs import Ports
from nexusops.plan.boxes.shelf import latest
from nexusops.report.services import Listed
from nexusops.rules.services.life import ended, verified


def listed(ports: Ports) -> tuple[Listed, ...]:
    """Every request that is filed or known, in the order of their ids."""
    ledger = ports.store.ledger((), {*ports.services, *ports.faulty_services, *ports.store.known_boxes()})
    problems: dict[str, str] = dict(ports.faulty_services)
    for finding in ports.store.findings(None):
        row = ledger.services.get(finding.subject)
        reviewed = row is not None and row.state is ServiceState.LIVE and finding.code == "REVIEW_DUE"
        known = row is not None or finding.subject in ports.services
        if known and finding.severity is not Severity.INFO and not reviewed:
            problems.setdefault(finding.subject, f"{finding.code}: {finding.message}")
    names = sorted({*ports.services, *ports.faulty_services, *ledger.services})
    rows = [_listed(name, ports, ledger.services.get(name), problems.get(name, "")) for name in names]
    owners = ports.store.owners({PersonId(row.owner) for row in rows if row.owner})
    called = {state.person_id: state.username or "" for state in owners}
    return tuple(replace(row, username=called.get(PersonId(row.owner), "")) for row in rows)


def _listed(name: str, ports: Ports, row: Service | None, problem: str) -> Listed:
    request = ports.services.get(name)
    owner = row.owner_person_id if row is not None else request.owner_person_id if request is not None else None
    state = row.state.value if row is not None else "faulty" if request is None else "submitted"
    return Listed(
        request_id=name,
        service_name=request.service_name if request is not None else "",
        unit_id=row.unit_id if row is not None else request.unit_id if request is not None else "",
        owner=owner or "",
        path=row.path.value if row is not None else "",
        state=state,
        address=(row.address or "") if row is not None else "",
        review_on=row.review_on if row is not None else None,
        credential_ends_on=row.credential_ends_on if row is not None else None,
        problem=problem,
    )


def handover(ports: Ports, request_id: str, to: str, wish: Wish) -> Told:
    """D31: another owner answers for it; holds until the request names another one."""
    row = _not_ended(ports, request_id)
    if row.path is SendingPath.MAILBOX:
        return replace(desk.handover(ports, request_id, to, wish), action="saas handover")
    person_id = desk.eligible_owner(ports, to)
    request = ports.services.get(request_id)
    hold = Hold(
        subject=request_id,
        kind=HoldKind.HANDOVER,
        fingerprint=(request.owner_person_id or "") if request is not None else "",
        actor=wish.actor,
        reason=wish.reason,
        value=person_id,
    )
    before = ports.store.ledger((), {request_id}).holds.get((request_id, HoldKind.HANDOVER))
    desk.commit(ports, "saas handover", wish, (_change(before, hold),), box_scope(request_id))
    return Told(action="saas handover", object=request_id, message=f"the next run hands {request_id} over to {to}")


def retire(ports: Ports, request_id: str, wish: Wish) -> Told:
    """2.4, live to retiring: the next run takes away what it was given, and deletes its mailbox."""
    row = _not_ended(ports, request_id)
    if row.state not in RUNNING:
        raise Refused(
            f"{request_id} has been given nothing yet.",
            next_step=f"Take services/{request_id}.toml away instead; `nexusops plan` shows what follows.",
        )
    ending = replace(
        ended(row, _today(ports, wish)), state=ServiceState.RETIRING, because=f"the product was dropped: {wish.reason}"
    )
    desk.commit(ports, "saas retire", wish, (_change(row, ending),), box_scope(request_id))
    message = f"the next run retires {request_id}: what it sends with is taken away"
    return Told(action="saas retire", object=request_id, message=message)


def renew(ports: Ports, request_id: str, wish: Wish, *, revoke: bool = False) -> Told:
    """2.4: before what the application signs in with ends; the old one works on until then. ``revoke``: it leaked, and
    ends as soon as the new one is handed over; of certificates only the one that is filed stays.
    """
    row = _not_ended(ports, request_id)
    if row.path is not SendingPath.MAILBOX or row.state not in RUNNING or row.app_id is None:
        raise Refused(f"{request_id} has no application that signs in.", next_step="See `nexusops saas list`.")
    if row.certificate and not revoke:
        raise Refused(
            f"{request_id} signs in with a certificate of its own.",
            next_step="Put the new certificate in place of the old one in services/; the next `nexusops run` "
            "uploads it.",
        )
    before = ports.store.ledger((), {request_id}).holds.get((request_id, HoldKind.RENEW))
    revoke = revoke or (before is not None and before.value == REVOKE)
    hold = Hold(
        subject=request_id,
        kind=HoldKind.RENEW,
        fingerprint=str(row.credential_ends_on),
        actor=wish.actor,
        reason=wish.reason,
        value=REVOKE if revoke else "",
    )
    desk.commit(ports, "saas renew", wish, (_change(before, hold),), box_scope(request_id))
    return Told(action="saas renew", object=request_id, message=_renewed(row, revoke=revoke))


_AT_ONCE = "do not wait for it: `nexusops run saas_mailboxes`"


def _renewed(row: Service, *, revoke: bool) -> str:
    name = row.request_id
    if revoke and row.certificate:
        return f"the next run leaves {name} the certificate in services/ alone; {_AT_ONCE}"
    message = f"the next run hands a new secret over for {name}"
    return (
        f"{message}, then withdraws all others; {_AT_ONCE}" if revoke else f"{message}; the old one works until it ends"
    )


def proved(ports: Ports, request_id: str, wish: Wish) -> Service:
    """2.4: somebody has proved it; provisioning becomes live, and the next review is a year on."""
    row, box = known(ports, request_id)
    after = verified(row, box, ports.policy, _today(ports, wish))
    if after != row:
        desk.commit(ports, "saas verify", wish, (_change(row, after),), box_scope(request_id))
    return after


def known(ports: Ports, request_id: str) -> tuple[Service, Mailbox | None]:
    """The row of a request that a run has seen, with its mailbox. Raises Refused where there is none."""
    ledger: Ledger = ports.store.ledger((), {request_id})
    row = ledger.services.get(request_id)
    if row is None and request_id in ports.faulty_services:
        raise Refused(
            f"The request {request_id} cannot be read: {ports.faulty_services[request_id]}",
            next_step="Then make a run with `nexusops run`.",
        )
    if row is None:
        if request_id not in ports.services:
            step = "See `nexusops saas list` for those that are filed."
            raise Refused(f"There is no request {request_id}.", next_step=step)
        raise Refused(
            f"No run has seen the request {request_id} yet: it has nothing so far.",
            next_step=f"To withdraw it take services/{request_id}.toml away; else make a run with `nexusops run`.",
        )
    return row, latest(request_id, ledger.mailboxes.values())


def _not_ended(ports: Ports, request_id: str) -> Service:
    row, _ = known(ports, request_id)
    if row.state in ENDED:
        raise Refused(f"{request_id} is {row.state.value} already.", next_step="See `nexusops saas list`.")
    return row


def _change(before: Hold | Service | None, after: Hold | Service) -> RowChange:
    return RowChange(before=before, after=after, rule="R61" if isinstance(after, Service) else "D31")


def _today(ports: Ports, wish: Wish) -> date:
    return local_date(wish.at, ports.policy.time.zone)
