"""Plan files: UTF-8 JSON, keys in the order of interface.md 4, indented by one, with a newline at the end."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nexusops.codec.decode import decode_plan
from nexusops.codec.encode import encode_plan
from nexusops.errors import StalePlan, UsageError
from nexusops.model.journal import JsonValue
from nexusops.model.plan import Plan
from nexusops.whole import whole

_ANOTHER = "Name another file, in a folder that you may write to: `nexusops cassette record FILE`."
_NEXT = "Make the plan anew with `nexusops plan --out FILE`, or name the right file."


def to_text(document: JsonValue) -> str:
    """A JSON document as it is printed and filed."""
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def dump_plan(plan: Plan, path: Path) -> None:
    """Writes the plan document whole or not at all, for its owner alone: it is about people. Raises UsageError (2)
    where the file cannot be written.
    """
    write_whole(to_text(encode_plan(plan)), path, "plan", mode=0o600)


def write_whole(text: str, path: Path, what: str, *, mode: int = 0o644, named_by: str = "after --out") -> None:
    """Writes a file whole or not at all; a reader sees the old one or the new. Of a link it is what the link leads to
    that is written. Raises UsageError (2).
    """
    with _told(path, what, f"Name another file {named_by}, in a folder that you may write to."):
        if path.exists() and not path.is_file():  # /dev/stdout, a named pipe: nothing can be put in its place
            path.write_bytes(text.encode("utf-8"))
            return
        with whole(Path(os.path.realpath(path)), mode) as part:
            part.write_bytes(text.encode("utf-8"))


@contextmanager
def written_whole(path: Path, what: str, *, again: bool) -> Iterator[Path]:
    """A file to write to, for its owner alone. It takes the place of ``path`` at the end, and is gone where that is not
    reached. Raises UsageError (2) where ``path`` is there, unless it is a file to be written ``again``.
    """
    if path.exists() and not path.is_file():
        raise UsageError(f"{path} is no file that can be replaced.", next_step=_ANOTHER)
    if path.exists() and not again:
        raise UsageError(f"{path} is there already.", next_step="Name another file, or use --replace to write it anew.")
    with _told(path, what, _ANOTHER), whole(path, 0o600) as part:
        yield part


@contextmanager
def _told(path: Path, what: str, next_step: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(f"The {what} cannot be written to {path}: {error.strerror}.", next_step=next_step) from error


def load_plan(path: Path) -> Plan:
    """Reads a plan document. Raises UsageError (2) where it is none, and StalePlan (7) where it was altered; each names
    the file and the key path.
    """
    try:
        document = json.loads(path.read_bytes().decode("utf-8"))
    except OSError as error:
        raise UsageError(f"The plan file {path} cannot be read: {error.strerror}.", next_step=_NEXT) from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"The file {path} is not a JSON document in UTF-8: {error}.", next_step=_NEXT) from error
    try:
        return decode_plan(document)
    except (UsageError, StalePlan) as error:
        raise type(error)(f"{path}: {error.message}", next_step=error.next_step) from error
