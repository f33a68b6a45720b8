"""Where the demo plays: a folder with a configuration, a snapshot for each day, and the command line to call."""

from __future__ import annotations

import contextlib
import io
import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from nexusops.config.starter import write_starter
from nexusops.demo import days
from nexusops.demo.snapshots import restamped
from nexusops.errors import NexusopsError

TENANT = "oxford-test"
"""The site's name in the example configuration."""
EXAMPLE_REQUEST = "adminday.toml.example"


@dataclass(frozen=True, slots=True, kw_only=True)
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

    def say(self, text: str) -> None:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    def type(self, *words: str | Path, expect: int = 0, silent: bool = False, into: Path | None = None) -> str:
        """Shows and runs one command line, and gives what it printed. Another exit code than expected is a defect."""
        shown = ["nexusops", *(self._short(word) for word in words)]
        self.say(f"  $ {shlex.join(shown)}" + (f" > {self._short(into)}" if into else ""))
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            code = self.call(["--config", str(self.folder / "config"), *map(str, words)])
        if code != expect:
            sys.stdout.write(printed.getvalue())
            raise NexusopsError(
                f"The demo expected exit code {expect} and got {code}.",
                next_step=f"Look into {self.folder}, and report it with the output above.",
            )
        if into is not None:
            into.write_text(printed.getvalue(), "utf-8")
        elif not silent:
            self.say("".join(f"    {line}\n" for line in printed.getvalue().splitlines()).rstrip("\n"))
        return printed.getvalue()

    def _snapshot(self, at: datetime) -> Path:
        return self.folder / "snapshots" / at.date().isoformat()

    def _short(self, word: str | Path) -> str:
        """A path as it looks from the demo's folder."""
        return str(word.relative_to(self.folder)) if isinstance(word, Path) else word
