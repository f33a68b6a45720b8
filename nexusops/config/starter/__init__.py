"""The commented configuration folder that ``nexusops init`` writes and that config/ shows."""

from __future__ import annotations

import re
from collections.abc import Mapping
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
_OXFORD_2023 = {'profile = "oxford"': 'profile = "oxford-2023"'}
_CAMBRIDGE = {
    '"oxford-test"': '"cambridge-test"',
    'profile = "oxford"': 'profile = "cambridge"',
    "nexus.ox.ac.uk": "cam.ac.uk",
    "_spf.ox.ac.uk": "mx.cam.ac.uk",
    "10 oxmail.ox.ac.uk.": "10 mx.cam.ac.uk.",
    'publish = "zone_lines"': 'publish = "ticket"',
    "hostmaster@example.ac.uk": "ip-register@uis.cam.ac.uk",
    "chem.ox.ac.uk": "ch.cam.ac.uk",
    "food0007": "fjc12",
    "a host that takes the bounces": "a host that takes the bounces: a service domain needs one",
}
_COMMENTED = re.compile(r"(.*?)(?:( +)(# .*))?")
WORDS: Mapping[str, Mapping[str, str]] = {"oxford": {}, "oxford-2023": _OXFORD_2023, "cambridge": _CAMBRIDGE}
"""Profile -> what stands in its files in place of Oxford's words."""


def write_starter(folder: Path, profile: str = "oxford") -> tuple[Path, ...]:
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
            lines = _starter(name).read_text("utf-8").splitlines()
            path.write_text("".join(f"{_worded(line, WORDS[profile])}\n" for line in lines), "utf-8")
    except OSError as error:
        raise UsageError(
            f"{folder}: cannot be written: {error.strerror}.",
            next_step="Name a folder that you may write to: `nexusops init DIR`.",
        ) from error
    return paths


def _worded(line: str, words: Mapping[str, str]) -> str:
    """A line in a profile's words; a comment at its end stays where it stood."""
    value, gap, comment = _COMMENTED.fullmatch(line).groups("")  # type: ignore[union-attr]
    wide = len(value + gap)
    for old, new in words.items():
        value, comment = value.replace(old, new), comment.replace(old, new)
    return f"{value.ljust(wide - 1)} {comment}" if gap else value


def _starter(name: str) -> Traversable:
    return resources.files(__package__).joinpath(*name.split("/"))
