"""What a notice says: Jinja2 templates per kind and language, built in, or the site's own of the same name.

A notice has three: ``KIND.en.subject.j2``, ``KIND.en.text.j2`` and ``KIND.en.html.j2``. A site that puts the text into
its own words and not the HTML sends text alone: the built-in HTML would say something else.
"""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Any

import jinja2

from nexusops.errors import UsageError
from nexusops.model.changes import SendNotice, Why
from nexusops.model.ids import Address
from nexusops.model.notices import NoticeKind
from nexusops.notify.message import Message
from nexusops.notify.sandbox import Sandbox

BUILT_IN = Path(__file__).with_name("templates")
LANGUAGE = "en"
PARTS = ("subject", "text", "html")
_FAULTS = (
    *(jinja2.TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError),
    *(MemoryError, OSError, RuntimeError),
)


class Templates:
    """``folder`` holds the site's own, if it has any; what is not there is built in."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._environment = Sandbox(
            loader=jinja2.FileSystemLoader([str(path) for path in (folder, BUILT_IN) if path is not None]),
            # Only the HTML parts are escaped: subject and text go out as plain text.
            autoescape=jinja2.select_autoescape(enabled_extensions=("html.j2",), default=False),
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["day"] = written_day

    def render(self, change: SendNotice, sender: str) -> Message:
        """The notice in words. Raises UsageError where a template of the site fails."""
        values: dict[str, Any] = {
            "addresses": change.addresses,
            "successors": {k.partition(":")[2]: v for k, v in change.text.items() if k.startswith("successor:")},
            "mailbox": change.text.get("mailbox", ""),
            "mailboxes": change.text.get("mailboxes", change.text.get("mailbox", "")).split(),
            "unit": change.unit_id,
            "delete_on": change.delete_on,
            "short_notice": change.short_notice,
            "closed": change.text.get("closed", ""),
            "kept_days": int(change.text.get("kept_days", "30")),
            "contact": sender,
        }
        html = self._rendered(change.notice, "html", values) if self._has_html(change.notice) else None
        return Message(
            key=change.key,
            sender=sender,
            to=change.to,
            subject=" ".join(self._rendered(change.notice, "subject", values).split()),
            text=self._rendered(change.notice, "text", values).strip() + "\n",
            html=html,
        )

    def _has_html(self, kind: NoticeKind) -> bool:
        return self._own(kind, "html") or not self._own(kind, "text")

    def _own(self, kind: NoticeKind, part: str) -> bool:
        return self._folder is not None and (self._folder / _name(kind, part)).is_file()

    def _rendered(self, kind: NoticeKind, part: str, values: dict[str, Any]) -> str:
        name = _name(kind, part)
        place = str((self._folder or BUILT_IN) / name) if self._own(kind, part) else name
        self._environment.begin()
        try:
            return self._environment.get_template(name).render(values)
        except jinja2.TemplateSyntaxError as error:
            raise UsageError(
                f"{error.filename or place}, line {error.lineno}: {error.message}",
                next_step="Mend the template, or remove it so that the built-in one is used; then repeat with "
                "`nexusops plan`.",
            ) from error
        except _FAULTS as error:
            raise UsageError(
                f"{place}{f', line {line}' if (line := _line(error)) else ''}: {_told(error)}",
                next_step="A notice has these names: addresses, successors, mailbox, mailboxes, unit, "
                "delete_on, short_notice, closed, kept_days and contact. Mend the template, or remove it so that the "
                "built-in one is used; then repeat with `nexusops plan`.",
            ) from error


def check_templates(folder: Path | None) -> None:
    """Every notice once, in the site's words, so that a broken template is found before anything is done.

    Raises UsageError that names the file and the line, also for a file that is no template of any notice.
    """
    known = {_name(kind, part) for kind in NoticeKind for part in PARTS}
    for path in _own_of(folder, "") if folder is not None else ():
        if f"{path.name}.j2" in known:
            raise UsageError(
                f"{path}: is not used: the names of templates end in .j2.",
                next_step=f"Rename it to {path.name}.j2, or remove it; then repeat with `nexusops plan`.",
            )
    for path in _own_of(folder) if folder is not None else ():
        if not path.is_file():
            raise UsageError(
                f"{path}: is not a file, or leads to none.",
                next_step="Put the template in its place, or remove it; then repeat with `nexusops plan`.",
            )
        if path.name not in known:
            raise UsageError(
                f"{path}: no notice has this name.",
                next_step=f"The names are KIND.{LANGUAGE}.PART.j2; kinds: {', '.join(NoticeKind)}; parts: "
                f"{', '.join(PARTS)}. Rename it, then repeat with `nexusops plan`.",
            )
    templates = Templates(folder)
    for kind in NoticeKind:
        message = templates.render(_sample(kind), "postmaster@example.ac.uk")
        for part, text in (("subject", message.subject), ("text", message.text.strip())):
            if not text or "\0" in text:
                told = "it holds a NUL character" if text else "it says nothing"
                raise UsageError(
                    f"{(folder or BUILT_IN) / _name(kind, part)}: {told}.",
                    next_step="Write what people are to be told, or remove it so that the built-in one is used; then "
                    "repeat with `nexusops plan`.",
                )


def _own_of(folder: Path, ending: str = ".j2") -> list[Path]:
    try:
        return sorted(folder / name for name in os.listdir(folder) if name.endswith(ending))
    except OSError as error:
        raise UsageError(
            f"{folder}: cannot be looked into: {error.strerror}.",
            next_step="Make it a folder that this user may read, or remove it; then repeat with `nexusops plan`.",
        ) from error


def _sample(kind: NoticeKind) -> SendNotice:
    ada, former = Address("ada.byron@example.ac.uk"), Address("ada@example.ac.uk")
    return SendNotice(
        why=Why(subject="1", rule="D33", because="a sample"),
        key="sample",
        notice=kind,
        target="ada0001",
        to=(ada,),
        person_id=None,
        unit_id=None,
        addresses=(ada, former),
        delete_on=date(2025, 3, 16),
        short_notice=True,
        text={"mailbox": "ada0001", f"successor:{former}": ada},
    )


def _name(kind: NoticeKind, part: str) -> str:
    return f"{kind.value}.{LANGUAGE}.{part}.j2"


def _told(error: BaseException) -> str:
    match error:
        case RecursionError():
            return "it calls or includes itself without an end"
        case jinja2.TemplateNotFound():
            return f"there is no template {error.name!r} to include"
        case UnicodeDecodeError():
            return f"it is not UTF-8 at byte {error.start}"
        case OSError():
            return error.strerror or "it cannot be read"
        case _:
            return str(error) or type(error).__name__


def _line(error: BaseException) -> int:
    """The line of the template at which a fault came up: Jinja2 gives it in the traceback."""
    found, trace = 0, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.endswith(".j2"):
            found = trace.tb_lineno
        trace = trace.tb_next
    return found


def written_day(day: date | None) -> str:
    """16 March 2025."""
    return f"{day.day} {day:%B %Y}" if day is not None else "a date still to be told"
