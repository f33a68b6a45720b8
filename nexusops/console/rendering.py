"""Pages from templates: every value escaped, nothing undefined, no style or script inside."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from nexusops.report.blocks import visible
from nexusops.report.page import coded, dated
from nexusops.report.view import took

HERE = Path(__file__).parent
STATIC = HERE / "static"


def rendered(template: str, values: Mapping[str, object]) -> str:
    """``template`` is a name without its ending."""
    return _environment().get_template(f"{template}.html.j2").render(values)


@cache
def _environment() -> Environment:
    places = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: visible(value) if type(value) is str else value,
    )
    places.filters.update(
        block=_block,
        coded=coded,
        dated=dated,
        day=_day,
        instant=_instant,
        word=_word,
        number=_number,
        part=_part,
        wrapped=_wrapped,
        effect=_effect,
        span=took,
    )
    return places


def _day(value: date | None) -> Markup | str:
    """A date in one piece; nothing for none."""
    return Markup('<time datetime="{0}">{0}</time>').format(value.isoformat()) if value is not None else ""


def _instant(value: datetime) -> Markup:
    """UTC, to the minute."""
    return Markup('<time datetime="{:%Y-%m-%dT%H:%M:%SZ}">{:%Y-%m-%d %H:%M}</time> UTC').format(value, value)


def _word(value: str) -> str:
    """A word of the model as people read it: grace_cancelled, in two words."""
    return str(value).replace("_", " ").replace("winddown", "wind-down")


def _number(value: int, noun: str = "") -> str:
    plural = "" if value == 1 or not noun else "s"
    return f"{value:,} {noun}{plural}".strip()


def _part(value: str) -> str:
    """A piece of an address of the console."""
    return quote(str(value), safe="@")


def _wrapped(value: str) -> Markup:
    """An address that may go on in a second line after its @, and nowhere else."""
    return _after_at(Markup.escape(visible(value)))


def _effect(sentence: str) -> Markup:
    """What becomes of something, with a real arrow, which is never torn apart."""
    return _after_at(Markup(dated(sentence.replace(" -> ", " → "))))  # noqa: S704 - escaped there


def _after_at(markup: Markup) -> Markup:
    return Markup(markup.replace("@", Markup("@<wbr>")))  # noqa: S704 - escaped before


def _block(text: str) -> Markup:
    """Several lines as they stand, tabs too; everything else is made visible."""
    lines = ("\t".join(visible(piece) for piece in line.split("\t")) for line in text.splitlines())
    return Markup("\n").join(lines)
