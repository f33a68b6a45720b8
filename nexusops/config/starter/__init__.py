"""The commented configuration folder that ``nexusops init`` writes and that config/ shows."""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from nexusops.errors import UsageError

FILES = (
    "nexusops.toml",
    "policy.toml",
    "guard.toml",
    "services/adminday.toml.example",
    "templates/README.txt",
)


def write_starter(folder: Path) -> tuple[Path, ...]:
    """Writes the files and gives their paths. Where one is there already: UsageError, and nothing is written."""
    paths = tuple(folder / name for name in FILES)
    there = [path for path in paths if path.exists()]
    if there:
        raise UsageError(
            f"{there[0]}: is there already; nothing was written.",
            next_step="Name another folder, `nexusops init DIR`, or remove it first.",
        )
    try:
        for name, path in zip(FILES, paths, strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_starter(name).read_bytes())
    except OSError as error:
        raise UsageError(
            f"{folder}: cannot be written: {error.strerror}.",
            next_step="Name a folder that you may write to: `nexusops init DIR`.",
        ) from error
    return paths


def _starter(name: str) -> Traversable:
    return resources.files(__package__).joinpath(*name.split("/"))
