"""What somebody would get on coming back, or under another status, and how it is told."""

from __future__ import annotations

from collections.abc import Iterator

from nexusops.codec import plain, to_text
from nexusops.model.frozen import frozen
from nexusops.report.blocks import Block, Line, written
from nexusops.report.explain import Upcoming, upcoming_blocks


@frozen
class Preview:
    """``changes`` are sentences, in the order in which a run would make them. ``here``: they have not left. ``status``:
    the one on their card, where it gives no mailbox, and so brings nothing back.
    """

    subject: str
    name: str
    here: bool
    units: tuple[str, ...]
    changes: tuple[str, ...]
    status: str | None = None


@frozen
class Supposed:
    """What would happen, with the day, the rule and what would prevent it, if somebody's card had this status."""

    subject: str
    name: str
    status: str
    upcoming: tuple[Upcoming, ...]


def preview_json(found: Preview | Supposed) -> str:
    """All fields under their names; dates as ``YYYY-MM-DD``."""
    return to_text(plain(found))


def preview_text(found: Preview) -> str:
    units = ", ".join(found.units) or "no unit"
    title = f"{_called(found)}, with a current card and back in {units}, from the next run on:"
    return written(_told(title, list(_lines(found))))


def supposed_text(found: Supposed) -> str:
    title = f"{_called(found)}, if the status of their card were {found.status} from the next run on:"
    return written(_told(title, list(upcoming_blocks(found.upcoming)) or [Line(text="Nothing.", indent=2)]))


def _called(found: Preview | Supposed) -> str:
    return f"{found.subject} ({found.name})" if found.name else found.subject


def _told(title: str, blocks: list[Block]) -> Iterator[Block]:
    yield Line(text=title)
    yield from blocks


def _lines(found: Preview) -> Iterator[Block]:
    if found.status:
        what = f"No mailbox: the status {found.status} of their card gives none. Another one: --status CODE."
        yield Line(text=what, indent=2)
        return
    for change in found.changes:
        yield Line(text=f"{change}.", indent=2)
    if not found.changes:
        yield Line(text="Nothing new: they are here." if found.here else "Nothing.", indent=2)
