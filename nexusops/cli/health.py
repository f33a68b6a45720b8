"""``health``: what monitoring asks, every few minutes."""

from __future__ import annotations

from datetime import datetime, timedelta

import click

from nexusops.cli import options
from nexusops.cli.entry import Call
from nexusops.errors import FINDINGS


@click.command()
@click.option(
    "--max-age", type=click.IntRange(min=1), metavar="MINUTES", help="How old snapshot and last good run may be."
)
@options.format_option("text", "json", "prometheus")
@options.at_option
@click.pass_obj
def health(call: Call, max_age: int | None, form: str, at: datetime) -> int:
    """Is the hourly work being done? From state and files alone: the age of snapshot and last good run, lock, open
    steps, and the end of the certificate that the site signs in with.

    Ends with 0 where all is well, 6 with what is not, 9 where the state cannot be read.

    Example: nexusops health --max-age 150
    """
    from nexusops import wiring
    from nexusops.cli.printing import look
    from nexusops.errors import StateUnavailable
    from nexusops.pipeline.health import health as looked_at
    from nexusops.report.health import health_json, health_text, metrics_text, unread_text

    try:
        with wiring.opened(call.folder) as site:
            oldest = timedelta(minutes=max_age) if max_age is not None else None
            configuration = site.configuration
            seen = looked_at(site.ports, at=at, oldest=oldest, sign_in_end=lambda: wiring.sign_in_end(configuration))
    except StateUnavailable:
        if form == "prometheus":
            from nexusops.config import load

            click.echo(unread_text(load(call.folder).site.name), nl=False)
        raise
    texts = {"json": health_json, "prometheus": metrics_text}
    click.echo(texts[form](seen) if form in texts else health_text(seen, look()), nl=False)
    return FINDINGS if seen.problems else 0
