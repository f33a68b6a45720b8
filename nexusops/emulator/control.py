"""What tests and people ask of the embedded tenant itself: requests, mail, faults, clock, throttle (interface.md 6)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from nexusops.emulator import faults
from nexusops.emulator.book import Book
from nexusops.emulator.wire import Answer, Call, Refusal

if TYPE_CHECKING:
    from nexusops.emulator.app import Application

KEPT_DAYS = 30


def answer(app: Application, call: Call) -> Answer:
    name = call.path.removeprefix("/_emulator/")
    try:
        if call.method == "GET":
            return _shown(app, name)
        return _told(app, name, call.body)
    except Refusal as refusal:
        return refusal.answer
    except (ValueError, KeyError, TypeError) as error:
        return Answer(400, {"error": {"code": "BadRequest", "message": str(error)}})


def _shown(app: Application, name: str) -> Answer:
    if name == "requests":
        return Answer(200, app.book.notes("asked"))
    if name == "mail":
        return Answer(200, app.book.notes("mail"))
    if name == "faults":
        return Answer(200, [fault.shown() for fault in app.faults])
    return Answer(404, {"error": {"code": "NotFound", "message": name}})


def _told(app: Application, name: str, body: Any) -> Answer:
    if name == "faults":
        for fault in faults.parsed(body):
            if fault.kind == "mailbox_delay":
                app.book.set("mailbox_delay", fault.reads)
                fault.spent = fault.times
            app.faults.append(fault)
        return Answer(200, [fault.shown() for fault in app.faults])
    if name == "clock":
        now = datetime.fromisoformat(body["now"])
        set_clock(app, now if now.tzinfo else now.replace(tzinfo=UTC))
        return Answer(200, {"now": body["now"]})
    if name == "throttle":
        on = body.get("enabled", True)
        scale, latency = float(body.get("scale", 1.0)), float(body.get("latency_ms", 0)) / 1000
        app.throttle = faults.Throttle(scale=scale, latency=latency) if on else None
        return Answer(200, body)
    return Answer(404, {"error": {"code": "NotFound", "message": name}})


def set_clock(app: Application, now: datetime) -> None:
    """Directory time; what was deleted thirty days before it is purged."""
    app.clock = now
    app.book.begin()
    purge(app.book, now)
    app.book.commit()


def purge(book: Book, now: datetime) -> None:
    for found in list(book.each("user", deleted=True)):
        if datetime.fromisoformat(found["deletedDateTime"]) + timedelta(days=KEPT_DAYS) <= now:
            book.erase(found)
