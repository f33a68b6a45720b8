"""Requests for SaaS mail: ask which way a product should send, file it, follow it, end it (interface.md 7)."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from nexusops import wiring_dns
from nexusops.config.services import service_path, withdraw_service, write_service
from nexusops.console.answers import Answer, Asked, Forbidden, NotFound, Page, Redirect
from nexusops.console.request_form import FIELDS, in_its_words, request_values
from nexusops.console.roles import Right
from nexusops.console.units import handed_to
from nexusops.errors import NexusopsError, Refused
from nexusops.model.ids import UnitId
from nexusops.model.services import ENDED, RUNNING, Advice, Ruling, Service, ServiceRequest
from nexusops.pipeline.desk import Wish
from nexusops.pipeline.nearby import name_of
from nexusops.pipeline.saas import desk as saas_desk
from nexusops.pipeline.saas.advice import answer
from nexusops.pipeline.saas.plan import plan_of_request
from nexusops.report.sentences import describe
from nexusops.report.services import advice_words
from nexusops.rules.services.ways import slug


def requests_page(asked: Asked) -> Answer:
    """Every request that is filed or known, of the viewer's units."""
    rows = [row for row in saas_desk.listed(asked.site.ports) if asked.viewer.may_in(Right.SEE_REQUESTS, {row.unit_id})]
    return Page(
        template="requests",
        title="SaaS mail",
        here="saas",
        values={
            "rows": rows,
            "may_file": asked.viewer.may(Right.FILE_REQUEST),
            "done": asked.query.get("done", ""),
        },
    )


def new_page(asked: Asked) -> Answer:
    return _form(asked, {})


def advise(asked: Asked) -> Answer:
    """The answer to what the form says, without filing it; what the rules refuse is an answer too."""
    _own_unit(asked)
    try:
        return _form(asked, asked.form, _advice(asked, _draft(asked)))
    except NexusopsError as error:
        return _form(asked, asked.form, trouble=error)


def file_request(asked: Asked) -> Answer:
    """services/ID.toml, as ``saas request`` writes it; the next plan has it."""
    _own_unit(asked)
    request_id = _request_id(asked)
    try:
        path = service_path(asked.site.configuration.folder / "services", request_id)
        known = path.exists() or request_id in {row.request_id for row in saas_desk.listed(asked.site.ports)}
        if not known:
            _written(asked, path)
        elif asked.site.ports.services.get(request_id) != _draft(asked):  # else the form was sent twice
            raise Refused(f"There is another request {request_id} already.", next_step="Choose another id.")
    except NexusopsError as error:
        return _form(asked, asked.form, trouble=error)
    return Redirect(to=f"/saas/{request_id}?done=filed")


def _draft(asked: Asked) -> ServiceRequest:
    """The request that the form would file."""
    with tempfile.TemporaryDirectory(prefix="nexusops-request-") as folder:
        return _written(asked, service_path(Path(folder), _request_id(asked)))


def _written(asked: Asked, path: Path) -> ServiceRequest:
    try:
        return write_service(path, request_values(asked))
    except NexusopsError as error:
        raise in_its_words(error, path) from error


def request_page(asked: Asked) -> Answer:
    """The answer to a request, what has become of it, and the records to publish."""
    ports, request_id = asked.site.ports, asked.path["request"]
    unit_id, request, row = _known(asked)
    planned = plan_of_request(ports, request_id, at=asked.at).changes if request is not None or row is not None else ()
    owner = row.owner_person_id if row is not None else request.owner_person_id if request is not None else None
    states = ports.store.owners([owner] if owner else [])
    return Page(
        template="request",
        title=request.service_name if request is not None else request_id,
        here="saas",
        values={
            "request": request,
            "request_id": request_id,
            "unit_id": unit_id,
            "row": row,
            "problem": ports.faulty_services.get(request_id, ""),
            "owner": [(state.username or state.person_id, name_of(state)) for state in states],
            "coming": handed_to(ports.store, [request_id]).get(request_id),
            "advice": _advice(asked, request) if request is not None else None,
            "planned": [(describe(one.change), one.change.why) for one in planned],
            "records": list(wiring_dns.texts_of(asked.site.configuration, planned)),
            "running": row is not None and row.state in RUNNING,
            "ended": row is not None and row.state in ENDED,
            "may_act": asked.viewer.may_in(Right.FILE_REQUEST, {unit_id}),
            "done": asked.query.get("done", ""),
        },
    )


