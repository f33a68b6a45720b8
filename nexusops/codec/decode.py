"""A plan document back into a plan, strictly: what a person read and approved is what is carried out.

Every error names the key path. A document whose readable part (``was``, ``becomes``, ``target``, ``counts``, …) does
not say the same as what would be carried out is not the one that was made, and no longer fits (7). Unknown additional
keys are ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NoReturn

import msgspec

from nexusops.codec.encode import FORMAT, encode_plan
from nexusops.errors import StalePlan, UsageError
from nexusops.model import changes as model
from nexusops.model.changes import Change, Kind
from nexusops.model.findings import Evidence, Finding
from nexusops.model.plan import Estimate, GuardReport, Plan, Planned

_NEXT = "Make the plan anew with `nexusops plan --out FILE`: the file was edited, or another version saved it."
_CLASSES: Mapping[Kind, type[Change]] = {kind: getattr(model, kind.value) for kind in Kind}


class _Format(msgspec.Struct):
    format: int


class _Snapshot(msgspec.Struct):
    as_of: datetime
    sha256: str


class _Change(msgspec.Struct):
    id: str
    kind: Kind
    job: str
    subject: str
    because: str
    rule: str
    after: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    detail: dict[str, Any]


class _Document(msgspec.Struct):
    plan_id: str
    digest: str
    at: datetime
    today: date
    site: str
    snapshot: _Snapshot
    ledger_serial: int
    changes: list[_Change]
    findings: tuple[Finding, ...]
    guard: GuardReport
    estimate: Estimate
    program_version: str = ""


def decode_plan(document: object) -> Plan:
    """The plan that ``encode_plan`` wrote. Raises UsageError (2) where the document is no plan, and StalePlan (7) where
    a plan was altered; each with the key path.
    """
    found = _convert(document, _Format, "")
    if found.format != FORMAT:
        _refuse("format", f"{found.format} was found, and this program reads format {FORMAT}")
    read = _convert(document, _Document, "")
    plan = Plan(
        plan_id=read.plan_id,
        digest=read.digest,
        at=_aware(read.at, "at"),
        today=read.today,
        site=read.site,
        snapshot_as_of=_aware(read.snapshot.as_of, "snapshot.as_of"),
        snapshot_sha256=read.snapshot.sha256,
        ledger_serial=read.ledger_serial,
        changes=tuple(_planned(change, f"changes[{place}]") for place, change in enumerate(read.changes)),
        findings=read.findings,
        guard=read.guard,
        estimate=read.estimate,
        program_version=read.program_version,
    )
    _refuse_repeated_ids(plan)
    _refuse_altered(encode_plan(plan), document, "")
    return plan


def decode_planned(document: object) -> Planned:
    """The one change that ``encode_planned`` wrote into the journal. Raises UsageError where it is none."""
    return _planned(_convert(document, _Change, "change"), "change")


def _planned(read: _Change, path: str) -> Planned:
    why = {"subject": read.subject, "rule": read.rule, "because": read.because}
    why_and_detail = {**read.detail, "why": {**why, "evidence": msgspec.to_builtins(read.evidence)}}
    change = _convert(why_and_detail, _CLASSES[read.kind], f"{path}.detail")
    return Planned(id=read.id, job=read.job, change=change, after=read.after)


def _convert(value: object, kind: type[Any], path: str) -> Any:
    try:
        return msgspec.convert(value, type=kind)
    except msgspec.ValidationError as error:
        said, _, where = str(error).partition(" - at `$")
        _refuse((path + where.rstrip("`")).lstrip("."), said)


def _aware(moment: datetime, path: str) -> datetime:
    if moment.tzinfo is None:
        _refuse(path, "an instant without its offset; expected UTC with Z")
    return moment


def _refuse_repeated_ids(plan: Plan) -> None:
    seen: set[str] = set()
    for place, planned in enumerate(plan.changes):
        if planned.id in seen:
            _refuse(f"changes[{place}].id", f"{planned.id!r} stands there a second time")
        seen.add(planned.id)


def _refuse_altered(expected: object, given: object, path: str) -> None:
    """Every key of ``expected`` must stand in ``given`` with the same value; further keys in ``given`` are free."""
    if isinstance(expected, dict) and isinstance(given, dict):
        for key, value in expected.items():
            below = f"{path}.{key}" if path else key
            if key not in given:
                _refuse(below, "this key is missing")
            _refuse_altered(value, given[key], below)
    elif isinstance(expected, list) and isinstance(given, list) and len(expected) == len(given):
        for place, value in enumerate(expected):
            _refuse_altered(value, given[place], f"{path}[{place}]")
    elif expected != given:
        what = "it does not say the same as the rest of the plan; the document was altered"
        raise StalePlan(f"This is not the plan that was made: {path}: {what}.", next_step=_NEXT)


def _refuse(path: str, what: str) -> NoReturn:
    raise UsageError(f"This is not a plan: {path or 'the document'}: {what}.", next_step=_NEXT)
