"""The way in: global options, and one place where an error becomes a sentence on stderr and an exit code."""

from __future__ import annotations

import gc
import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nexusops import __version__
from nexusops.cli.lazy import LazyGroup
from nexusops.errors import NexusopsError, UsageError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

LEVELS = ("debug", "info", "warning", "error")
INTERRUPTED = 130
READER_GONE = 141
"""As a program ends that SIGPIPE ends; 0 would say that all is well where the answer was cut off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What the global options say; handed to every command."""

    folder: Path
    log_level: str = "warning"
    quiet: bool = False
    colour: bool = True


class Unwritten(Exception):
    """Standard output could not be written: a full disk, or whoever read it has gone."""

    def __init__(self, reason: OSError) -> None:
        super().__init__(str(reason))
        self.reason = reason


class Answers(io.BufferedWriter):
    """Standard output, whose own errors are told from those of any other file."""

    def write(self, some: ReadableBuffer, /) -> int:
        try:
            return super().write(some)
        except OSError as error:
            raise Unwritten(error) from error

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as error:
            raise Unwritten(error) from error


class Remarks(io.FileIO):
    """Standard error: what cannot be written there is not heard, and changes neither the answer nor the exit code."""

    def write(self, some: ReadableBuffer, /) -> int:
        with suppress(OSError):
            return super().write(some)
        return memoryview(some).nbytes


def _version(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
    if wanted:
        click.echo(f"nexusops {__version__}")
        ctx.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    "folder",
    type=click.Path(path_type=Path),
    envvar="NEXUSOPS_CONFIG",
    default=Path("config"),
    show_default=True,
    help="The configuration folder. [env: NEXUSOPS_CONFIG]",
)
@click.option(
    "--log-level",
    type=click.Choice(LEVELS, case_sensitive=False),
    default="warning",
    show_default=True,
    help="For stderr.",
)
@click.option("--log-format", type=click.Choice(("text", "json")), default="text", help="For people or machines.")
@click.option("--log-file", type=click.Path(path_type=Path, dir_okay=False), help="Append logs here, not to stderr.")
@click.option("--quiet", "-q", is_flag=True, help="No progress and no warnings on stderr; errors stay.")
@click.option("--no-color", "--no-colour", is_flag=True, help="Plain text on a terminal, too. [env: NO_COLOR]")
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Print the version."
)
@click.pass_context
def program(
    ctx: click.Context,
    folder: Path,
    log_level: str,
    log_format: str,
    log_file: Path | None,
    quiet: bool,
    no_color: bool,
) -> None:
    """Runs a university's mail estate on Microsoft 365 from diffs of registration data.

    \b
    A first look:       nexusops demo
    What would happen:  nexusops plan
    Every hour:         nexusops run
    """
    from nexusops.cli.logs import start_logging

    plain = no_color or bool(os.environ.get("NO_COLOR"))
    ctx.obj = Call(folder=folder, log_level=log_level, quiet=quiet, colour=not plain)
    start_logging("error" if quiet and log_level == "warning" else log_level, log_format, log_file)


def main(*command: str) -> None:
    """The console script; with ``command``, for what always runs that one, and has the global options anywhere."""
    # A scheduler may have closed them: nobody wants the answer, which is no reason to fail once all is done.
    sys.stdout, sys.stderr = (stream or open(os.devnull, "w") for stream in (sys.stdout, sys.stderr))  # noqa: SIM115
    # Only the process's own streams, which sys keeps: of another one, what stands here would be all that holds its file
    # open, and the next file opened, such as the state's, would have its number, and get the answer.
    if isinstance(sys.stderr, io.TextIOWrapper) and sys.stderr is sys.__stderr__:
        remarks = io.BufferedWriter(Remarks(sys.stderr.fileno(), "wb", closefd=False))
        sys.stderr = io.TextIOWrapper(remarks, encoding="utf-8", errors="backslashreplace", line_buffering=True)
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout is sys.__stdout__:
        answers = Answers(io.FileIO(sys.stdout.fileno(), "wb", closefd=False))
        sys.stdout = io.TextIOWrapper(answers, encoding="utf-8", line_buffering=sys.stdout.line_buffering)
    # One command is one process, and makes values without cycles: looking for them would cost a third of a plan.
    gc.disable()
    code = call(_spoken(command, sys.argv[1:]) if command else sys.argv[1:])
    # Nor need they be looked for on the way out, where the interpreter would do it once more, whatever was disabled.
    gc.freeze()
    sys.exit(code)


