"""``unit show``: what local IT staff ask about their unit (rules.md 4b)."""

from __future__ import annotations

import click

from nexusops.cli import options
from nexusops.cli.entry import Call
from nexusops.errors import Refused

FEW = 5


@click.group()
def unit() -> None:
    """Units: who has addresses in one, and what winds down."""


@unit.command()
@click.argument("unit_id", metavar="UNIT")
@options.format_option("text", "json", "csv")
@click.pass_obj
def show(call: Call, unit_id: str, form: str) -> int:
    """Who has addresses in UNIT, which of them wind down and when, and the unit's own mailboxes with their owners.

    Example: nexusops unit show CHEM
    """
    from nexusops import wiring
    from nexusops.cli.printing import look
    from nexusops.pipeline.explain.unit import unit_of, units_like
    from nexusops.report.unit import unit_written

    with wiring.opened(call.folder) as site:
        found = unit_of(site.ports, unit_id.upper())
        meant = units_like(site.ports, unit_id) if found is None else []
    if found is None:
        near = ", ".join(f"{one.unit_id} ({one.name})" for one in meant[:FEW])
        raise Refused(
            f"There is no unit {unit_id!r} in the last accepted snapshot.",
            next_step=f"It may be {near}: `nexusops unit show UNIT`."
            if near
            else "Name one by its unit_id, as CHEM; `nexusops explain USERNAME` says which units somebody is in.",
        )
    click.echo(unit_written(found, form, look()), nl=False)
    return 0
