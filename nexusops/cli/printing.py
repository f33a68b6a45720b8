"""How an answer reaches stdout: in colour on a terminal, plain elsewhere, with names and units where they are known."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import click

from nexusops.cli.entry import Call

if TYPE_CHECKING:
    from nexusops.model.plan import Plan
    from nexusops.pipeline.outcome import Outcome
    from nexusops.pipeline.whom import Whom
    from nexusops.report.blocks import Look


def look() -> Look:
    """Colour and width of the terminal, if stdout is one and no plain text was asked for."""
    from nexusops.report.blocks import look_of

    return look_of(
        terminal=sys.stdout.isatty(),
        width=shutil.get_terminal_size().columns,
        colour=asked().colour,
    )


def asked() -> Call:
    """The global options of this command line."""
    context = click.get_current_context(silent=True)
    found = context.find_object(Call) if context is not None else None
    return found or Call(folder=Path())


def warn(text: str) -> None:
    """On stderr, and not with --quiet."""
    if not asked().quiet:
        click.echo(text, err=True)


@contextmanager
def steps_shown(what: str) -> Iterator[Callable[[object], None]]:
    """Shows on stderr how far a long work is: only on a terminal, and not with --quiet. Call it with where it is."""
    if asked().quiet or not sys.stderr.isatty():
        yield lambda _step: None
        return
    from rich.console import Console

    console = Console(stderr=True, no_color=not asked().colour)
    with console.status(f"{what} ...") as status:
        yield lambda step: status.update(f"{what}: {step}")


def print_plan(
    plan: Plan, form: str, whom: Whom | None, beside: Mapping[str, list[str]] = MappingProxyType({})
) -> None:
    """A plan in one of its formats, with people's names and units where they are known; ``beside``: of JSON alone."""
    from nexusops.pipeline.whom import whom_of
    from nexusops.report.forms import rendered

    known = whom or whom_of(plan, None)
    for piece in rendered(plan, form, units=known.units, names=known.names, look=look(), beside=beside):
        click.echo(piece, nl=False)


def print_outcome(outcome: Outcome, form: str, at: datetime) -> None:
    """What a run did, as text or JSON."""
    from nexusops.pipeline.outcome import told
    from nexusops.report.applied import applied_json, applied_text

    applied = told(outcome, at)
    click.echo(applied_json(applied) if form == "json" else applied_text(applied, look()), nl=False)
