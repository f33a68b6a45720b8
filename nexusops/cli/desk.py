"""``desk …``: the service desk's actions, each with actor and reason (interface.md 3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING

import click

from nexusops.cli import options
from nexusops.cli.entry import Call

if TYPE_CHECKING:
    from nexusops.model.journal import JsonObject, JsonValue
    from nexusops.pipeline.desk import Told, Wish
    from nexusops.pipeline.inputs import Ports


@click.group()
def desk() -> None:
    """The service desk's actions: journaled, and honoured by later runs until undone or overtaken by registration."""


_asked = options.all_of(
    click.option("--actor", required=True, help="Who, for the journal."),
    click.option("--reason", required=True, help="Why, for the journal."),
    options.at_option,
    options.format_option(),
    click.pass_obj,
)
"""Every action says who and why, and may be dated."""


def _act(call: Call, form: str, at: datetime, actor: str, reason: str, action: Callable[[Ports, Wish], Told]) -> int:
    from nexusops import wiring
    from nexusops.errors import Refused
    from nexusops.pipeline.desk import NobodyNamed, Wish
    from nexusops.pipeline.nearby import meant_by

    if not actor.strip() or not reason.strip():
        raise click.UsageError("--actor and --reason must say something.")
    with wiring.opened(call.folder) as site:
        try:
            told = action(site.ports, Wish(actor=actor, reason=reason, at=at))
        except NobodyNamed as error:
            next_step = meant_by(site.ports.store, error.username, "nexusops explain")
            if not next_step:
                raise
            raise Refused(error.message, next_step=next_step) from error
    if form == "json":
        from nexusops.codec import to_text

        result: JsonValue = None if told.outcome is None else {"run_id": told.outcome.run_id, "done": told.outcome.done}
        document: JsonObject = {"action": told.action, "object": told.object, "message": told.message}
        document |= {"carried_out": result, "undo": told.undo or None, "actor": actor, "reason": reason}
        click.echo(to_text(document), nl=False)
    else:
        from nexusops.report.blocks import visible

        # A name at the beginning stays as it is written.
        first = told.message[0] if told.message.startswith(told.object) else told.message[0].upper()
        click.echo(f"{first}{told.message[1:]}.")
        click.echo(visible(f"Recorded for {actor}: {reason}"))
        if told.undo:
            click.echo(f"To take it back: `{told.undo} --actor NAME --reason TEXT`")
    if told.outcome is None:
        return 0
    from nexusops.cli.act import remark_what_is_left

    remark_what_is_left(told.outcome)
    return told.outcome.exit_code


@desk.command()
@click.argument("username")
@click.option("--override", is_flag=True, help="Although the card is not cancelled (role security).")
@_asked
def disable(call: Call, username: str, override: bool, form: str, at: datetime, actor: str, reason: str) -> int:
    """Disable a mailbox at once; needs a cancelled card.

    Example: nexusops desk disable ball1234 --actor ann --reason "left in anger, ticket 4711"
    """
    from nexusops.pipeline import desk as actions

    return _act(call, form, at, actor, reason, lambda p, w: actions.disable(p, username, w, override=override))


@desk.command("undo-disable")
@click.argument("username")
@_asked
def undo_disable(call: Call, username: str, form: str, at: datetime, actor: str, reason: str) -> int:
    """Enable a mailbox that the desk disabled, while a card is current."""
    from nexusops.pipeline import desk as actions

    return _act(call, form, at, actor, reason, lambda p, w: actions.undo_disable(p, username, w))


@desk.command("exempt-forward")
@click.argument("username")
@_asked
def exempt_forward(call: Call, username: str, form: str, at: datetime, actor: str, reason: str) -> int:
    """Keep a person's mail in the mailbox: no automatic forward while exempt."""
    from nexusops.pipeline import desk as actions

    return _act(call, form, at, actor, reason, lambda p, w: actions.exempt_forward(p, username, w, exempt=True))


@desk.command("unexempt-forward")
@click.argument("username")
@_asked
def unexempt_forward(call: Call, username: str, form: str, at: datetime, actor: str, reason: str) -> int:
    """End an exemption from automatic forwarding."""
    from nexusops.pipeline import desk as actions

    return _act(call, form, at, actor, reason, lambda p, w: actions.exempt_forward(p, username, w, exempt=False))


@desk.command("shorten-winddown")
@click.argument("address")
@click.option("--on", "on", type=options.Day(), required=True, metavar="DATE", help="The day on which it ends.")
@_asked
def shorten_winddown(call: Call, address: str, on: date, form: str, at: datetime, actor: str, reason: str) -> int:
    """End an address in wind-down on a given day, without a further notice."""
    from nexusops.model.ids import Address
    from nexusops.pipeline import desk as actions

    wanted = Address(address.lower())
    return _act(call, form, at, actor, reason, lambda p, w: actions.shorten_winddown(p, wanted, on, w))


@desk.command("decide-name")
@click.argument("request_id")
@click.argument("decision", type=click.Choice(["accept", "reject"]))
@_asked
def decide_name(call: Call, request_id: str, decision: str, form: str, at: datetime, actor: str, reason: str) -> int:
    """Decide a name request that was referred to the desk."""
    from nexusops.pipeline import desk as actions

    accept = decision == "accept"
    return _act(call, form, at, actor, reason, lambda p, w: actions.decide_name(p, request_id, w, accept=accept))


@desk.command()
@click.argument("subject")
@_asked
def release(call: Call, subject: str, form: str, at: datetime, actor: str, reason: str) -> int:
    """Let go what an undo keeps against the data.

    SUBJECT is a username, person_id, mailbox or address.
    """
    from nexusops.pipeline.release import release

    return _act(call, form, at, actor, reason, lambda p, w: release(p, subject, w))


@desk.command()
@click.argument("mailbox")
@click.option("--to", "to", required=True, metavar="USERNAME", help="The new owner.")
@_asked
def handover(call: Call, mailbox: str, to: str, form: str, at: datetime, actor: str, reason: str) -> int:
    """Hand a non-personal mailbox over to a new owner."""
    from nexusops.pipeline import desk as actions

    return _act(call, form, at, actor, reason, lambda p, w: actions.handover(p, mailbox, to, w))
