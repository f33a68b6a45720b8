"""Long work on a terminal: what a run is at, how many of its changes are behind it, and what the plan estimated.

Only on a terminal, not with --quiet, and not between log lines; everywhere else nothing at all.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from nexusops.cli.printing import asked
from nexusops.model.progress import Progress, Stage, Watch, unwatched
from nexusops.report.view import took

if TYPE_CHECKING:
    from nexusops.pipeline.inputs import Ports

LOGGING = ("debug", "info")


@contextmanager
def followed(ports: Ports) -> Iterator[Ports]:
    """These ports, with their run shown on stderr until the end of the block; print the answer after it."""
    with _watched() as watch:
        yield replace(ports, watch=watch)


@contextmanager
def _watched() -> Iterator[Watch]:
    call = asked()
    if call.quiet or call.log_level in LOGGING or not sys.stderr.isatty():
        yield unwatched
        return
    from rich.console import Console
    from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=20), TimeElapsedColumn()
    with Bar(*columns, console=Console(stderr=True, no_color=not call.colour), transient=True) as bar:
        task = bar.add_task("Starting", total=None)

        def watch(progress: Progress) -> None:
            bar.update(task, description=described(progress), completed=progress.done, total=progress.of or None)

        yield watch


def described(progress: Progress) -> str:
    """In a few words, for a line of a terminal."""
    if progress.stage is not Stage.APPLYING:
        return progress.stage.capitalize()
    takes = f", {took(progress.seconds)} at most" if progress.seconds >= 1 else ""
    return f"Applying {progress.done:,} of {progress.of:,}{takes}"
