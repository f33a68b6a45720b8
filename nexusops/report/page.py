"""A plan as one HTML page that needs nothing else: styles and script are inline, and it asks the network for nothing.

The page forbids itself everything but its own style and script (Content-Security-Policy by hash); every value is
escaped by Jinja2. Without JavaScript it is complete, and only searching and filtering are missing.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from nexusops.codec import instant
from nexusops.model.plan import Plan
from nexusops.plan.guard import DESTRUCTIVE_KINDS
from nexusops.report.blocks import visible
from nexusops.report.text import next_step
from nexusops.report.view import NOBODY, NOWHERE, Names, Units, affected, cost, findings_of, groups_of, number_of

if TYPE_CHECKING:
    from jinja2 import Environment

_DATE = re.compile(r"\b\d{4}-\d\d-\d\d\b", re.ASCII)
TEMPLATES = Path(__file__).parent / "templates"


def plan_page(plan: Plan, *, units: Units = NOWHERE, names: Names = NOBODY) -> str:
    """The page: guard and findings on top, then every change, destructive kinds first and marked."""
    style, script = asset("page.css"), asset("page.js")
    groups = groups_of(plan, units, names)
    return (
        templates()
        .get_template("plan.html.j2")
        .render(
            plan=plan,
            at=instant(plan.at),
            as_of=instant(plan.snapshot_as_of),
            total=number_of(len(plan.changes), "change"),
            destructive=sum(group.size for group in groups if group.destructive),
            groups=groups,
            units=_units(unit for group in groups for row in group.rows for unit in row.units),
            findings=findings_of(plan.findings),
            tripped=[(name, affected(plan, name, units)) for name in plan.guard.tripped],
            destructive_kinds=DESTRUCTIVE_KINDS,
            cost=cost(plan.estimate),
            next_step=next_step(plan),
            style=style,
            script=script,
            policy=content_policy(style, script),
        )
    )


def templates() -> Environment:
    """Where pages come from: every value is escaped, and a missing one is an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    places = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    places.filters["coded"] = coded
    places.filters["dated"] = dated
    places.filters["parted"] = parted
    return places


def _units(found: Iterable[str]) -> list[str]:
    return sorted(set(found))


def _shown(value: object) -> object:
    """Plain strings with control and direction marks spelt out; what is already markup stays."""
    return visible(value) if type(value) is str else value


def coded(sentence: str) -> str:
    """What stands between backticks as code, and dates in one piece; everything is escaped."""
    from markupsafe import Markup

    parts = visible(sentence).split("`")
    return Markup("").join(Markup("<code>{}</code>").format(p) if n % 2 else dated(p) for n, p in enumerate(parts))


def dated(sentence: str) -> str:
    """Dates in one piece, so that none is broken at its hyphens; everything is escaped."""
    from markupsafe import Markup, escape

    return Markup(_DATE.sub(r"<time>\g<0></time>", str(escape(visible(sentence)))))  # noqa: S704 - escaped above


def parted(sentence: str) -> str:
    """The same, with addresses broken behind the @ where there is no room for them in one line."""
    from markupsafe import Markup

    return Markup(str(dated(sentence)).replace("@", "@<wbr>"))  # noqa: S704 - escaped by dated


def asset(name: str) -> str:
    """A file beside the templates."""
    return (TEMPLATES / name).read_text(encoding="utf-8")


def content_policy(style: str, script: str = "") -> str:
    """Nothing but this style and this script, by their hashes."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "img-src 'none'; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
