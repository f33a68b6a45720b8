"""The name part of a case: requests, overrides, and the base of the local part (R5, R14, R37; D13-D15, D24, D25)."""

from __future__ import annotations

from dataclasses import replace

from nexusops.model.findings import Evidence, Severity
from nexusops.model.frozen import altered
from nexusops.model.ledger import NameDecision, NameOverride, NamePart, RequestOutcome
from nexusops.model.people import Card, NameRequest
from nexusops.plan.people.case import Case
from nexusops.plan.setting import Setting
from nexusops.rules.naming import form_name
from nexusops.rules.requests import DIMINUTIVES, Decision, decide, overrides_for, still_good

TRUNCATED = "NAME_TRUNCATED"
MESSAGES = {
    "NAME_NOT_LATIN": "the name on the card is not in Latin letters, so no first.last address can be formed",
    "NAME_INCOMPLETE": "the card has no personal or no family name, so no first.last address can be formed",
    TRUNCATED: "the name is too long and was shortened",
    "NAME_CONTROL_CHARS": "the name on the card contains invisible characters, which were dropped",
}


def settle_names(case: Case, card: Card, setting: Setting) -> tuple[NameOverride, ...]:
    """Decides open requests, drops overrides whose card part changed, and forms the base. Returns what was dropped."""
    before = dict(case.overrides)
    for part, override in before.items():
        if not still_good(override, card):
            del case.overrides[part]
    for request in sorted(case.record.name_requests, key=lambda r: (r.made_at, r.request_id)):
        _settle_request(case, request, card, setting)
    _settle_base(case, card, before, setting)
    return tuple(override for part, override in before.items() if part not in case.overrides)


def _settle_request(case: Case, request: NameRequest, card: Card, setting: Setting) -> None:
    known = case.decisions.get(request.request_id)
    if known is None:
        known = _decide(request, card, case, setting)
    if known.outcome is RequestOutcome.ACCEPTED and (not known.applied or request.request_id not in case.decisions):
        for override in overrides_for(request, card):
            case.overrides[override.part] = override
        known = replace(known, applied=True)
    case.decisions[request.request_id] = known
    if known.outcome is RequestOutcome.REFERRED:
        because = (
            f"{request.wanted_local} needs a decision: nexusops desk decide-name {request.request_id} accept|reject"
        )
        case.find(
            "NAME_REFERRED", because, Severity.INFO, evidence=[Evidence(table="name_requests", key=request.request_id)]
        )


def _decide(request: NameRequest, card: Card, case: Case, setting: Setting) -> NameDecision:
    """Registration may bring a decision along; else D24 decides, once (rules.md 3.17)."""
    if request.outcome in tuple(RequestOutcome):
        verdict = Decision(outcome=RequestOutcome(request.outcome), code=None, because=request.reason or "")
    else:
        person = case.record.person
        verdict = decide(
            request.wanted_local,
            card,
            person.known_as if person else None,
            max_local=setting.policy.names.max_local,
            diminutives={**DIMINUTIVES, **setting.policy.namechange.diminutives},
        )
    return NameDecision(
        request_id=request.request_id,
        person_id=case.person_id,
        wanted_local=request.wanted_local,
        outcome=verdict.outcome,
        code=verdict.code,
        decided_by=request.decided_by,
        reason=verdict.because,
        applied=verdict.outcome is not RequestOutcome.ACCEPTED,
    )


def _settle_base(case: Case, card: Card, before: dict[NamePart, NameOverride], setting: Setting) -> None:
    """People keep the base first seen; only a changed card or a changed override forms it anew (R5)."""
    names = (card.personal_names, card.family_names)
    values = {part: override.value for part, override in case.overrides.items()}
    form = form_name(
        *names,
        max_local=setting.policy.names.max_local,
        first=values.get(NamePart.FIRST),
        last=values.get(NamePart.LAST),
    )
    for code in form.codes:
        case.find(code, MESSAGES[code], evidence=[Evidence(table="cards", key=card.card_id, snapshot=setting.snapshot)])
    unchanged = case.state.card_names == names and before == case.overrides
    if unchanged and case.state.base is not None:
        return
    # A name that gives no first.last takes no address away: what the person has stays until a usable name comes.
    case.state = altered(case.state, card_names=names, base=form.base or case.state.base)
