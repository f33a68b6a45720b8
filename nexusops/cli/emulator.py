"""``emulator serve``: the embedded tenant over HTTP (interface.md 6)."""

from __future__ import annotations

import gc
import json
import sqlite3
import tempfile
from pathlib import Path

import click

from nexusops.errors import UsageError

NEXT_STEP = (
    "`nexusops jobs list` names the permissions and roles to grant; --path must name the embedded tenant's own file,"
    " or a new one."
)


def _domains(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    from nexusops.registration.fields import is_domain

    for domain in value:
        if not is_domain(domain.lower()):
            raise click.BadParameter(f"{domain!r} is not a domain such as dept.example.", ctx, param)
    return tuple(domain.lower() for domain in value)


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
@click.option(
    "--throttle-scale",
    type=click.FloatRange(min=0, min_open=True),
    help="How fast the throttle's clock runs, for benchmarks.",
)
@click.option(
    "--accept", multiple=True, metavar="DOMAIN", callback=_domains, help="A further accepted domain. Repeatable."
)
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
    from nexusops.emulator.server import serve as serve_tenant

    script = _script(faults)
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
                faults=script,
                throttle_scale=throttle_scale,
            )
        except (OSError, sqlite3.Error) as error:
            raise UsageError(
                f"The embedded tenant cannot serve {file} on port {port}: {error}.",
                next_step="Name a free port with --port, and with --path a file in a folder that you may write to.",
            ) from error
        except ValueError as error:
            # A grant, a fault or a file that the emulator does not take; it knows none of our errors.
            raise UsageError(f"{error}.", next_step=NEXT_STEP) from error
    return 0


def _script(path: Path | None) -> list[object] | None:
    if path is None:
        return None
    try:
        script = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{path}: it is not JSON: {error}.", next_step="Correct the fault script, then start again with --faults."
        ) from error
    if isinstance(script, dict):
        script = script.get("faults", [script])
    if not isinstance(script, list):
        raise UsageError(
            f"{path}: a fault script is a JSON list.",
            next_step="Correct the fault script, then start again with --faults.",
        )
    return script
