"""``routing build``: the routing table for the mail hubs (R60, interface.md 3)."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import click

from nexusops.cli import options
from nexusops.cli.entry import Call
from nexusops.errors import Refused


@click.group()
def routing() -> None:
    """Where the mail hubs deliver: one line for every address that is accepted."""


@routing.command()
@options.format_option("text", "json", "exim", "postfix")
@options.at_option
@click.option(
    "--out",
    type=options.WRITTEN,
    metavar="FILE",
    help="Write the table here, whole or not at all; stdout then has the counts and what changed.",
)
@click.pass_obj
def build(call: Call, form: str, at: datetime, out: Path | None) -> int:
    """The routing table of the last accepted run, sorted by address.

    A mailbox's destination is its name at the site's fallback domain. Changes are those since the last hour's
    table.
    """
    from nexusops import wiring
    from nexusops.cli.printing import look, warn
    from nexusops.codec import write_whole
    from nexusops.report.blocks import PLAIN
    from nexusops.report.routing import routing_summary, routing_written

    with wiring.opened(call.folder) as site:
        table = site.ports.store.routing_table()
        oldest = timedelta(minutes=site.ports.policy.snapshot.max_age_minutes)
    if table is None:
        raise Refused("There is no routing table yet.", next_step="Make a run with `nexusops run`.")
    if at - table.build.at > oldest:
        warn(f"No run has been accepted since {table.build.at:%Y-%m-%dT%H:%M:%SZ}; the table is of then.")
    answer = routing_written(table, form, look() if out is None else PLAIN)
    for address in answer.left_out:
        click.echo(f"{address} cannot be written for {form} and was left out; give it another name.", err=True)
    if out is None:
        click.echo(answer.text, nl=False)
        return 0
    write_whole(answer.text, out, "routing table")
    click.echo(answer.text if form == "json" else routing_summary(table, look()), nl=False)
    return 0