def retire(asked: Asked) -> Answer:
    """Its end; of what no run has seen, and has nothing yet, the file that was filed goes away."""
    unit_id, _, row = _known(asked)
    _acting_for(asked, unit_id)
    if row is None:
        withdraw_service(service_path(asked.site.configuration.folder / "services", asked.path["request"]))
        return Redirect(to="/saas?done=withdrawn")
    saas_desk.retire(asked.site.ports, asked.path["request"], _wish(asked))
    return Redirect(to=f"/saas/{asked.path['request']}?done=retired")


def hand_over(asked: Asked) -> Answer:
    unit_id, _, _ = _known(asked)
    _acting_for(asked, unit_id)
    to = asked.form.get("to", "").strip().lower()
    if not to:
        raise Refused("The new owner is missing.", next_step="Go back and give their username.")
    saas_desk.handover(asked.site.ports, asked.path["request"], to, _wish(asked))
    return Redirect(to=f"/saas/{asked.path['request']}?done=handed-over")


def _wish(asked: Asked) -> Wish:
    return Wish(actor=asked.viewer.username, reason=asked.reason(), at=asked.at)


def _known(asked: Asked) -> tuple[UnitId, ServiceRequest | None, Service | None]:
    """The request as filed and as the ledger has it; not found where neither is, or it is not the viewer's."""
    ports, request_id = asked.site.ports, asked.path["request"]
    request = ports.services.get(request_id)
    row = ports.store.ledger((), {request_id}).services.get(request_id)
    unit_id = row.unit_id if row is not None else request.unit_id if request is not None else UnitId("")
    known = request is not None or row is not None or request_id in ports.faulty_services
    if not known or not asked.viewer.may_in(Right.SEE_REQUESTS, {unit_id}):
        message = f"There is no request {request_id}, or it is not of your units"
        raise NotFound(message, "Those that are filed stand under SaaS mail; what was withdrawn is gone.")
    return unit_id, request, row


def _acting_for(asked: Asked, unit_id: str) -> None:
    """R30, R62: for the units that one supports."""
    if not asked.viewer.may_in(Right.FILE_REQUEST, {unit_id}):
        raise Forbidden(f"NOT_UNIT_IT: you are not IT staff of {unit_id or 'that unit'}.")


def _own_unit(asked: Asked) -> None:
    _acting_for(asked, asked.form.get("unit_id", ""))


def _request_id(asked: Asked) -> str:
    return asked.form.get("request_id", "").strip() or slug(asked.form.get("service_name", "")) or "request"


def _advice(asked: Asked, request: ServiceRequest) -> Mapping[str, object]:
    with wiring_dns.asked(asked.site.configuration) as dns:
        advice: Advice = answer(
            asked.site.ports, request, asked.at, resolver=dns.resolver, permits=dns.permitted(asked.today)
        )
    approved = advice.ruling is Ruling.APPROVED
    return {"advice": advice, "approved": approved, **advice_words(advice)}


def _form(
    asked: Asked,
    filled: Mapping[str, str],
    advice: Mapping[str, object] | None = None,
    trouble: NexusopsError | None = None,
) -> Answer:
    """The form; after a question with what was filled in and the answer beside it."""
    units = asked.shelf.accepted(asked.site.ports).units
    own = [unit for one, unit in sorted(units.items()) if asked.viewer.may_in(Right.FILE_REQUEST, {one})]
    staff = sorted({row.staff_id for row in asked.shelf.staff(asked.site.ports)})
    return Page(
        template="request_form",
        title="New request for SaaS mail",
        here="saas",
        values={
            "fields": FIELDS,
            "filled": filled,
            "units": own,
            "staff": staff if asked.viewer.everywhere(Right.FILE_REQUEST) else (),
            "advice": advice,
            "trouble": trouble,
        },
        status=422 if trouble is not None else 200,
    )
