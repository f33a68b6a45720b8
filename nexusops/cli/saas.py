"""``saas …``: a product that wants to send mail, from the question to the proof (interface.md 7)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nexusops.cli import options
from nexusops.cli.entry import Call
from nexusops.cli.plan import FORMATS
from nexusops.cli.saas_proof import test, verify
from nexusops.cli.saas_request import request
from nexusops.errors import FINDINGS

if TYPE_CHECKING:
    from nexusops.config import Configuration
    from nexusops.model.plan import Plan
    from nexusops.model.services import ServiceRequest
    from nexusops.pipeline.desk import Told, Wish
    from nexusops.pipeline.inputs import Ports


@click.group()
def saas() -> None:
    """How a product may send mail: ask, request, plan, try and prove it, hand it over, end it."""


for command in (request, test, verify):
    saas.add_command(command)


@saas.command()
@click.argument("request", metavar="FILE|ID")
@options.format_option()
@options.at_option
@options.snapshot_option
@click.pass_obj
def advise(call: Call, request: str, form: str, at: datetime, snapshot: Path | None) -> int:
    """Which way this product should send, and why. Ends with 0 when approved, else with 6.

    Example: nexusops saas advise adminday.toml
    """
    from nexusops import wiring, wiring_dns
    from nexusops.cli.printing import look
    from nexusops.model.dates import local_date
    from nexusops.model.services import Ruling
    from nexusops.pipeline.saas.advice import answer
    from nexusops.report.services import advice_json, advice_text

    with wiring.opened(call.folder, snapshot=snapshot) as site, wiring_dns.asked(site.configuration) as dns:
        asked = request_of(site.configuration, request)
        today = local_date(at, site.ports.policy.time.zone)
        advice = answer(
            site.ports, asked, at, fresh=snapshot is not None, resolver=dns.resolver, permits=dns.permitted(today)
        )
    click.echo(advice_json(advice) if form == "json" else advice_text(asked, advice, look()), nl=False)
    return 0 if advice.ruling is Ruling.APPROVED else FINDINGS


@saas.command("list")
@options.format_option()
@options.at_option
@click.pass_obj
def list_(call: Call, form: str, at: datetime) -> int:  # noqa: ARG001 - every saas command is dated
    """Every request that is filed or known: its way, its state, and what is wrong with it."""
    from nexusops import wiring
    from nexusops.cli.printing import look
    from nexusops.pipeline.saas.desk import listed
    from nexusops.report.services import list_json, list_text

    with wiring.opened(call.folder) as site:
        found = listed(site.ports)
    click.echo(list_json(found) if form == "json" else list_text(found, look()), nl=False)
    return 0


@saas.command()
@click.argument("request_id", metavar="ID")
@options.format_option(*FORMATS)
@options.at_option
@options.snapshot_option
@options.out_option
@click.pass_obj
def plan(call: Call, request_id: str, form: str, at: datetime, snapshot: Path | None, out: Path | None) -> int:
    """The part of the whole plan that belongs to one request, for a domain with its zone lines or ticket."""
    from nexusops import wiring
    from nexusops.cli.plan import told
    from nexusops.pipeline.saas.plan import plan_of_request

    with wiring.opened(call.folder, snapshot=snapshot) as site:
        if request_id in site.configuration.requests.faulty:
            raise site.configuration.requests.faulty[request_id]
        made = plan_of_request(site.ports, request_id, at=at, fresh=snapshot is not None)
        found = _publishing(site.configuration, made) if form in ("text", "json") else {}
        code = told(made, site.ports, form=form, out=out, beside=found if form == "json" else {})
        if form == "text":
            for text in found["publishing"]:
                click.echo(f"\n{text}", nl=False)
            for cost in found["spf"]:
                click.echo(f"\n{cost}")
    return code


def _publishing(configuration: Configuration, made: Plan) -> dict[str, list[str]]:
    """What somebody would be given to publish, zone lines or tickets, and what the SPF records cost (rules.md 4b)."""
    from nexusops.wiring_dns import costs_of, texts_of

    return {
        "publishing": list(texts_of(configuration, made.changes)),
        "spf": list(costs_of(configuration, made.changes)),
    }


_recorded = options.all_of(
    click.argument("request_id", metavar="ID"),
    options.actor_option,
    options.reason_option,
    options.at_option,
    options.format_option(),
    click.pass_obj,
)
"""A wish says who records it and why."""


@saas.command()
@click.option("--to", "to", required=True, metavar="USERNAME", help="The new owner.")
@_recorded
def handover(call: Call, request_id: str, to: str, form: str, at: datetime, actor: str, reason: str) -> int:
    """Name another owner, who answers for it from the next run on."""
    from nexusops.pipeline.saas import desk as actions

    return _record(call, form, at, actor, reason, lambda p, w: actions.handover(p, request_id, to, w))


@saas.command()
@_recorded
def retire(call: Call, request_id: str, form: str, at: datetime, actor: str, reason: str) -> int:
    """The product is dropped: the next run takes away what it sends with, and deletes its mailbox."""
    from nexusops.pipeline.saas import desk as actions

    return _record(call, form, at, actor, reason, lambda p, w: actions.retire(p, request_id, w))


@saas.command()
@click.option(
    "--revoke", is_flag=True, help="It has leaked: once the new one is handed over, all others are withdrawn."
)
@_recorded
def renew(call: Call, request_id: str, *, revoke: bool, form: str, at: datetime, actor: str, reason: str) -> int:
    """What the product signs in with ends soon, or has leaked: the next run hands a new secret over."""
    from nexusops.pipeline.saas import desk as actions

    return _record(call, form, at, actor, reason, lambda p, w: actions.renew(p, request_id, w, revoke=revoke))


def _record(call: Call, form: str, at: datetime, actor: str, reason: str, action: Callable[[Ports, Wish], Told]) -> int:
    from nexusops import wiring
    from nexusops.pipeline.desk import Wish

    with wiring.opened(call.folder) as site:
        told = action(site.ports, Wish(actor=actor, reason=reason, at=at))
    if form == "json":
        from nexusops.codec import to_text

        document = {"action": told.action, "object": told.object, "message": told.message}
        click.echo(to_text({**document, "actor": actor, "reason": reason}), nl=False)
    else:
        click.echo(f"{told.message[0].upper()}{told.message[1:]}.")
    return 0


def request_of(configuration: Configuration, name: str) -> ServiceRequest:
    """The request of that id, or in that file. Raises UsageError (2) where it cannot be read."""
    from nexusops.config.services import load_service
    from nexusops.errors import UsageError

    if name in configuration.requests.good:
        return configuration.requests.good[name]
    if name in configuration.requests.faulty:
        raise configuration.requests.faulty[name]
    if Path(name).is_file():
        return load_service(Path(name))
    if name.endswith(".toml"):
        raise UsageError(
            f"{name}: there is no such file.",
            next_step="Name a request by its id, as `nexusops saas list` has it, or a file that is there.",
        )
    import difflib

    known = sorted({*configuration.requests.good, *configuration.requests.faulty})
    near = difflib.get_close_matches(name, known, n=1)
    hint = f" The nearest one is {near[0]}." if near else "" if known else " None is filed yet."
    raise UsageError(
        f"There is no request {name!r} in {configuration.folder / 'services'}.{hint}",
        next_step="Name a request by its id, as `nexusops saas list` has it, or a file that ends in .toml.",
    )
