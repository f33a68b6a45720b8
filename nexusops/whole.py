"""Files that are written whole or not at all: whoever reads sees the old one or the new, after a power cut, too."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def whole(path: Path, mode: int | None = None) -> Iterator[Path]:
    """A file beside ``path`` to write to, which takes its place at the end, and is gone where that is not reached.
    ``mode``: whatever the umask; None: as the umask has it. Raises OSError.

    Its name is always the same, so that what a kill left behind, a secret it may be, is gone with the next writing;
    whoever writes at the same time waits.
    """
    part = path.with_name(f".{path.name}.part")
    descriptor = _alone(part, 0o666 if mode is None else mode)
    try:
        if mode is not None:
            os.fchmod(descriptor, mode)
        yield part
        os.fsync(descriptor)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)  # not after the end: by then it may be somebody else's
        raise
    else:
        _remember(path.parent)
    finally:
        os.close(descriptor)


def _alone(part: Path, mode: int) -> int:
    """The new file, open and locked: of those who write at the same time one has it."""
    while True:
        try:
            descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)
        except FileExistsError:
            _cleared(part)
            continue
        if _locked(descriptor, part):
            return descriptor
        os.close(descriptor)


def _cleared(part: Path) -> None:
    """Waits for whoever writes it; one that nobody writes was left by a kill, and goes, and so does a link."""
    if part.is_symlink():
        part.unlink(missing_ok=True)
        return
    try:
        descriptor = os.open(part, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return
    try:
        if _locked(descriptor, part):
            part.unlink()
    finally:
        os.close(descriptor)


def _locked(descriptor: int, part: Path) -> bool:
    """Whether the file of this name is still the one that was opened, once nobody else has it."""
    with suppress(OSError):  # a file system without locks
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        return os.path.samestat(os.fstat(descriptor), part.lstat())
    except FileNotFoundError:
        return False


def _remember(folder: Path) -> None:
    """The new name itself outlives a power cut, where the file system and the folder's mode allow it: written it is."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
