"""``emulator serve``: the embedded tenant over HTTP (interface.md 6)."""

from __future__ import annotations

from pathlib import Path

import click


@click.group()
def emulator() -> None:
    """The embedded tenant as a server on 127.0.0.1: token, Graph and Exchange endpoints."""


@emulator.command()
@click.option("--path", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Where it keeps itself.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="0: any free port.")
@click.option("--tls", is_flag=True, help="Serve https with an own CA.")
@click.option("--faults", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Scripted faults, JSON.")
@click.option(
    "--grant", multiple=True, metavar="NAME", help="The printed client's permission or role. Repeatable. [all]"
)
@click.option("--accept", multiple=True, metavar="DOMAIN", help="A further accepted domain. Repeatable.")
def serve(
    path: Path | None, port: int, tls: bool, faults: Path | None, grant: tuple[str, ...], accept: tuple[str, ...]
) -> int:
    """Serve until SIGTERM; prints one JSON line when it accepts connections."""
    from nexusops.emulator import serve as serving

    serving(path=path, port=port, tls=tls, faults=faults, grants=grant, accept=accept)
    return 0
