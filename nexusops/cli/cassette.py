"""``cassette record|verify|scrub``: exchanges with a tenant, kept without secrets and without people."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from nexusops.cli import options
from nexusops.cli.entry import Call
from nexusops.errors import FINDINGS, UsageError

if TYPE_CHECKING:
    from nexusops.model.journal import JsonValue

T = TypeVar("T")
BAD_REQUEST = 400
FILE = click.Path(path_type=Path, dir_okay=False)
AGAIN = click.option("--replace", "again", is_flag=True, help="Write the file anew where it is there.")


@click.group()
def cassette() -> None:
    """Record what passes between nexusops and a tenant, to be looked at or replayed without the tenant."""


@cassette.command()
@click.argument("file", type=FILE)
@click.option("--person", "people", multiple=True, metavar="PERSON_ID", help="Read this person. Repeatable.")
@click.option("--mailbox", "boxes", multiple=True, metavar="NAME", help="Read this shared mailbox. Repeatable.")
@click.option("--whole", is_flag=True, help="Read the whole tenant, page by page.")
@AGAIN
@click.pass_obj
def record(call: Call, file: Path, people: tuple[str, ...], boxes: tuple[str, ...], whole: bool, again: bool) -> int:
    """Record reads of the configured tenant to FILE. Nothing is ever written to the tenant.

    Secrets and people are replaced before anything reaches the disk, and FILE is there when all is recorded.

    Example: nexusops cassette record reads.jsonl --person 1000001
    """
    import json

    from nexusops import wiring
    from nexusops.codec import written_whole
    from nexusops.model.ids import PersonId
    from nexusops.model.tenant import Wanted
    from nexusops.tenant.cassettes import lines_of

    wanted = Wanted(
        everything=whole,
        people={} if whole else {PersonId(one): None for one in people},
        boxes={} if whole else dict.fromkeys(boxes),
    )
    with (
        wiring.opened(call.folder) as site,
        written_whole(file, "recording", again=again) as part,
        wiring.recorded(site.configuration, part) as tenant,
    ):
        tenant.inspect(site.configuration.settings.notices.mailbox)
        tenant.read(wanted)
    answers = [json.loads(line)["status"] for line in lines_of(file)]
    refused = sum(status >= BAD_REQUEST for status in answers)
    told = f", {refused} of them refused by the tenant" if refused else ""
    from nexusops.report.view import number_of

    made = number_of(len(answers), "exchange")
    click.echo(f"{made} in {file}{told}. Check it with `nexusops cassette verify {file}`.")
    return 0


@cassette.command()
@click.argument("files", nargs=-1, required=True, type=FILE)
@options.format_option()
def verify(files: tuple[Path, ...], form: str) -> int:
    """Is there a secret, or a datum of a person, in FILES? Ends with 6 and a line for each."""
    from nexusops.tenant.clean import faults_of

    found = {str(file): list(_readable(file, faults_of)) for file in files}
    if form == "json":
        from nexusops.codec import to_text

        rows: list[JsonValue] = [{"file": name, "fault": fault} for name, faults in found.items() for fault in faults]
        click.echo(to_text({"ok": not rows, "files": len(files), "faults": rows}), nl=False)
    else:
        for name, faults in found.items():
            for fault in faults:
                click.echo(f"{name}: {fault}")
        dirty = sum(bool(faults) for faults in found.values())
        click.echo(f"{dirty} of {len(files)} are not clean: `nexusops cassette scrub`." if dirty else "All are clean.")
    return FINDINGS if any(found.values()) else 0


@cassette.command()
@click.argument("source", metavar="FROM", type=FILE)
@click.argument("to", metavar="TO", type=FILE)
@AGAIN
def scrub(source: Path, to: Path, again: bool) -> int:
    """Write the recording FROM to TO, with every secret and every personal datum replaced."""
    from nexusops.codec import written_whole
    from nexusops.tenant.cassettes import scrubbed, write_lines

    clean = _readable(source, scrubbed)
    with written_whole(to, "recording", again=again) as part:
        write_lines(part, clean)
    click.echo(f"Written to {to}. Read it before you give it to anybody: `nexusops cassette verify {to}`.")
    return 0


def _readable(file: Path, read: Callable[[Path], Iterable[T]]) -> list[T]:
    try:
        return list(read(file))
    except (OSError, ValueError, RecursionError) as error:
        why = "it is nested beyond measure" if isinstance(error, RecursionError) else error
        raise UsageError(
            f"{file} cannot be read: {why}", next_step="Name one that `nexusops cassette record` wrote."
        ) from error
