"""Logs on stderr or in a file: a line for people, or one JSON object a line for machines.

What the program logs names runs, changes, rules and results, never a person: the journal has the rest (`nexusops
history RUN`).
"""

from __future__ import annotations

import logging
import logging.handlers
import sys
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from nexusops.errors import UsageError

NOISY = ("httpx", "httpcore", "urllib3", "uvicorn")
"""Their debug output holds tokens."""
SILENT = ("azure", "msal")
"""Their warnings too: an answer with a token that cannot be read is quoted. What they refuse, we tell."""


class JsonLines(logging.Formatter):
    """``at``, ``level``, ``logger``, ``message``, and what an act says of itself (``extra={"act": {…}}``)."""

    def format(self, record: logging.LogRecord) -> str:
        import json

        told = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "act", {}),
            **({"traceback": trace} if (trace := _traceback(record)) else {}),
        }
        return json.dumps(told, ensure_ascii=False)


class Lines(logging.Formatter):
    """For people."""

    def format(self, record: logging.LogRecord) -> str:
        from nexusops.report.blocks import visible

        act = " ".join(f"{name}={value}" for name, value in getattr(record, "act", {}).items() if value)
        # One record is one line: what somebody typed in a file adds none, and moves no cursor.
        said = visible(f"{record.levelname} {record.name}: {record.getMessage()} {act}".rstrip())
        return f"{said}\n{trace}" if (trace := _traceback(record)) else said


def _traceback(record: logging.LogRecord) -> str:
    """Of a defect, and only where all is told (interface.md 1): it may name a person."""
    if record.exc_info is None or not logging.getLogger().isEnabledFor(logging.DEBUG):
        return ""
    return "".join(traceback.format_exception(*record.exc_info)).rstrip()


class _LogFile(logging.handlers.WatchedFileHandler):
    """A worker or a console stays up for weeks: what logrotate has moved away is left for a new file. Where none can be
    written any more, that is said once, and the work goes on.
    """

    told = False

    def emit(self, record: logging.LogRecord) -> None:
        try:
            super().emit(record)
        except OSError:  # no new file can be made
            self.handleError(record)

    def close(self) -> None:
        with suppress(OSError):  # what is left over has been told of
            super().close()

    def handleError(self, record: logging.LogRecord) -> None:
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handleError(record)
        elif not self.told:
            self.told = True
            sys.stderr.write(
                f"The log {self.baseFilename} cannot be written any more: {error.strerror}.\n"
                "Next: Make room for it, or let this user write there; `nexusops history` says what was done.\n"
            )


def _file(path: Path) -> logging.Handler:
    """UsageError (2) where it cannot be written."""
    try:
        return _LogFile(path, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"--log-file: {path} cannot be written: {error.strerror}.",
            next_step="Name a file with --log-file in a folder that you may write to; `nexusops --help` has the rest.",
        ) from error


def start_logging(level: str, form: str, file: Path | None) -> None:
    """From now on; a second call replaces the first."""
    target = _file(file) if file is not None else logging.StreamHandler(sys.stderr)
    # What is logged for counting alone (nexusops/telemetry) is not printed.
    target.setLevel(level.upper())
    target.setFormatter(JsonLines() if form == "json" else Lines())
    root = logging.getLogger()
    for old in [handler for handler in root.handlers if isinstance(handler.formatter, JsonLines | Lines)]:
        root.removeHandler(old)
        old.close()
    root.addHandler(target)
    root.setLevel(level.upper())
    for noisy in NOISY:
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))
    for silent in SILENT:
        logging.getLogger(silent).setLevel(logging.CRITICAL)
