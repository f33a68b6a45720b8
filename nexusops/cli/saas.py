"""``saas …``: a product that wants to send mail, from the question to the proof (interface.md 7)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nexusops.cli import options
from nexusops.cli.entry import Call

if TYPE_CHECKING:
    from nexusops.config import Configuration
    from nexusops.model.services import ServiceRequest

REFUSED = 6


@click.group()
def saas() -> None:
    """How a product may send mail: ask, request, plan, try and prove it, hand it over, end it."""


@saas.command()
@click.argument("request", metavar="FILE|ID")
@options.format_option()
@options.at_option
@options.snapshot_option
@click.pass_obj
def advise(call: Call, request: str, form: str, at: datetime, snapshot: Path | None) -> int:
    """Which way this product should send, and why. Ends with 0 when approved, else with 6.

    Example: nexusops saas advise adminday.toml
    """
    from nexusops import wiring
    from nexusops.model.services import Ruling
    from nexusops.pipeline.saas import answer

    with wiring.opened(call.folder, snapshot=snapshot) as site:
        asked = _request(site.configuration, request)
        advice = answer(site.ports, asked, at, fresh=snapshot is not None)
    if form == "json":
        from nexusops.report.services import advice_json

        click.echo(advice_json(advice), nl=False)
    else:
        from nexusops.report.services import advice_text

        click.echo(advice_text(asked, advice), nl=False)
    return 0 if advice.ruling is Ruling.APPROVED else REFUSED


def _request(configuration: Configuration, name: str) -> ServiceRequest:
    """The request of that id, or in that file. Raises UsageError (2) where it cannot be read."""
    from nexusops.config.services import load_service
    from nexusops.errors import UsageError

    if name in configuration.requests.good:
        return configuration.requests.good[name]
    if name in configuration.requests.faulty:
        raise configuration.requests.faulty[name]
    if name.endswith(".toml") or Path(name).is_file():
        return load_service(Path(name))
    import difflib

    known = sorted({*configuration.requests.good, *configuration.requests.faulty})
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
    hint = f" The nearest one is {near[0]}." if near else " None is filed yet."
    raise UsageError(
        f"There is no request {name!r} in {configuration.folder / 'services'}.{hint}",
        next_step="Name a request by its id, or a file that ends in .toml.",
    )
