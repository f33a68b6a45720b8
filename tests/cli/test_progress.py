"""Long work shows how far it is: on a terminal, and nowhere else (interface.md 1)."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from collections.abc import Sequence

import pytest
from cli.conftest import CommandSite

from nexusops.cli.progress import described
from nexusops.model.progress import Progress, Stage
from nexusops.report.view import took

RUN = ("--at", "2025-10-01T08:00:00Z", "--snapshot")


def on_a_terminal(site: CommandSite, before: Sequence[str] = ()) -> tuple[int, str]:
    """The exit code of a first run, and what a terminal shows of its stderr, without colours and movements."""
    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "nexusops", "--config", str(site.folder), *before, "run", *RUN, str(site.day_one)]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=theirs, env=os.environ | {"TERM": "xterm"}) as run:
        os.close(theirs)
        shown = b""
        while part := _read(ours):
            shown += part
    os.close(ours)
    return run.returncode, re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())


def _read(end: int) -> bytes:
    try:
        return os.read(end, 65536)
    except OSError:  # Linux: the other end was closed
        return b""


def test_a_run_says_what_it_is_at_and_how_many_changes_are_behind_it(site: CommandSite) -> None:
    code, shown = on_a_terminal(site)
    assert code == 0
    counted = [(int(done), int(of)) for done, of in re.findall(r"Applying (\d+) of (\d+), \d+ s at most", shown)]
    assert counted == sorted(counted)
    assert len({of for _, of in counted}) == 1
    assert "Planning" in shown


@pytest.mark.parametrize("words", [("--quiet",), ("--log-level", "info")])
def test_nothing_moves_where_quiet_was_asked_for_or_log_lines_come(site: CommandSite, words: Sequence[str]) -> None:
    code, shown = on_a_terminal(site, words)
    assert (code, "Applying" in shown) == (0, False)


def test_nothing_is_shown_where_there_is_no_terminal(site: CommandSite) -> None:
    assert site.on_day_one("run").err == ""


def test_progress_is_told_in_a_few_words() -> None:
    assert [
        described(Progress(stage=Stage.READING)),
        described(Progress(stage=Stage.APPLYING, done=1200, of=5000, seconds=2500)),
        described(Progress(stage=Stage.APPLYING, done=1, of=2, seconds=0.3)),
    ] == ["Reading the registration data", "Applying 1,200 of 5,000, 42 min at most", "Applying 1 of 2"]


@pytest.mark.parametrize(("seconds", "said"), [(48.2, "48 s"), (100, "2 min"), (5400, "1 h 30 min")])
def test_a_span_of_time_is_told_as_people_do(seconds: float, said: str) -> None:
    assert took(seconds) == said
