"""``saas request``: asks what a request needs to say, and files it (interface.md 7)."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

import click

from nexusops.cli import options
from nexusops.cli.entry import Call
from nexusops.model.frozen import frozen


@frozen
class Asked:
    """One key of the file: how its option is called, what is asked on a terminal, and what it is without an answer.

    ``kind``: str, int, bool, or the words to choose from. ``default`` None: an answer is needed.
    """

    key: str
    option: str
    question: str
    kind: Any
    default: Any = None
    also: tuple[str, ...] = ()
    """The same option by other names."""


QUESTIONS = (
    Asked(key="service_name", option="--service-name", question="What is the product called", kind=str),
    Asked(key="unit_id", option="--unit", question="For which unit (its id, such as FOOD, or its domain)", kind=str),
    Asked(key="requester", option="--requester", question="Your username, as IT staff of that unit", kind=str),
    Asked(key="provider", option="--provider", question="Who provides it", kind=str),
    Asked(
        key="oxford_domain_needed",
        option="--oxford-domain/--no-oxford-domain",
        also=("--own-domain/--no-own-domain",),
        question="Is an address of the University essential for it",
        kind=bool,
    ),
    Asked(
        key="direction",
        option="--direction",
        question="Does it only send, or send and receive",
        kind=("send", "send_receive"),
        default="send",
    ),
    Asked(
        key="supports_exo",
        option="--exo/--no-exo",
        question="Can it connect to Exchange Online (Graph)",
        kind=bool,
    ),
    Asked(
        key="supports_ms_smtp",
        option="--ms-smtp/--no-ms-smtp",
        question="Can it send through Microsoft SMTP (smtp.office365.com)",
        kind=bool,
    ),
    Asked(
        key="auth",
        option="--auth",
        question="How does it sign in",
        kind=("oauth2", "basic"),
        default="oauth2",
    ),
    Asked(
        key="mode_wanted",
        option="--mode",
        question="Do you want a certain way",
        kind=("auto", "mailbox", "service_domain", "dept_include"),
        default="auto",
    ),
    Asked(key="from_local", option="--from-local", question="What should stand before the @", kind=str, default=""),
    Asked(
        key="owner_person_id",
        option="--owner",
        question="Who answers for it (username or person_id)",
        kind=str,
        default="",
    ),
    Asked(
        key="spf_approver",
        option="--spf-approver",
        question="Who vouches for the SPF knowledge (for a service domain)",
        kind=str,
        default="",
    ),
    Asked(
        key="provider_include",
        option="--provider-include",
        question="The provider's SPF record (for a service domain)",
        kind=str,
        default="",
    ),
    Asked(
        key="bounce_mx",
        option="--bounce-mx",
        question="The host that takes bounces (for a service domain)",
        kind=str,
        default="",
    ),
    Asked(key="daily_volume", option="--daily-volume", question="How many messages a day", kind=int, default=0),
    Asked(
        key="certificate",
        option="--certificate",
        question="A file in services/ with the product's certificate (empty: a secret is made)",
        kind=str,
        default="",
    ),
)


def _option(asked: Asked) -> Callable[[Any], Any]:
    kind = asked.kind if not isinstance(asked.kind, tuple) else click.Choice(asked.kind)
    return click.option(asked.option, *asked.also, asked.key, type=kind, default=None, help=f"{asked.question}.")


@click.command()
@click.option("--id", "request_id", metavar="ID", help="The request's id, and its file's name. [from the name]")
@options.all_of(*map(_option, QUESTIONS))
@options.format_option()
@options.at_option
@click.option("--replace", "again", is_flag=True, help="Write the file anew where it is there.")
@click.pass_obj
def request(call: Call, /, request_id: str | None, form: str, at: datetime, again: bool, **given: Any) -> int:
    """Write services/ID.toml, and say what the answer to it is. On a terminal, what no option says is asked.

    Example: nexusops saas request --service-name "Admin Day" --unit FOOD --requester food0007 --provider "Admin Day"
    --oxford-domain --exo --no-ms-smtp --owner 1000042
    """
    from nexusops import wiring, wiring_dns
    from nexusops.cli.printing import look
    from nexusops.config.services import service_path, write_service
    from nexusops.errors import UsageError
    from nexusops.model.dates import local_date
    from nexusops.pipeline.saas.advice import answer
    from nexusops.pipeline.saas.filing import as_registered
    from nexusops.report.services import advice_json, advice_text
    from nexusops.rules.services.ways import slug

    values = _complete(given)
    name = request_id or slug(str(values["service_name"]))
    with wiring.opened(call.folder) as site, wiring_dns.asked(site.configuration) as dns:
        path = service_path(site.configuration.folder / "services", name)
        if path.exists() and not again:
            raise UsageError(
                f"{path} is there already.", next_step="Choose another id with --id, or use --replace to write it anew."
            )
        asked = write_service(path, as_registered(site.ports, values))
        today = local_date(at, site.ports.policy.time.zone)
        advice = answer(site.ports, asked, at, resolver=dns.resolver, permits=dns.permitted(today))
    if form == "json":
        click.echo(advice_json(advice, f"{path}"), nl=False)
    else:
        click.echo(f"Filed as {path}.\n")
        click.echo(advice_text(asked, advice, look()), nl=False)
    return 0


def _complete(given: dict[str, Any]) -> dict[str, Any]:
    """What the options say, then what is answered, then the defaults."""
    ask = sys.stdin.isatty()
    missing = [one for one in QUESTIONS if given[one.key] is None and one.default is None]
    if missing and not ask:
        names = ", ".join(one.option for one in missing)
        raise click.UsageError(f"Without a terminal to ask on, these are needed: {names}.")
    values: dict[str, Any] = {}
    for one in QUESTIONS:
        value = given[one.key]
        if value is None:
            asked = ask and not _needless(one.key, values)
            value = _answer(one) if asked else one.default if one.kind is not bool else False
        values[one.key] = value
    return values


_ALWAYS = frozenset({"service_name", "unit_id", "requester", "provider", "oxford_domain_needed"})
_MAILBOX = frozenset({"auth", "owner_person_id", "certificate"})
_DOMAIN = frozenset({"spf_approver", "provider_include", "bounce_mx"})


def _needless(key: str, answers: dict[str, Any]) -> bool:
    """Whether the answers so far make a question needless: of a mailbox, of a service domain, or of either (R71)."""
    if key in _ALWAYS:
        return False
    if not answers["oxford_domain_needed"]:
        return True
    connects = answers.get("supports_exo") or answers.get("supports_ms_smtp")
    return (key in _MAILBOX and not connects) or (key in _DOMAIN and bool(connects))


def _answer(one: Asked) -> Any:
    if one.kind is bool:
        return click.confirm(f"{one.question}?", err=True)
    kind = click.Choice(one.kind) if isinstance(one.kind, tuple) else one.kind
    return click.prompt(one.question, default=one.default, type=kind, err=True, show_default=bool(one.default))
