"""Secrets come from the environment or from a file outside the configuration folder, never from the folder itself."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from nexusops.errors import UsageError
from nexusops.model.frozen import frozen

_ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FOR_US = "readable by this user only"


@frozen
class Secret:
    """Where a secret stands: ``env:NAME`` or ``file:PATH``, as the file ``source`` says. It is read when it is needed,
    and never printed.
    """

    key: str
    reference: str
    folder: Path
    source: Path
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)

    def __bool__(self) -> bool:
        return bool(self.reference)

    @property
    def file(self) -> Path | None:
        """The file that it stands in; None for an environment variable."""
        kind, _, name = self.reference.partition(":")
        return Path(self.folder, name) if kind == "file" else None

    @property
    def shown(self) -> str:
        """What ``config show`` prints of it."""
        try:
            return "set" if self.reference and self.read() else "not set"
        except UsageError:
            return "not set"

    def read(self) -> str:
        """The secret. Raises UsageError where the variable or the file is not there or empty."""
        kind, _, name = self.reference.partition(":")
        value = self.environment.get(name, "") if kind == "env" else self._from_file(Path(self.folder, name))
        if not value:
            raise self._unread(f"{self.reference} is empty or not set", kind, name)
        return value

    def _from_file(self, path: Path) -> str:
        try:
            return path.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise self._unread(f"{path} cannot be read: {error.strerror}", "file", str(path)) from error
        except UnicodeDecodeError as error:
            raise self._unread(f"{path} is not UTF-8 text", "file", str(path)) from error

    def _unread(self, what: str, kind: str, name: str) -> UsageError:
        """interface.md 1: the file, the key path and what was expected."""
        to_do = f"Set the environment variable {name}" if kind == "env" else f"Put the secret into {name}, {_FOR_US}"
        return UsageError(
            f"{self.source}: {self.key}: {what}.", next_step=f"{to_do}; `nexusops config show` says whether it is set."
        )


def parse(key: str, value: str, folder: Path, source: Path) -> Secret:
    """A reference. Refuses a literal secret, without repeating it, and a file in the folder (UsageError)."""
    kind, _, name = value.partition(":")
    if value and not (kind == "env" and _ENVIRONMENT_NAME.fullmatch(name)) and not (kind == "file" and name):
        raise UsageError(
            f"{source}: {key}: expected env:NAME or file:PATH; a secret itself must not stand in the configuration.",
            next_step="Move the secret to an environment variable or a file outside the folder, and change it: "
            "it may have been read. `nexusops config show` says whether it is set.",
        )
    if kind == "file" and Path(folder, name).resolve().is_relative_to(folder.resolve()):
        raise UsageError(
            f"{source}: {key}: the file of a secret must be outside the configuration folder.",
            next_step="Move it out of the folder and name it with its full path; `nexusops config show` says "
            "whether it is set.",
        )
    return Secret(key=key, reference=value, folder=folder, source=source)
