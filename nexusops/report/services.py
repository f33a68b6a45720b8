"""The answer to a request for SaaS mail, as JSON (interface.md 7) and for a person to read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from nexusops.codec import to_text
from nexusops.model.journal import JsonObject, JsonValue
from nexusops.model.services import Advice, Check, Connection, Ruling, SendingPath, ServiceRequest

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
    SendingPath.REFER: "IT support",
}
_CONNECTIONS = {Connection.EXO: "Exchange Online", Connection.MS_SMTP: "Microsoft SMTP"}


def advice_json(advice: Advice) -> str:
    return to_text(advice_document(advice))


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


def advice_text(request: ServiceRequest, advice: Advice) -> str:
    """The outcome first, then why, then what to do."""
    approved = advice.ruling is Ruling.APPROVED
    codes = f" ({', '.join(advice.codes)})" if advice.codes else ""
    connection = f", through {_CONNECTIONS[advice.connection]}" if advice.connection else ""
    lines = [
        f"{_RULINGS[advice.ruling]}{codes}",
        "",
        f"Request  {advice.request_id}: {request.service_name}, for {request.unit_id}",
        f"{'Way     ' if approved else 'Looked at'} {_PATHS[advice.path]}{connection}",
    ]
    lines += [f"Sends as {advice.address}"] if advice.address and approved else []
    lines += ["", *(f"- {reason}" for reason in advice.reasons), "", f"Next: {advice.next}"]
    return "\n".join(lines) + "\n"


class Listed(Protocol):
    """A request as it is listed."""

    @property
    def request_id(self) -> str: ...
    @property
    def service_name(self) -> str: ...
    @property
    def unit_id(self) -> str: ...
    @property
    def owner(self) -> str: ...
    @property
    def username(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def address(self) -> str: ...
    @property
    def review_on(self) -> date | None: ...
    @property
    def credential_ends_on(self) -> date | None: ...
    @property
    def problem(self) -> str: ...


_COLUMNS = ("request_id", "state", "path", "unit_id", "owner", "address", "review_on", "credential_ends_on")
_HEADS = ("REQUEST", "STATE", "WAY", "UNIT", "OWNER", "SENDS AS", "REVIEW", "CREDENTIAL ENDS")


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


def list_text(requests: Sequence[Listed]) -> str:
    """A line a request, in columns, and beneath it what is wrong."""
    if not requests:
        return "No request is filed. Write one with `nexusops saas request`.\n"
    table = [_HEADS, *(_row(one) for one in requests)]
    widths = [max(len(row[place]) for row in table) for place in range(len(_HEADS))]
    lines = []
    for number, row in enumerate(table):
        lines.append("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        problem = requests[number - 1].problem if number else ""
        lines += [f"    {problem}"] if problem else []
    return "\n".join(lines) + "\n"


def _row(request: Listed) -> tuple[str, ...]:
    values = {name: getattr(request, name) for name in _COLUMNS}
    return tuple(str(value or "-") for value in {**values, "owner": request.username or request.owner}.values())


def _shown(value: str | date | None) -> str | None:
    return value.isoformat() if isinstance(value, date) else value or None


class Proof(Protocol):
    """What was looked at of one request."""

    @property
    def request_id(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def checks(self) -> tuple[Check, ...]: ...
    @property
    def passed(self) -> bool: ...


def proof_json(proof: Proof) -> str:
    checks: list[JsonValue] = [{"check": one.name, "passed": one.passed, "seen": one.seen} for one in proof.checks]
    head: JsonObject = {"request_id": proof.request_id, "path": proof.path, "state": proof.state}
    return to_text({**head, "passed": proof.passed, "checks": checks})


def proof_text(proof: Proof) -> str:
    """One line a check, with the answer seen."""
    lines = [f"{'ok    ' if one.passed else 'FAILED'}  {one.name}: {one.seen}" for one in proof.checks]
    failed = sum(not one.passed for one in proof.checks)
    lines += ["", f"{proof.request_id}: all passed; it is {proof.state}." if proof.passed else ""]
    if not proof.passed:
        lines[-1] = f"{proof.request_id}: {failed} of {len(proof.checks)} failed. Mend what failed, and try again."
    return "\n".join(lines) + "\n"
