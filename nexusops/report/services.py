"""The answer to a request for SaaS mail, as JSON (interface.md 7) and for a person to read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from nexusops.codec import to_text
from nexusops.model.frozen import frozen
from nexusops.model.journal import JsonObject, JsonValue
from nexusops.model.services import Advice, Check, Connection, Ruling, SendingPath, ServiceRequest
from nexusops.report.blocks import PLAIN, Block, Line, Look, Table, Tone, written
from nexusops.report.sentences import state_words

_RULINGS = {
    Ruling.APPROVED: "Approved",
    Ruling.NEEDS_INFO: "More is needed",
    Ruling.REFUSED: "Refused",
    Ruling.REFERRED: "For IT support to decide",
}
_PATHS = {
    SendingPath.NONE: "no integration: it sends from the provider's domain",
    SendingPath.MAILBOX: "a mailbox of its own",
    SendingPath.SERVICE_DOMAIN: "a service domain",
    SendingPath.REFER: "not decided yet: IT support looks at it",
}
_CONNECTIONS = {Connection.EXO: "Exchange Online", Connection.MS_SMTP: "Microsoft SMTP"}


def advice_json(advice: Advice, filed_as: str | None = None) -> str:
    """``filed_as``: the file that `saas request` has just written, as ``file``."""
    document = advice_document(advice)
    return to_text(document if filed_as is None else {**document, "file": filed_as})


def advice_document(advice: Advice) -> JsonObject:
    """The document of interface.md 7."""
    return {
        "request_id": advice.request_id,
        "path": advice.path.value,
        "connection": advice.connection.value if advice.connection else None,
        "outcome": advice.ruling.value,
        "codes": list(advice.codes),
        "reasons": list(advice.reasons),
        "from_address": advice.address or "",
        "next": advice.next,
    }


def advice_words(advice: Advice) -> dict[str, str]:
    """Outcome, way and connection as a person reads them; '' where there is none."""
    connection = _CONNECTIONS[advice.connection] if advice.connection else ""
    return {"ruling": _RULINGS[advice.ruling], "way": _PATHS[advice.path], "connection": connection}


def way_words(path: SendingPath, connection: Connection | None) -> str:
    """``a mailbox of its own, through Exchange Online``"""
    return _PATHS[path] + (f", through {_CONNECTIONS[connection]}" if connection else "")


def advice_text(request: ServiceRequest, advice: Advice, look: Look) -> str:
    """The outcome first, then why, then what to do."""
    return written(_advice_blocks(request, advice), look)


def _advice_blocks(request: ServiceRequest, advice: Advice) -> Iterator[Block]:
    approved = advice.ruling is Ruling.APPROVED
    codes = f" ({', '.join(advice.codes)})" if advice.codes else ""
    yield Line(text=f"{_RULINGS[advice.ruling]}{codes}", tone=Tone.GOOD if approved else Tone.WARNING)
    yield Line()
    way = "Way" if approved or advice.path is SendingPath.REFER else "Looked at"
    rows = [
        ("Request", f"{advice.request_id}: {request.service_name}, for {request.unit_id}"),
        (way, way_words(advice.path, advice.connection)),
    ]
    yield Table(rows=[*rows, *([("Sends as", advice.address)] if advice.address and approved else [])], indent=0)
    yield Line()
    yield from (Line(text=f"- {reason}", hang=2) for reason in advice.reasons)
    yield Line()
    yield Line(text=f"Next: {advice.next}", hang=6)


@frozen
class Listed:
    """A request as ``saas list`` shows it. ``state`` ``submitted``: filed, and no run has seen it yet. ``owner``: a
    person_id, and ``username`` what staff call them; both '' where it has none.
    """

    request_id: str
    service_name: str
    unit_id: str
    owner: str
    path: str
    state: str
    address: str
    review_on: date | None
    credential_ends_on: date | None
    problem: str = ""
    username: str = ""


_COLUMNS = ("request_id", "state", "path", "unit_id", "owner", "address", "review_on", "credential_ends_on")
_HEADS = ("REQUEST", "STATE", "WAY", "UNIT", "OWNER", "SENDS AS", "REVIEW", "CREDENTIAL ENDS")
_FOLD = _COLUMNS.index("address")


def _wide(rows: Sequence[Sequence[str]]) -> int:
    """How many characters the columns take beside one another."""
    return sum(max(map(len, column)) + 2 for column in zip(*rows, strict=True)) - 2


def list_json(requests: Sequence[Listed]) -> str:
    rows: list[JsonValue] = [
        {
            **{name: _shown(getattr(one, name)) for name in _COLUMNS},
            "owner_username": one.username or None,
            "service_name": one.service_name,
            "problem": one.problem or None,
        }
        for one in requests
    ]
    return to_text({"requests": rows})


def list_text(requests: Sequence[Listed], look: Look = PLAIN) -> str:
    """A line a request, in columns, and beneath them what is wrong with which. Where the columns have no room beside
    one another, they are two tables.
    """
    if not requests:
        return "No request is filed. Write one with `nexusops saas request`.\n"
    rows = [_HEADS, *(_row(one) for one in requests)]
    blocks: list[Block] = [Table(rows=rows, indent=0)]
    if look.width is not None and _wide(rows) > look.width:
        upper, lower = [row[:_FOLD] for row in rows], [row[:1] + row[_FOLD:] for row in rows]
        blocks = [Table(rows=upper, indent=0), Line(), Table(rows=lower, indent=0)]
    if wrong := [(one.request_id, one.problem) for one in requests if one.problem]:
        blocks += [Line(text="To look at:"), Table(rows=wrong)]
    return written(blocks, look)


def _row(request: Listed) -> tuple[str, ...]:
    values = {name: getattr(request, name) for name in _COLUMNS}
    words = {"owner": request.username or request.owner} | {
        name: state_words(values[name]) for name in ("state", "path")
    }
    return tuple(str(value or "-") for value in {**values, **words}.values())


def _shown(value: str | date | None) -> str | None:
    return value.isoformat() if isinstance(value, date) else value or None


@frozen
class Proof:
    """What was looked at of one request, in order. ``state``: of the request after it."""

    request_id: str
    path: str
    state: str
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        return bool(self.checks) and all(check.passed for check in self.checks)


def proof_json(proof: Proof) -> str:
    checks: list[JsonValue] = [{"check": one.name, "passed": one.passed, "seen": one.seen} for one in proof.checks]
    head: JsonObject = {"request_id": proof.request_id, "path": proof.path, "state": proof.state}
    return to_text({**head, "passed": proof.passed, "checks": checks})


def proof_text(proof: Proof, look: Look) -> str:
    """One line a check, with the answer seen."""
    return written(_proof_blocks(proof), look)


def _proof_blocks(proof: Proof) -> Iterator[Block]:
    for one in proof.checks:
        word, tone = ("ok    ", Tone.PLAIN) if one.passed else ("FAILED", Tone.DANGER)
        yield Line(text=f"{word}  {one.name}: {one.seen}", tone=tone, hang=8)
    yield Line()
    failed = sum(not one.passed for one in proof.checks)
    if proof.passed:
        yield Line(text=f"{proof.request_id}: all passed; it is {state_words(proof.state)}.", tone=Tone.GOOD)
    else:
        yield Line(text=f"{proof.request_id}: {failed} of {len(proof.checks)} failed. Mend what failed, and try again.")