def _spoken(command: Sequence[str], arguments: Sequence[str]) -> list[str]:
    """The global options first, then the command and what is its own."""
    known = {name: option for option in program.params for name in option.opts}
    first, then, left = list[str](), list[str](), iter(arguments)
    for argument in left:
        name, sign, _ = argument.partition("=")
        option = known.get(name)
        (then if option is None else first).append(argument)
        if isinstance(option, click.Option) and not option.is_flag and not sign:
            first += islice(left, 1)
    return [*first, *command, *then]


def call(arguments: Sequence[str]) -> int:
    """Runs one command line and gives its exit code; never raises. Tests and the demo call it many times."""
    try:
        _must_be_text(arguments)
        code = program.main(args=list(arguments), prog_name="nexusops", standalone_mode=False)
    except click.exceptions.Exit as ending:
        return ending.exit_code
    except click.ClickException as error:
        return _usage(error)
    except (click.Abort, KeyboardInterrupt):
        _say("Interrupted. Whatever had begun stands in the journal.\nFinish it with `nexusops resume`.")
        return INTERRUPTED
    except Unwritten as lost:
        return _cut_off(lost.reason)
    except NexusopsError as error:
        _traceback_for_debug(arguments)
        return _told(error)
    except Exception as error:  # noqa: BLE001  # the last line of defence: a defect, told as one
        from nexusops.report.blocks import visible

        _traceback_for_debug(arguments)
        _say(
            f"This is a defect in nexusops {__version__}: {type(error).__name__}: {visible(_first_line(error))}\n"
            "Run the same command again with --log-level debug and report the traceback."
        )
        return NexusopsError.exit_code
    return code if isinstance(code, int) else 0


def _must_be_text(arguments: Sequence[str]) -> None:
    """What is not UTF-8 is no text that could be kept or printed; it would be found out in the middle of the work."""
    for argument in arguments:
        try:
            argument.encode()
        except UnicodeEncodeError as error:
            shown = argument.encode("utf-8", "backslashreplace").decode()
            raise click.UsageError(f"The argument {shown} is not UTF-8.") from error


def _usage(error: click.ClickException) -> int:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "nexusops"
    message = error.format_message()
    if isinstance(error, click.NoSuchOption) and context is not None and _of_all(error.option_name, context):
        command = context.command_path.partition(" ")[2]
        message = f"{error.option_name} stands before the command: nexusops {error.option_name} … {command}."
    _say(f"{message}\nSee `{path} --help` for what it takes.")
    return 2


def _of_all(option: str, context: click.Context) -> bool:
    """Whether it is an option of nexusops itself, written behind a command that has none of that name."""
    root = context.find_root()
    return context is not root and any(option in parameter.opts for parameter in root.command.params)


def _told(error: NexusopsError) -> int:
    from nexusops.report.errors import error_text

    _say(error_text(error).removesuffix("\n"))
    return error.exit_code


def _say(text: str) -> None:
    click.echo(text, err=True)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0]


def _traceback_for_debug(arguments: Sequence[str]) -> None:
    said = [argument.lower() for argument in arguments]
    if "--log-level=debug" in said or ("--log-level", "debug") in pairwise(said):
        import traceback

        traceback.print_exc()


def _cut_off(error: OSError) -> int:
    """The answer did not get out. The interpreter must not try once more at exit, and fail loudly."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if isinstance(error, BrokenPipeError):
        return READER_GONE
    _say(
        f"Standard output cannot be written: {error.strerror or error}.\n"
        "Make room there, or send the answer elsewhere, and ask again; `nexusops history` says what was done meanwhile."
    )
    return UsageError.exit_code
