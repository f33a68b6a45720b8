"""``doctor``: is everything in place for a run? Looks, and changes nothing."""

from __future__ import annotations

from datetime import datetime

import click

from nexusops.cli import options
from nexusops.cli.entry import Call


@click.command()
@options.jobs_argument
@options.format_option()
@options.at_option
@click.pass_obj
def doctor(call: Call, jobs: tuple[str, ...], form: str, at: datetime) -> int:
    """Check configuration, state, snapshot, tenant and permissions: those that all JOBs need, or the named ones.

    Ends with 0 where all is well, 6 where something was found, 8 where the tenant cannot be read.
    """
    from nexusops.cli.printing import look
    from nexusops.doctor.checks import checks
    from nexusops.report.doctor import doctor_json, doctor_text

    found = list(checks(call.folder, jobs, at))
    click.echo(doctor_json(found) if form == "json" else doctor_text(found, look()), nl=False)
    return max((one.code for one in found), default=0)
