"""The commented configuration folder that ``nexusops init`` writes and that config/ shows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from nexusops.errors import UsageError
from nexusops.model.policy import COLLEGE_PREFERRING, NON_QUALIFYING, OWNING, QUALIFYING
from nexusops.whole import whole

FILES = (
    "nexusops.toml",
    "policy.toml",
    "guard.toml",
    "services/adminday.toml.example",
    "templates/README.txt",
)


def _listed(codes: Iterable[str]) -> str:
    return json.dumps([*codes])


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
    "^[a-z]{3,4}[0-9]{4}$": "^[a-z]{2,5}[0-9]{1,5}$",
    '# parent_domain = "ox.ac.uk"': '# parent_domain = "cam.ac.uk"',
    "a host that takes the bounces": "a host that takes the bounces: a service domain needs one",
}
_OTHER = {
    '"oxford-test"': '"example-test"',
    'profile = "oxford"': 'profile = "other"',
    '# parent_domain = "ox.ac.uk"': 'parent_domain = "example.ac.uk"',
    '# site_include = "_spf.ox.ac.uk"': 'site_include = "_spf.example.ac.uk"',
    '# standard_mx = "10 oxmail.ox.ac.uk."': 'standard_mx = "10 mx.example.ac.uk."',
    "nexus.ox.ac.uk": "m365.example.ac.uk",
    "ox.ac.uk": "example.ac.uk",
    "; the profile says": "",
    "; the profile may say": "",
    "# UG = 3": "# STUDENT = 3",
    '"^[a-z]{3,4}[0-9]{4}$"': '"^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$"',
    "# [status_map]": "[status_map]",
    f"# qualifying = {_listed(QUALIFYING)}": 'qualifying = ["STAFF", "STUDENT"]',
    f"# non_qualifying = {_listed(NON_QUALIFYING)}": 'non_qualifying = ["VISITOR"]',
    f"# college_preferring = {_listed(COLLEGE_PREFERRING)}": '# college_preferring = ["STUDENT"]',
    "# [secondary]": "[secondary]",
    f"# owner_codes = {_listed(OWNING)}": 'owner_codes = ["STAFF"]',
}
_COMMENTED = re.compile(r"(.*?)(?:( +)(# .*))?")
WORDS: Mapping[str, Mapping[str, str]] = {
    "oxford": {},
    "oxford-2023": _OXFORD_2023,
    "cambridge": _CAMBRIDGE,
    "other": _OTHER,
}
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
            with whole(path) as part:
                part.write_text("".join(f"{_worded(line, WORDS[profile])}\n" for line in lines), "utf-8")
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
