"""The scripts of ``completion``, loaded by the real shells: a command, an option, a choice and a file are completed.

Bash and zsh complete only at a prompt, so each is given one on a pseudo-terminal: the words and a tab are typed, then
two keys that have the line printed as it now stands. fish completes a line that it is asked about.
"""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import needs

PATIENCE = 20.0
"""Seconds without a word from a shell, after which it is given up."""
PRINT_LINE = "\x18\x10"
"""Control-X, Control-P: bound below to print the line."""

BASH = """
bind 'set bell-style none'; bind 'set enable-bracketed-paste off'
eval "$(nexusops completion bash)"
bind -x '"\\C-x\\C-p": printf "[[%s]]" "$READLINE_LINE"'
"""
ZSH = """
unsetopt beep; unset zle_bracketed_paste
autoload -Uz compinit; compinit -u -D
eval "$(nexusops completion zsh)"
print_line() { print -n -- "[[$BUFFER]]"; }; zle -N print_line; bindkey '^X^P' print_line
"""
SHELLS = {"bash": (["--norc", "--noprofile", "-i"], BASH), "zsh": (["-f", "-i"], ZSH)}
LINES = {
    "nexusops simu": "nexusops simulate ",
    "nexusops saas ret": "nexusops saas retire ",
    "nexusops simulate --unt": "nexusops simulate --until ",
    "nexusops audit notices --format js": "nexusops audit notices --format json ",
    "nexusops completion fi": "nexusops completion fish ",
    "nexusops show monda": "nexusops show monday.json ",
}
"""What is typed, and what the tab makes of it."""


def found(shell: str) -> str:
    return shutil.which(shell) or needs(f"{shell} is not installed")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "monday.json").touch()
    (tmp_path / "tuesday.json").touch()
    return tmp_path


def environment(place: Path) -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": path, "HOME": str(place), "TERM": "dumb", "LC_ALL": "C.UTF-8"}


class Prompt:
    """A shell at its prompt, on a terminal of its own."""

    def __init__(self, program: str, options: list[str], place: Path) -> None:
        self.terminal, its_end = pty.openpty()
        self.shell = subprocess.Popen(
            [program, *options],
            stdin=its_end,
            stdout=its_end,
            stderr=its_end,
            cwd=place,
            env=environment(place),
            start_new_session=True,
        )
        os.close(its_end)
        self.seen = ""

    def type(self, keys: str) -> None:
        os.write(self.terminal, keys.encode())

    def hear(self, wanted: str) -> str:
        """What the first match of ``wanted`` holds in its brackets; what came before it is done with."""
        while (match := re.search(wanted, self.seen)) is None:
            ready, _, _ = select.select([self.terminal], [], [], PATIENCE)
            assert ready, f"nothing more came; so far: {self.seen!r}"
            self.seen += os.read(self.terminal, 4096).decode("utf-8", "replace")
        self.seen = self.seen[match.end() :]
        return match[1]

    def close(self) -> None:
        self.shell.kill()
        self.shell.wait()
        os.close(self.terminal)


@pytest.mark.parametrize("shell", sorted(SHELLS))
def test_a_tab_at_the_prompt_completes(shell: str, place: Path) -> None:
    options, script = SHELLS[shell]
    prompt = Prompt(found(shell), options, place)
    try:
        prompt.type(f'{script}echo "rea""dy:$?"\n')
        assert prompt.hear(r"ready:(\d+)") == "0"
        completed = {}
        for words in LINES:
            prompt.type(f"{words}\t{PRINT_LINE}")
            completed[words] = prompt.hear(r"\[\[([^\]]*)\]\]")
            prompt.type("\x15")
    finally:
        prompt.close()
    assert completed == LINES


def test_fish_completes_what_it_is_asked(place: Path) -> None:
    fish = found("fish")
    asked = "; ".join(f'echo (complete -C "{words}")' for words in LINES)
    done = subprocess.run(
        [fish, "--no-config", "-c", f"nexusops completion fish | source; {asked}"],
        env=environment(place),
        cwd=place,
        capture_output=True,
        text=True,
        check=True,
    )
    words = [line.split()[0] for line in done.stdout.splitlines()]
    assert words == [line.split()[-1] for line in LINES.values()]
    assert done.stderr == ""
