"""Answers that do not get out: a full disk behind stdout, and a reader that has gone (`nexusops ... | head`)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

FULL = Path("/dev/full")
ASKED = (("--help",), ("plan", "--help"), ("--version",), ("completion", "bash"), ("state", "export"))


def asked(words: tuple[str, ...], site: Path, *, out: int | IO[bytes], err: int | IO[bytes]) -> tuple[int, str]:
    program = [sys.executable, "-m", "nexusops", "--config", str(site), *words]
    done = subprocess.run(program, stdout=out, stderr=err, check=False)
    return done.returncode, (done.stderr or b"").decode()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cut-off") / "site"
    assert asked(("init", str(folder)), folder, out=subprocess.DEVNULL, err=subprocess.PIPE)[0] == 0
    return folder


@pytest.mark.parametrize("words", ASKED, ids=" ".join)
def test_a_reader_that_has_gone_ends_it_quietly(words: tuple[str, ...], site: Path) -> None:
    """As SIGPIPE would: not with 0, since nobody can know what the answer was."""
    reading, writing = os.pipe()
    os.close(reading)
    assert asked(words, site, out=writing, err=subprocess.PIPE) == (141, "")
    os.close(writing)


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("words", ASKED, ids=" ".join)
def test_a_full_disk_is_told_as_what_it_is(words: tuple[str, ...], site: Path) -> None:
    with FULL.open("wb") as full:
        code, told = asked(words, site, out=full, err=subprocess.PIPE)
    assert code == 2
    assert told == (
        "Standard output cannot be written: No space left on device.\n"
        "Make room there, or send the answer elsewhere, and ask again; "
        "`nexusops history` says what was done meanwhile.\n"
    )


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full here")
def test_what_cannot_even_be_complained_of_keeps_its_exit_code(site: Path) -> None:
    with FULL.open("wb") as full:
        assert asked(("nosuch",), site, out=full, err=full)[0] == 2
        assert asked(("explain", "nobody"), site, out=full, err=full)[0] == 6
        # A remark beside the answer: the log, here.
        assert asked(("--log-level", "debug", "history"), site, out=subprocess.DEVNULL, err=full)[0] == 0


INTO_A_FILE = """
import sys
sys.stdout = open({out!r}, "w")
sys.argv = ["nexusops", "--config", {site!r}, "history"]
from nexusops.cli import main
main()
"""


def test_another_program_that_lends_its_own_stdout_finds_the_answer_there(site: Path, tmp_path: Path) -> None:
    """And not in the state, which is opened next, and would be given the number of a file that was closed under us."""
    out = tmp_path / "answer.txt"
    lent = INTO_A_FILE.format(out=str(out), site=str(site))
    assert subprocess.run([sys.executable, "-c", lent], check=False).returncode == 0
    plainly = subprocess.run(
        [sys.executable, "-m", "nexusops", "--config", str(site), "history"], stdout=subprocess.PIPE, check=True
    )
    assert out.read_text() == plainly.stdout.decode() != ""
    assert asked(("audit", "verify"), site, out=subprocess.DEVNULL, err=subprocess.PIPE) == (0, "")


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&- <&-"])
def test_closed_streams_are_an_answer_that_nobody_wants(closed: str, site: Path) -> None:
    for words, code in (("history", 0), ("explain nobody", 6), ("nosuch", 2)):
        line = f"{sys.executable} -m nexusops --config {site} {words} {closed}"
        assert subprocess.run(["sh", "-c", line], capture_output=True, check=False).returncode == code
