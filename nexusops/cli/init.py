"""``init``: a commented configuration folder."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
def init(folder: Path) -> int:
    """Write a commented configuration folder to DIR; nothing that is there is overwritten."""
    from nexusops.config.starter import write_starter

    for path in write_starter(folder):
        click.echo(path)
    click.echo(
        f"\nNext: set the site's name in {folder / 'nexusops.toml'}, "
        f"then check with `nexusops --config {folder} doctor`.",
        err=True,
    )
    return 0
