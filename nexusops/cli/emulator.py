"""``emulator serve``: the embedded tenant over HTTP (interface.md 6)."""

from __future__ import annotations

import gc
import tempfile
from pathlib import Path

import click

from nexusops.errors import UsageError


@click.group()
def emulator() -> None:
    """The embedded tenant as a server on 127.0.0.1: token, Graph and Exchange endpoints."""


@emulator.command()
@click.option("--path", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Where it keeps itself.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="0: any free port.")
@click.option("--tls", is_flag=True, help="Serve https with an own CA.")
@click.option("--smtp", is_flag=True, help="Take mail by SMTP submission too; where, stands in the line as smtp.")
@click.option("--faults", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Scripted faults, JSON.")
@click.option(
    "--grant", multiple=True, metavar="NAME", help="The printed client's permission or role. Repeatable. [all]"
)
@click.option("--throttle-scale", type=float, help="How fast the throttle's clock runs, for benchmarks.")
@click.option("--accept", multiple=True, metavar="DOMAIN", help="A further accepted domain. Repeatable.")
def serve(
    path: Path | None,
    port: int,
    tls: bool,
    smtp: bool,
    faults: Path | None,
    grant: tuple[str, ...],
    throttle_scale: float | None,
    accept: tuple[str, ...],
) -> int:
    """Serve until SIGTERM; prints one JSON line when it accepts connections. Without --path nothing is kept."""
    from nexusops.emulator import serve as serve_tenant

    gc.enable()  # a server lives long, whatever is right for one command
    with tempfile.TemporaryDirectory(prefix="nexusops-tenant-") as folder:
        file = path or Path(folder) / "tenant.db"
        try:
            serve_tenant(
                file,
                port=port,
                tls=tls,
                smtp=smtp,
                grants=grant,
                accept=accept,
                faults=faults,
                throttle_scale=throttle_scale,
            )
        except OSError as error:
            raise UsageError(
                f"The embedded tenant cannot serve {file} on port {port}: {error}.",
                next_step="Name a free port with --port, and with --path a file in a folder that you may write to.",
            ) from error
        except ValueError as error:
            if faults is None:
                raise
            raise UsageError(
                f"{faults}: {error}.", next_step="Correct the fault script, then start again with --faults."
            ) from error
    return 0
