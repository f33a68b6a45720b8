"""Where the demo plays: a folder with a configuration, a snapshot for each day, and the command line to call."""

from __future__ import annotations

import contextlib
import email
import email.policy
import io
import shlex
import shutil
import sys
import textwrap
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from nexusops.config.starter import write_starter
from nexusops.demo import days
from nexusops.demo.snapshots import restamped
from nexusops.errors import NexusopsError
from nexusops.model.frozen import frozen

Show = Callable[[Sequence[str]], Sequence[str]]
"""Which lines of an answer are shown."""


def everything(lines: Sequence[str]) -> Sequence[str]:
    return lines


def nothing(_lines: Sequence[str]) -> Sequence[str]:
    return ()


def changes_only(lines: Sequence[str]) -> Sequence[str]:
    """A plan without its head and its findings: from the first kind of change on, and whether there is none."""
    start = next((place for place, line in enumerate(lines) if line.startswith("Guard: ")), 0)
    kept: list[str] = []
    in_findings = False
    for line in lines[start:]:
        in_findings = line.startswith("Findings: ") or (in_findings and line != "")
        if not in_findings and not line.startswith(("Guard: ", "Estimate: ", "Next: ")) and (line or kept[-1:] != [""]):
            kept.append(line)
    return "\n".join(kept).strip("\n").splitlines()


def fitting(line: str, width: int | None) -> Sequence[str]:
    """A line as a terminal of that width has room for it; None: as it is, and so is what is there to be copied."""
    if width is None or len(line) <= width or line.lstrip(" $").startswith("nexusops "):
        return [line]
    further = " " * (len(line) - len(line.lstrip()) + 4)
    return textwrap.wrap(line, width, subsequent_indent=further, break_long_words=False, break_on_hyphens=False)


TENANT = "oxford-test"
"""The site's name in the example configuration."""
EXAMPLE_REQUEST = "adminday.toml.example"


@frozen
class Stage:
    """``call`` runs one command line and gives its exit code, as ``nexusops.cli.call`` does."""

    folder: Path
    people: int
    seed: int
    call: Callable[[Sequence[str]], int]

    @classmethod
    def set_up(cls, folder: Path, *, people: int, seed: int, call: Callable[[Sequence[str]], int]) -> Stage:
        """Writes the configuration, with the example request for a SaaS mailbox filed."""
        services = folder / "config" / "services"
        write_starter(folder / "config")
        (services / EXAMPLE_REQUEST).rename(services / EXAMPLE_REQUEST.removesuffix(".example"))
        return cls(folder=folder, people=people, seed=seed, call=call)

    def first_day(self, at: datetime) -> Path:
        folder = self._snapshot(at)
        days.write_day_one(folder, tenant=TENANT, at=at, people=self.people, seed=self.seed)
        return folder

    def second_day(self, at: datetime) -> Path:
        folder = self._snapshot(at)
        days.write_day_two(folder, tenant=TENANT, at=at, people=self.people, seed=self.seed)
        return folder

    def same_again(self, folder: Path, at: datetime) -> Path:
        """The same registration data as the snapshot of another day."""
        return restamped(folder, self._snapshot(at), at - days.BEFORE_THE_RUN)

    def stays(self, snapshot: Path) -> None:
        """The registration data that the site goes on with: where its configuration looks for them."""
        (self.folder / "config" / "snapshot").symlink_to(Path("..") / snapshot.relative_to(self.folder))

    def say(self, text: str) -> None:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        for line in text.splitlines() or [""]:
            sys.stdout.writelines(f"{part}\n" for part in fitting(line, width))
        sys.stdout.flush()

    def type(self, *words: str | Path, expect: int = 0, show: Show = everything, into: Path | None = None) -> None:
        """Shows and runs one command line. Another exit code than expected is a defect."""
        shown = ["nexusops", *(self._short(word) for word in words)]
        self.say(f"  $ {shlex.join(shown)}" + (f" > {self._short(into)}" if into else ""))
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            code = self.call(["--config", str(self.folder / "config"), *map(str, words)])
        text = printed.getvalue()
        if code != expect:
            self.say(text)
            raise NexusopsError(
                f"The demo expected exit code {expect} and got {code}.",
                next_step=f"Look into {self.folder} with `nexusops history`, and report it with the output above.",
            )
        if into is not None:
            into.write_text(text, "utf-8")
            return
        for line in show(text.splitlines()):
            self.say(f"    {line}".rstrip())

    def letter(self, to: str) -> None:
        """Shows the notice that went to an address."""
        for path in sorted((self.folder / "config" / "notices").glob("*.eml")):
            message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            text = message.get_body(("plain",))
            if message["To"] == to and text is not None:
                for line in (f"To: {to}", f"Subject: {message['Subject']}", "", *text.get_content().splitlines()):
                    self.say(f"    | {line}".rstrip())

    def _snapshot(self, at: datetime) -> Path:
        return self.folder / "snapshots" / at.date().isoformat()

    def _short(self, word: str | Path) -> str:
        """A path as it looks from the demo's folder."""
        return str(word.relative_to(self.folder)) if isinstance(word, Path) else word
