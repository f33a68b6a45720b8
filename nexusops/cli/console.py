"""``console``: the web console on this machine."""

from __future__ import annotations

import gc
from datetime import datetime

import click

from nexusops import clock
from nexusops.cli import options
from nexusops.cli.entry import Call
from nexusops.errors import UsageError


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="0: any free port.")
@click.option("--at", type=options.Instant(), metavar="INSTANT", help="Show and act as at this instant, to try it out.")
@options.actor_option
@click.pass_obj
def console(call: Call, port: int, at: datetime | None, actor: str) -> int:
    """Serve the web console on 127.0.0.1 until SIGTERM; prints one JSON line when it accepts connections.

    People sign in where [console] client_id is set in nexusops.toml. Without it, the console is for the user who
    started it alone, and acts in the name of --actor.
    """
    from nexusops.console.serving import serve

    gc.enable()  # a server lives long, whatever is right for one command
    try:
        serve(call.folder, port=port, at=(lambda: at) if at is not None else clock.now, clock=clock.now, sole=actor)
    except OSError as error:
        raise UsageError(
            f"The console cannot listen on port {port}: {error.strerror}.", next_step="Name a free port with --port."
        ) from error
    return 0
