"""``init``: a commented configuration folder."""

from __future__ import annotations

from pathlib import Path

import click

from nexusops.config.starter import WORDS, write_starter


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--profile", type=click.Choice(tuple(WORDS)), default="oxford", help="Whose names and choices it shows.")
def init(folder: Path, profile: str) -> int:
    """Write a commented configuration folder to DIR; nothing that is there is overwritten."""

    for path in write_starter(folder, profile):
        click.echo(path)
    click.echo(
        f"\nNext: set the site's name in {folder / 'nexusops.toml'}, "
        f"then check with `nexusops --config {folder} doctor`.",
        err=True,
    )
    return 0
