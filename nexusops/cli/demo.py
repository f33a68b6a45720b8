"""``demo``: the whole story on the embedded tenant, told by the very commands that anybody may type."""

from __future__ import annotations

from pathlib import Path

import click

from nexusops.demo.cast import CAST


@click.command()
@click.option(
    "--keep",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Leave everything in this new folder. [a temporary one]",
)
@click.option(
    "--people",
    type=click.IntRange(1, 1_000_000),
    default=len(CAST),
    show_default=True,
    help=f"So many people; the story needs {len(CAST)} at least.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed, other people.")
def demo(keep: Path | None, people: int, seed: int) -> int:
    """An invented university: a first day, a second with changes, and the months in which they take their course."""
    from nexusops.cli.entry import call
    from nexusops.cli.printing import warn
    from nexusops.demo.stage import Stage
    from nexusops.demo.story import tell

    if people < len(CAST):
        warn(f"The story needs {len(CAST)} people; so many are made.")
    stage = Stage.set_up(_folder(keep), people=max(people, len(CAST)), seed=seed, call=call)
    tell(stage)
    return 0


def _folder(keep: Path | None) -> Path:
    import tempfile

    from nexusops.errors import UsageError

    if keep is None:
        return Path(tempfile.mkdtemp(prefix="nexusops-demo-"))
    if keep.exists() and any(keep.iterdir()):
        raise UsageError(f"{keep}: is not empty.", next_step="Name a new folder with --keep.")
    return keep.absolute()
