"""``explain``: what somebody or something is, why, and what happens next."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from nexusops.cli import options
from nexusops.cli.entry import Call
from nexusops.errors import Refused

if TYPE_CHECKING:
    from nexusops.pipeline.inputs import Ports


@click.command()
@click.argument("subject")
@options.format_option()
@options.at_option
@click.option("--full", "--whole", "whole", is_flag=True, help="With the rows behind each fact, and the whole history.")
@click.pass_obj
def explain(call: Call, subject: str, form: str, at: datetime, whole: bool) -> int:
    """What SUBJECT is, why, and what happens next: a username, a person_id, an address, a mailbox or a service domain.

    For an address also who had it before (masked), and where mail for it goes now and in the next hour; for somebody
    who left, what they would get on coming back. Ends with 6 where nothing is known of it; of a name, or part of one,
    it then says who may be meant.

    Example: nexusops explain mary.brown2@balliol.ox.ac.uk --full
    """
    from nexusops import wiring
    from nexusops.cli.printing import look
    from nexusops.pipeline.explain.answers import explain as explained
    from nexusops.report.explain import explain_json, explain_text

    with wiring.opened(call.folder) as site:
        answer = explained(site.ports, subject, at=at)
        if answer is None:
            raise _unknown(site.ports, subject)
    text = explain_json(answer) if form == "json" else explain_text(answer, whole=whole, look=look())
    click.echo(text, nl=False)
    return 0


def _unknown(ports: Ports, subject: str) -> Refused:
    """What else it is, or who may be meant."""
    from nexusops.pipeline.explain.mail import routed_outside
    from nexusops.pipeline.explain.unit import unit_named
    from nexusops.pipeline.nearby import meant_by

    unit = unit_named(ports, subject)
    if unit is not None:
        what = f"the mail domain of {unit.name}" if subject.lower() == unit.domain else f"the unit {unit.name}"
        return Refused(f"{subject} is {what}.", next_step=f"See `nexusops unit show {unit.unit_id}`.")
    asked = ports.store.name_decision(subject)
    if asked is not None:
        state = next(iter(ports.store.owners({asked.person_id})), None)
        who = (state.username if state is not None else None) or asked.person_id
        return Refused(
            f"{subject} is a request of {who} for the name {asked.wanted_local}.",
            next_step=f"See `nexusops explain {who}`: what became of it stands there under 'asked for'.",
        )
    outside = routed_outside(ports, subject)
    if outside is not None:
        where = f", and mail for it goes to {outside.destination}" if outside.destination else ""
        known = outside.person_id is not None and ports.store.owners({outside.person_id})
        return Refused(
            f"{outside.address} is no address that is managed here: its domain has mail of its own{where}.",
            next_step=f"See `nexusops explain {outside.person_id}`, whose it is."
            if known
            else "Ask the unit whose domain it is; `nexusops domain list` names it.",
        )
    return Refused(
        f"Nothing is known of {subject!r}.",
        next_step=meant_by(ports.store, subject, "nexusops explain")
        or "Name a username, a person_id, an address or a mailbox that a run has seen; a person's "
        "addresses stand in `nexusops unit show UNIT`.",
    )


@click.command()
@click.argument("person")
@click.option("--status", metavar="CODE", help="What if the status on their card were this one?")
@options.format_option()
@options.at_option
@click.pass_obj
def preview(call: Call, person: str, status: str | None, form: str, at: datetime) -> int:
    """What PERSON (a username, person_id or address) would get on coming back today with a current card.

    Their mailbox enabled, restored, or new and empty, and their addresses, in the units that they last were in. Ends
    with 6 where nothing is known of them. With --status: what would happen to them, here or not, from the next run on
    if their card said so. Changes nothing.

    Example: nexusops preview phys0041 --status VX
    """
    from nexusops import wiring
    from nexusops.pipeline.explain.preview import preview as previewed
    from nexusops.pipeline.explain.preview import suppose
    from nexusops.report.preview import Preview, preview_json, preview_text, supposed_text

    with wiring.opened(call.folder) as site:
        ports = site.ports
        found = previewed(ports, person, at=at) if status is None else suppose(ports, person, status, at=at)
    if form == "json":
        click.echo(preview_json(found), nl=False)
    else:
        click.echo(preview_text(found) if isinstance(found, Preview) else supposed_text(found), nl=False)
    return 0
