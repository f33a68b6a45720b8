"""``simulate``: the calendar of what will happen if the registration data stay as they are."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import click

from nexusops.cli import options
from nexusops.cli.entry import Call


@click.command()
@click.option("--until", type=options.Day(), required=True, metavar="DATE", help="The last day to look at.")
@click.option(
    "--every",
    type=click.Choice(("day", "hour")),
    default="day",
    show_default=True,
    help="Look at the first run of each day, or at that of each hour in which something is due.",
)
@click.option("--changes", is_flag=True, help="In text, list every change under its day.")
@options.format_option("text", "json", "csv", "html")
@options.at_option
@options.snapshot_option
@click.pass_obj
def simulate(call: Call, until: date, every: str, changes: bool, form: str, at: datetime, snapshot: Path | None) -> int:
    """What will happen to whom until a day, if the registration data stay as they are. Changes nothing.

    Wind-downs that end, notices, mailboxes disabled, deleted and purged, licences, API load, and the days on which a
    guard will want an approval. The last accepted snapshot decides, or --snapshot.

    Example: nexusops simulate --until 2026-09-30 --format html > year.html
    """
    options.must_be_near(until, at)
    from nexusops import wiring
    from nexusops.cli.printing import look, steps_shown
    from nexusops.pipeline.simulate.days import simulate as simulated
    from nexusops.report.forms import forecast_written

    with wiring.opened(call.folder, snapshot=snapshot) as site, steps_shown("Looking ahead") as progress:
        tables = site.ports.registration.read() if snapshot is not None else None
        forecast = simulated(site.ports, at=at, until=until, every=every, tables=tables, progress=progress)
    click.echo(forecast_written(forecast, form, changes=changes, look=look()), nl=False)
    return 0
