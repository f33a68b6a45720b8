"""Notices that are due, and ends that are overdue, as text and JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nexusops.codec import day, to_text
from nexusops.model.audits import DueNotice, Overdue
from nexusops.model.notices import Notice, NoticeKind
from nexusops.report.blocks import Block, Line, Look, Table, Tone, written
from nexusops.report.view import number_of


def overdue_text(rows: Sequence[Overdue], look: Look) -> str:
    cells = [
        (f"{row.on}", _late(row.late), row.what, row.target, row.subject, f"{row.waits_for} ({row.rule})")
        for row in rows
    ]
    return written(_titled("Overdue", cells), look)


def overdue_json(rows: Sequence[Overdue]) -> str:
    """``{"overdue": [{"on", "what", "target", "subject", "rule", "days_late", "waits_for"}]}``"""
    return to_text(
        {
            "overdue": [
                {
                    "on": day(row.on),
                    "what": row.what,
                    "target": row.target,
                    "subject": row.subject,
                    "rule": row.rule,
                    "days_late": row.late,
                    "waits_for": row.waits_for,
                }
                for row in rows
            ]
        }
    )


def notices_text(rows: Sequence[DueNotice], look: Look) -> str:
    """One line a notice: when, about what, the day that it announces, whose it is, to whom, and what it waits for."""
    cells = [
        (
            f"{row.on}",
            _late(row.late),
            _about(row),
            _announces(row),
            row.subject,
            f"to {', '.join(row.to)}" if row.to else "to nobody",
            f"{row.waits_for} ({row.rule})",
        )
        for row in rows
    ]
    return written(_titled("Notices due", cells), look)


def sent_text(rows: Sequence[Notice], look: Look) -> str:
    """One line a notice that went out: when, what about, the day that it announced, to whom, and which addresses."""
    cells = [
        (
            f"{row.sent_on}",
            _kind(row) + (" (short notice)" if row.short_notice else ""),
            f"ends {row.delete_on}" if row.delete_on else "",
            f"to {row.to}",
            ", ".join(row.addresses),
        )
        for row in rows
    ]
    return written(_titled("Notices sent", cells), look)


def _kind(row: Notice) -> str:
    return "wind-down" if row.kind is NoticeKind.WINDDOWN else row.kind.value.replace("_", " ")


def sent_json(rows: Sequence[Notice]) -> str:
    """``{"sent": [{"sent_on", "due_on", "kind", "person_id", "unit_id", "to", "addresses", "delete_on", ...}]}``"""
    return to_text(
        {
            "sent": [
                {
                    "sent_on": day(row.sent_on),
                    "due_on": day(row.due_on),
                    "kind": row.kind.value,
                    "person_id": row.person_id,
                    "unit_id": row.unit_id,
                    "to": row.to,
                    "addresses": [*row.addresses],
                    "delete_on": day(row.delete_on),
                    "short_notice": row.short_notice,
                }
                for row in rows
            ]
        }
    )


def notices_json(rows: Sequence[DueNotice]) -> str:
    """``{"due": [{"on", "kind", "person_id", "unit_id", "to", "addresses", "delete_on", ...}]}``; ``what`` and
    ``target`` are the kind with its addresses, and the day, in words.
    """
    return to_text(
        {
            "due": [
                {
                    "on": day(row.on),
                    "kind": row.kind.value,
                    "subject": row.subject,
                    "person_id": row.person_id,
                    "unit_id": row.unit_id,
                    "to": list(row.to),
                    "addresses": list(row.addresses),
                    "delete_on": day(row.delete_on),
                    "short_notice": row.short_notice,
                    "what": _about(row),
                    "target": _announces(row),
                    "rule": row.rule,
                    "days_late": row.late,
                    "waits_for": row.waits_for,
                }
                for row in rows
            ]
        }
    )


def _about(row: DueNotice) -> str:
    return f"{row.kind.value}: {', '.join(row.addresses) or 'no address'}"


def _announces(row: DueNotice) -> str:
    return f"ends {row.delete_on}" if row.delete_on else ""


def _titled(title: str, cells: Sequence[tuple[str, ...]]) -> Iterator[Block]:
    yield Line(text=f"{title}: {len(cells) or 'nothing'}", tone=Tone.TITLE)
    if cells:
        yield Table(rows=cells)


def _late(days: int) -> str:
    return f"{number_of(days, 'day')} late" if days else "on time"
