"""Options that several commands take, with their parsing (interface.md 1)."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import click

from nexusops import clock
from nexusops.model.changes import Kind

Function = TypeVar("Function", bound=Callable[..., Any])

_OFFSET = r"[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d"
_RFC3339 = re.compile(rf"\d{{4}}-\d{{2}}-\d{{2}}[Tt]\d{{2}}:\d{{2}}:\d{{2}}(?:\.\d+)?(?:{_OFFSET})", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_UNIT = re.compile(r"unit:[A-Z0-9]{2,8}")
YEARS = range(1970, 3000)
"""Dates are reckoned with: what lies at the calendar's very ends leaves no room for months of grace."""
EXAMPLE = "2025-10-01T08:00:00Z"


class Instant(click.ParamType[datetime]):
    """An RFC 3339 instant with its offset, as UTC. A time without an offset could mean two hours; it is refused."""

    name = "instant"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        if not _RFC3339.fullmatch(str(value)):
            self.fail(f"{value!r} is not an RFC 3339 instant with an offset, such as {EXAMPLE}.", param, ctx)
        try:
            found = datetime.fromisoformat(str(value).upper()).astimezone(UTC)
        except (ValueError, OverflowError) as error:
            self.fail(f"{value!r} is not a real instant: {error}.", param, ctx)
        if found.year not in YEARS:
            self.fail(f"{value!r} is out of range: it must lie in {YEARS.start} to {YEARS.stop - 1}.", param, ctx)
        return found


class Day(click.ParamType[date]):
    """A date, YYYY-MM-DD."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            if not _DAY.fullmatch(str(value)):
                raise ValueError(value)
            found = date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a date such as 2026-09-30.", param, ctx)
        if found.year not in YEARS:
            self.fail(f"{value!r} is out of range: it must lie in {YEARS.start} to {YEARS.stop - 1}.", param, ctx)
        return found


FURTHEST = timedelta(days=20 * 365)
"""The rules know no longer promise; what the data say of later days is a guess."""


def must_be_near(until: date, at: datetime) -> None:
    """A look ahead that would go on for centuries is a usage error."""
    if until > at.date() + FURTHEST:
        raise click.UsageError(f"--until may be {FURTHEST.days // 365} years ahead at most: {at.date() + FURTHEST}.")


class Accepted(click.ParamType[tuple[str, int]]):
    """KIND=N: a kind, the group Destructive, TakenOver or a unit, and exactly the number planned."""

    name = "KIND=N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        if isinstance(value, tuple):
            return value
        kind, _, number = str(value).partition("=")
        known = ["Destructive", "TakenOver", *(one.value for one in Kind)]
        if kind not in known and not _UNIT.fullmatch(kind):
            near = difflib.get_close_matches(kind, known, n=1)
            hint = f"The nearest one is {near[0]}" if near else f"There are {', '.join(known)} and those of units"
            self.fail(f"{kind!r} is no limit of the guard. {hint}.", param, ctx)
        if not number.isdecimal() or not number.isascii():
            self.fail(f"{value!r}: expected {kind}= and exactly the number planned, such as {kind}=37.", param, ctx)
        return kind, int(number)


class Written(click.Path):
    """A file to write. What goes to stdout needs no --out, and a file called "-" is nobody's wish."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if str(value) == "-":
            self.fail("'-' names no file; without --out the answer goes to stdout.", param, ctx)
        return super().convert(value, param, ctx)


WRITTEN = Written(path_type=Path, dir_okay=False)


def _accepted_once(ctx: click.Context, param: click.Parameter, value: tuple[tuple[str, int], ...]) -> dict[str, int]:
    found = dict(value)
    if len(found) != len(value):
        raise click.BadParameter("each limit may be named once.", ctx, param)
    return found


def _digest(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"sha256:[0-9a-f]+", value):  # another digest, even a short one, is 7
        raise click.BadParameter("expected a digest as `plan` prints it: sha256: and 64 hex digits.", ctx, param)
    return value


def _actor(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str:
    if value:
        return value
    import getpass
    import os

    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return f"uid:{os.getuid()}"


at_option = click.option(
    "--at", type=Instant(), default=clock.now, metavar="INSTANT", help=f"Act as at this instant ({EXAMPLE}). [now]"
)


def format_option(*formats: str) -> Callable[[Function], Function]:
    words = formats or ("text", "json")
    return click.option(
        "--format", "form", type=click.Choice(words), default="text", show_default=True, help="How to print the answer."
    )


def all_of(*options: Callable[[Any], Any]) -> Callable[[Function], Function]:
    """Several options as one decorator; the help lists them in this order."""

    def decorated(function: Function) -> Function:
        for option in reversed(options):
            function = option(function)
        return function

    return decorated


actor_option = click.option("--actor", callback=_actor, help="Who, for the journal. [the user of this process]")
reason_option = click.option("--reason", default="", help="Why, for the journal.")

accept_options = all_of(
    click.option(
        "--accept",
        type=Accepted(),
        multiple=True,
        callback=_accepted_once,
        help="Lift one limit where exactly N are planned. Repeatable.",
    ),
    click.option("--approve", metavar="DIGEST", callback=_digest, help="Lift all limits for exactly this plan."),
    actor_option,
    reason_option,
)
"""Who lifts a guard's limit, and why."""

snapshot_option = click.option(
    "--snapshot",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Read this snapshot instead of the configured registration source.",
)
refresh_option = click.option(
    "--refresh",
    type=click.Choice(("delta", "full")),
    default="delta",
    show_default=True,
    help="Look at what changed or is due, or at everybody and the whole tenant.",
)
out_option = click.option("--out", type=WRITTEN, metavar="FILE", help="Write the plan document here.")
jobs_argument = click.argument("jobs", nargs=-1, metavar="[JOB]…")
