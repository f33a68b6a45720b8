"""``worker`` and ``schedule``: the distributed form, over a queue on PostgreSQL."""

from __future__ import annotations

import gc
from pathlib import Path

import click

from nexusops import clock
from nexusops.cli.entry import Call

_folders = click.argument("folders", nargs=-1, type=click.Path(path_type=Path), metavar="[FOLDER]…")


def _say(text: str) -> None:
    click.echo(f"{clock.now():%Y-%m-%dT%H:%M:%SZ} {text}")


@click.command()
@_folders
@click.option(
    "--lost-after",
    type=click.FloatRange(1),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="A worker that is silent for so long is lost, and its job is done again.",
)
@click.pass_obj
def worker(call: Call, folders: tuple[Path, ...], lost_after: float) -> int:
    """Carry out the hourly runs of these sites as they come up in the queue, until stopped by a signal.

    Each FOLDER is the configuration of one site; without one it is that of --config. Start as many workers as you like,
    on as many machines: never two run one site at a time.
    """
    from nexusops.queue import Pace, sites_of, work

    gc.enable()  # a worker lives long, whatever is right for one command
    pace = Pace(beats=lost_after / 6, lost=lost_after)
    work(sites_of(folders or (call.folder,)), now=clock.now, told=_say, pace=pace)
    return 0


@click.command()
@_folders
@click.option("--once", is_flag=True, help="Queue the present hour's runs and end; for cron.")
@click.pass_obj
def schedule(call: Call, folders: tuple[Path, ...], once: bool) -> int:
    """Queue a run of each site every hour, until stopped. Hours that were missed are caught up by one run.

    Each FOLDER is the configuration of one site; without one it is that of --config. A second scheduler does no harm.
    """
    from nexusops.queue import schedule as keep_scheduling
    from nexusops.queue import sites_of

    gc.enable()
    keep_scheduling(sites_of(folders or (call.folder,)), now=clock.now, told=_say, once=once)
    return 0
