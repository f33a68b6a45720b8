"""The form of a request for SaaS mail: what is asked, in which words, and the values that it files."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from nexusops.console.answers import Asked
from nexusops.console.roles import Right
from nexusops.errors import NexusopsError, Refused
from nexusops.pipeline.nearby import person_named


class Field(NamedTuple):
    """One question. ``kind``: text, number, tick, or choice among ``options`` (value, words)."""

    key: str
    label: str
    kind: str = "text"
    hint: str = ""
    needed: bool = False
    options: tuple[tuple[str, str], ...] = ()


FIELDS: tuple[tuple[str, tuple[Field, ...]], ...] = (
    (
        "The product",
        (
            Field("service_name", "What it is called", needed=True),
            Field("provider", "Who provides it", needed=True),
            Field("owner", "Who answers for it", hint="A username or person id; needed for a mailbox of its own."),
            Field("daily_volume", "Messages a day", kind="number"),
            Field("request_id", "Id of this request", hint="Letters, digits and hyphens; made from the name if empty."),
        ),
    ),
    (
        "How it can send",
        (
            Field("oxford_domain_needed", "An address of the University is essential for it", kind="tick"),
            Field(
                "direction",
                "Direction",
                kind="choice",
                options=(("send", "it only sends"), ("send_receive", "it sends and receives")),
            ),
            Field("supports_exo", "It can connect to Exchange Online (Graph)", kind="tick"),
            Field("supports_ms_smtp", "It can send through smtp.office365.com", kind="tick"),
            Field(
                "auth",
                "It signs in with",
                kind="choice",
                options=(("oauth2", "OAuth 2.0"), ("basic", "a password (basic authentication)")),
            ),
            Field(
                "mode_wanted",
                "Way wanted",
                kind="choice",
                options=(
                    ("auto", "whatever fits best"),
                    ("mailbox", "a mailbox of its own"),
                    ("service_domain", "a service domain"),
                    ("dept_include", "the provider in the department's SPF record"),
                ),
            ),
            Field("from_local", "Before the @", hint="What the product sends as, such as adminday."),
        ),
    ),
    (
        "For a service domain only",
        (
            Field("spf_approver", "Who vouches for the SPF knowledge", hint="A name; the rules ask for one."),
            Field("provider_include", "The provider's SPF record", hint="Such as spf.adminday.example."),
            Field("bounce_mx", "The host that takes bounces"),
        ),
    ),
)


def request_values(asked: Asked) -> dict[str, object]:
    """What the form says, as the file has it. Whoever supports units asks in their own name (R62)."""
    given = {key: value.strip() for key, value in asked.form.items()}
    own = asked.viewer.username
    values: dict[str, object] = {
        "service_name": given.get("service_name", ""),
        "unit_id": given.get("unit_id", ""),
        "requester": (given.get("requester") or own) if asked.viewer.everywhere(Right.FILE_REQUEST) else own,
        "provider": given.get("provider", ""),
    }
    for _, fields in FIELDS[1:]:
        for field in fields:
            ticked = field.key in given
            values[field.key] = ticked if field.kind == "tick" else given.get(field.key, "")
    values["owner_person_id"] = person_named(asked.site.ports.store, given.get("owner", ""))
    values["daily_volume"] = _number(given.get("daily_volume", ""))
    return values


def in_its_words(error: NexusopsError, path: Path) -> NexusopsError:
    """What is wrong with the file that a form makes, told of the form: whoever fills it in has never seen a file."""
    place = f"{path}: "
    if not error.message.startswith(place):
        return error
    key, _, rest = error.message.removeprefix(place).partition(": ")
    labels = {field.key: field.label for _, fields in FIELDS for field in fields}
    return Refused(f"{labels.get(key, key)}: {rest}", next_step="Correct it in the form, and send it again.")


def _number(text: str) -> int:
    if text and not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise Refused(f"{text!r} is no number of messages.", next_step="Give a whole number, such as 200.")
    return int(text or 0)
