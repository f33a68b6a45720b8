"""Files that are written whole or not at all: whoever reads sees the old one or the new, after a power cut, too."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def whole(path: Path, mode: int | None = None) -> Iterator[Path]:
    """A file beside ``path`` to write to, which takes its place at the end, and is gone where that is not reached.
    ``mode``: whatever the umask; None: as the umask has it. Raises OSError.

    Its name is always the same, so that what a kill left behind, a secret it may be, is gone with the next writing.
    """
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666 if mode is None else mode)
    try:
        if mode is not None:
            os.fchmod(descriptor, mode)
        yield part
        os.fsync(descriptor)
        part.replace(path)
        _remember(path.parent)
    finally:
        os.close(descriptor)
        part.unlink(missing_ok=True)


def _remember(folder: Path) -> None:
    """The new name itself outlives a power cut, where the file system and the folder's mode allow it: written it is."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
