"""What was accepted, and shows only after some have looked: "a successful write does not guarantee an immediate read"
(tenant-api.md 8).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from nexusops.emulator.book import Book
from nexusops.emulator.wire import Answer, Call, Refusal


def put_off(book: Book, call: Call) -> None:
    """Keeps a change until it has been looked for often enough. The caller has undone it."""
    call.used.add("late")
    kept = {
        "method": call.method,
        "path": call.path,
        "query": call.query,
        "headers": call.headers,
        "content": call.content.decode(),
        "origin": call.origin,
        "cmdlet": call.cmdlet,
    }
    book.keep("late", [*(book.setting("late") or []), {"reads": call.late, "call": kept}])


def catch_up(book: Book, call: Call, perform: Callable[[Call], Answer]) -> None:
    """Before a request that looks: what has waited long enough is carried out, as far as it still can be."""
    waiting = book.setting("late")
    if not waiting or not (call.method == "GET" or call.cmdlet.startswith("Get-")):
        return
    book.keep("late", [{**one, "reads": one["reads"] - 1} for one in waiting if one["reads"] > 0])
    for one in waiting:
        if one["reads"] <= 0:
            with suppress(Refusal):
                perform(Call(book=book, **{**one["call"], "content": one["call"]["content"].encode()}))
