"""The answer to a request for SaaS mail, as JSON (interface.md 7) and for a person to read."""

from __future__ import annotations

from nexusops.codec import to_text
from nexusops.model.journal import JsonObject
from nexusops.model.services import Advice, Connection, Ruling, SendingPath, ServiceRequest

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
