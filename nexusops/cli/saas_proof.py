"""``saas test`` and ``saas verify``: does it send, and may it do no more than that (interface.md 7)."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nexusops.cli import options
from nexusops.cli.dns import zone_option
from nexusops.cli.entry import Call
from nexusops.errors import FINDINGS

if TYPE_CHECKING:
    from nexusops.report.services import Proof


@click.command()
@click.argument("request_id", metavar="ID")
@click.option("--to", "to", default="", metavar="ADDRESS", help="Where the message goes. [the product's own mailbox]")
@options.format_option()
@options.at_option
@click.pass_obj
def test(call: Call, request_id: str, to: str, form: str, at: datetime) -> int:  # noqa: ARG001 - every saas command is dated
    """Send one message as the product would: a token, then Graph's sendMail or the SMTP dialogue.

    Signs in with what was handed over, as long as its file is there. Ends with 6 where something was refused.
    """
    from nexusops import wiring
    from nexusops.pipeline.saas.proof import try_sending

    with wiring.opened(call.folder) as site:
        sign_in = wiring.sign_in_of(site.configuration, request_id)
        proof = try_sending(site.ports, request_id, to=to, sign_in=sign_in)
    return _told(proof, form)


@click.command()
@click.argument("request_id", metavar="ID")
@click.option(
    "--other",
    default="",
    metavar="MAILBOX",
    help="A mailbox that it must not use, by address or username. [the notices' sender, or its owner's]",
)
@zone_option
@options.actor_option
@options.format_option()
@options.at_option
@click.pass_obj
def verify(call: Call, request_id: str, other: str, zone: Path | None, actor: str, form: str, at: datetime) -> int:
    """Prove least privilege: allowed at its own mailbox, refused at another; for a domain, DNS as planned.

    One line a check, with the answer seen. Nothing is written; ends with 6 where a check fails. What is proved is live,
    and has its yearly review behind it.
    """
    from nexusops import wiring, wiring_resolver
    from nexusops.pipeline.desk import Wish
    from nexusops.pipeline.saas.proof import verify as proof_of

    with wiring.opened(call.folder) as site, ExitStack() as closing:
        configuration = site.configuration
        resolver = wiring_resolver.resolver_of(configuration.settings, configuration, zone)
        closing.callback(resolver.close)
        proof = proof_of(
            site.ports,
            request_id,
            Wish(actor=actor, reason="verified", at=at),
            resolver=resolver,
            other=other or wiring.sender_of(configuration),
            sign_in=wiring.sign_in_of(configuration, request_id),
        )
    return _told(proof, form)


def _told(proof: Proof, form: str) -> int:
    from nexusops.cli.printing import look
    from nexusops.report.services import proof_json, proof_text

    click.echo(proof_json(proof) if form == "json" else proof_text(proof, look()), nl=False)
    return 0 if proof.passed else FINDINGS
