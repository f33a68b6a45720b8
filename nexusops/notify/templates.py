"""What a notice says: Jinja2 templates per kind and language, built in, or the site's own of the same name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import jinja2

from nexusops.errors import UsageError
from nexusops.model.changes import SendNotice
from nexusops.model.notices import NoticeKind

BUILT_IN = Path(__file__).with_name("templates")
LANGUAGE = "en"
PARTS = ("subject", "text", "html")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A notice put into words. ``key`` is its identity."""

    key: str
    sender: str
    to: tuple[str, ...]
    subject: str
    text: str
    html: str


class Templates:
    """``folder`` holds the site's own; what it lacks is built in. Raises UsageError for a broken template, at once."""

    def __init__(self, folder: Path | None) -> None:
        folders = [*([folder] if folder is not None and folder.is_dir() else []), BUILT_IN]
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader([str(path) for path in folders]),
            # Only the HTML parts are escaped: subject and text go out as plain text.
            autoescape=jinja2.select_autoescape(enabled_extensions=("html.j2",), default=False),
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["day"] = written_day
        for kind in NoticeKind:
            for part in PARTS:
                self._template(kind, part)

    def _template(self, kind: NoticeKind, part: str) -> jinja2.Template:
        name = f"{kind.value}.{LANGUAGE}.{part}.j2"
        try:
            return self._environment.get_template(name)
        except jinja2.TemplateSyntaxError as error:
            raise UsageError(
                f"{error.filename or name}, line {error.lineno}: {error.message}.",
                next_step="Mend the template, or remove it so that the built-in one is used.",
            ) from error

    def render(self, change: SendNotice, sender: str) -> Message:
        values: dict[str, Any] = {
            "addresses": change.addresses,
            "successors": {k.partition(":")[2]: v for k, v in change.text.items() if k.startswith("successor:")},
            "mailbox": change.text.get("mailbox", ""),
            "unit": change.unit_id,
            "delete_on": change.delete_on,
            "short_notice": change.short_notice,
            "contact": sender,
        }
        parts = {part: self._rendered(change.notice, part, values) for part in PARTS}
        return Message(
            key=change.key,
            sender=sender,
            to=change.to,
            subject=" ".join(parts["subject"].split()),
            text=parts["text"].strip() + "\n",
            html=parts["html"],
        )

    def _rendered(self, kind: NoticeKind, part: str, values: dict[str, Any]) -> str:
        try:
            return self._template(kind, part).render(values)
        except jinja2.UndefinedError as error:
            raise UsageError(
                f"{kind.value}.{LANGUAGE}.{part}.j2 uses a name that notices do not have: {error.message}.",
                next_step="The names are addresses, successors, mailbox, unit, delete_on, short_notice and contact.",
            ) from error


def written_day(day: date | None) -> str:
    """16 March 2025."""
    return f"{day.day} {day:%B %Y}" if day is not None else "a date still to be told"
