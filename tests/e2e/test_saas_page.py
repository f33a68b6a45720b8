"""docs/saas.md: every worked example runs as it stands, and answers what the page says."""

from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nexusops.cli import call
from nexusops.config.starter import write_starter
from nexusops.demo.cast import CAST
from nexusops.demo.days import write_day_one

PAGE = Path(__file__).parents[2] / "docs" / "saas.md"
ZONE = """$ORIGIN ox.ac.uk.
_spf IN TXT "v=spf1 ip4:129.67.0.0/16 ~all"
$ORIGIN mailshot.example.
spf IN TXT "v=spf1 ip4:192.0.2.0/24 -all"
"""
PUBLISHED = """$ORIGIN foodtech.ox.ac.uk.
mail-shot IN TXT "v=spf1 include:_spf.ox.ac.uk include:spf.mailshot.example -all"
mail-shot IN MX 10 oxmail.ox.ac.uk.
"""


def blocks(text: str) -> list[tuple[str, str]]:
    """(language, content) of each block, in order."""
    return re.findall(r"^```(sh|text)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def sections(text: str) -> list[str]:
    return [part for part in re.split(r"^## ", text, flags=re.MULTILINE) if "```sh" in part]


def fits(shown: str, said: str) -> bool:
    """A line of the page stands in the answer; … stands for anything."""
    pattern = ".*".join(re.escape(" ".join(part.split())) for part in shown.split("…"))
    return any(re.fullmatch(pattern, " ".join(line.split())) for line in said.splitlines())


def test_the_examples_run_as_they_stand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """R61-R71: one worked example a way; between filing a request and trying it there is the hourly run."""
    folder = tmp_path / "config"
    write_starter(folder)
    settings = folder / "nexusops.toml"
    settings.write_text(settings.read_text("utf-8").replace("[dns]", '[dns]\nzone_file = "zone.txt"'), "utf-8")
    (folder / "zone.txt").write_text(ZONE, "utf-8")
    write_day_one(folder / "snapshot", tenant="oxford-test", at=datetime.now(UTC), people=len(CAST), seed=1)

    def type_in(line: str) -> str:
        capsys.readouterr()
        code = call(["--config", str(folder), *shlex.split(line)[1:]])
        printed = capsys.readouterr()
        assert code == 0, f"{line}\n{printed.out}{printed.err}"
        return printed.out

    ways = sections(PAGE.read_text("utf-8"))
    assert len(ways) == 5
    for way in ways:
        said, filed = "", False
        for language, content in blocks(way):
            if language == "text":
                missing = [line for line in content.splitlines() if not fits(line, said)]
                assert not missing, f"{missing}\n{said}"
                if filed:
                    type_in("nexusops run")
                if "mail-shot" in content:
                    (folder / "zone.txt").write_text(ZONE + PUBLISHED, "utf-8")
                continue
            filed = "saas plan" in content
            said = "".join(type_in(line) for line in content.replace("\\\n", "").splitlines())
