"""What is said to the person who asked how a product may send: every reason and every next step of an advice."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from nexusops.model.ids import Address, Domain
from nexusops.model.services import Connection, Point, Ruling, SendingPath, ServiceRequest


def because(
    request: ServiceRequest, path: SendingPath, connection: Connection | None, domain: Domain | None, catch_all: str
) -> tuple[str, ...]:
    """Why this way (R61, R63, R65, R71, R72). ``catch_all``: how the records of the site end (T9)."""
    return (*_way(request, path, connection, domain, catch_all), *_other_wish(request, path))


def _way(
    request: ServiceRequest, path: SendingPath, connection: Connection | None, domain: Domain | None, catch_all: str
) -> tuple[str, ...]:
    provider = request.provider or "the provider"
    if path is SendingPath.NONE:
        return (
            (
                f"A University address is not essential for {request.service_name}, so {provider} can send from its "
                "own domain and nothing has to be set up here."
            ),
            "That is usually cheaper and more reliable, and one organisation answers for delivery and for its faults.",
        )
    if connection is Connection.EXO:
        return (
            (
                f"{request.service_name} can connect to Exchange Online, so a mailbox of its own is the best way: it "
                "sends and receives there like everybody else, and no DNS has to change."
            ),
        )
    if connection is Connection.MS_SMTP:
        return (
            f"{request.service_name} only sends and can use Microsoft SMTP, so a mailbox of its own is the best way.",
            "SMTP AUTH is switched on for that one mailbox, and takes OAuth 2 only: a password will not work there.",
        )
    if path is SendingPath.SERVICE_DOMAIN:
        return (
            (
                f"{request.service_name} can use neither Exchange Online nor Microsoft SMTP, so it gets a domain of "
                f"its own, {domain}, {_senders(provider, catch_all)}."
            ),
            (
                "Set up badly, it harms the delivery of the whole department's mail; change nothing in the "
                "department's own DNS records."
            ),
            *_incoming(request),
        )
    return ("None of the ways that we support fits.",)


def _senders(provider: str, catch_all: str) -> str:
    """R68, R80: what its SPF record says of everybody else."""
    if catch_all == "?all":
        return f"which permits {provider} and the University to send; of other servers its SPF record says nothing"
    return f"from which only {provider} and the University may send"


def _incoming(request: ServiceRequest) -> tuple[str, ...]:
    """R65, R69, R85: a service domain receives nothing but, at best, its bounces."""
    replies = () if request.sends_only else ("It cannot receive: replies need a Reply-To address in a real mailbox.",)
    if request.bounce_mx:
        return (f"Bounces go to {request.bounce_mx}.", *replies)
    lost = "All mail to it is refused, so bounces are lost unless the provider sends with a bounce domain of its own."
    return (lost, *replies)


def _other_wish(request: ServiceRequest, path: SendingPath) -> tuple[str, ...]:
    """Where the request named a way itself, and the order of D37 leads to another."""
    if request.mode_wanted in ("auto", path.value):
        return ()
    if path is SendingPath.MAILBOX:
        return ("You asked for a service domain; that is only for products that can connect to no mailbox.",)
    if path is SendingPath.SERVICE_DOMAIN:
        return ("You asked for a mailbox; the product has no way to connect to one.",)
    return ()


def not_unit_it(request: ServiceRequest, *, unit_known: bool) -> str:
    if not unit_known:
        return f"There is no unit {request.unit_id} in the registration data, or its row is bad: nobody can ask for it."
    return (
        f"{request.requester or 'Nobody'} is not registered as IT support staff of {request.unit_id}; only a unit's "
        "own IT staff may ask."
    )


def dept_include(domain: str) -> tuple[str, str, str]:
    """R73: why a provider's SPF does not belong into a unit's own record."""
    return (
        (
            f"Every server that the provider lists could send as anybody at {domain}, and receivers would take it for "
            "genuine: whoever breaks into the provider can write in the name of the whole department."
        ),
        (
            f"A fault in the provider's record (its syntax, too many DNS look-ups, or that it has gone) makes the "
            f"check of {domain} fail too, and with it all mail that the department sends."
        ),
        (
            "Many providers send through platforms that they share with others, such as SendGrid or Amazon SES: you "
            "would permit every other customer of the platform to send as you."
        ),
    )


def basic_auth(request: ServiceRequest) -> tuple[str, ...]:
    ours = (
        f"{request.service_name} signs in with a user name and a password. Since 31 January 2023 a connection to a "
        "mailbox needs modern authentication (OAuth 2)."
    )
    ends = (
        "Microsoft ends passwords for SMTP as well: it has announced that they are off from the end of December 2026 "
        "unless an administrator allows them again, and will go altogether later."
    )
    return (ours,) if request.supports_exo else (ours, ends)


def smtp_sends_only(request: ServiceRequest) -> str:
    return (
        f"{request.service_name} needs to receive mail and offers Microsoft SMTP only, which sends only. A service "
        "domain would not help: it cannot receive either."
    )


def no_bounce_mx(request: ServiceRequest) -> str:
    return (
        "A service domain must be able to receive: it needs an MX record and a server that takes the bounces, or most "
        f"systems refuse its mail. {request.provider or 'The provider'} usually supplies one."
    )


def owner_ineligible(request: ServiceRequest) -> str:
    return f"{request.owner_person_id} may not own a mailbox: an owner needs a current card whose status allows it."


def owner_missing() -> str:
    return "A mailbox needs an owner who answers for it, and the request names none."


def no_unit_domain(request: ServiceRequest, domain: Domain | None) -> str:
    if domain is None:
        return f"{request.unit_id} has no mail domain in which an address could be made."
    return f"{domain} is not an active mail domain that the University runs, so no address can be made in it."


def taken(names: Collection[str]) -> str:
    return f"{', '.join(sorted(names))} is taken already."


def kept(names: Collection[str]) -> str:
    return (
        f"{', '.join(sorted(names))} was deleted with its mailbox, which keeps it until it is purged; wait, or ask for "
        "another one."
    )


def id_taken(whose: str) -> str:
    return f"{whose}: file the request under another id, which is its file's name."


def from_domain(request: ServiceRequest, path: SendingPath, domain: Domain | None) -> str:
    if path is SendingPath.MAILBOX:
        return f"{request.from_local} is not in {domain}, the domain of {request.unit_id}."
    return f"{request.from_local} is not in the service domain, so mail from it would not pass SPF."


def spf_approver() -> str:
    return "A service domain is only for people who know SPF well, and the request names nobody who vouches for that."


def provider_include(request: ServiceRequest) -> str:
    provider = request.provider or "the provider"
    return f"Which SPF record to permit is missing: ask {provider} for its name, and put it down as provider_include."


def no_slug(request: ServiceRequest) -> str:
    return (
        f"service_name {request.service_name!r} gives no domain name: it needs letters (a to z) or digits, and not too "
        "many."
    )


def bulk_sender(request: ServiceRequest) -> str:
    return (
        f"With {request.daily_volume} messages a day you count as a bulk sender (5000 and more): Gmail, Yahoo and "
        "Microsoft then want SPF and DKIM to pass, and DMARC to be aligned with the address that people see."
    )


def mailbox_volume(request: ServiceRequest, most: int) -> str:
    return (
        f"A mailbox may write to {most} recipients a day, 30 messages a minute. {request.daily_volume} a day is more: "
        "a mailbox does not suit it, and IT support can name a bulk service."
    )


def dns_unknown(request: ServiceRequest) -> str:
    return (
        "The DNS was not asked, or did not answer, so it is not known whether "
        f"{request.provider_include} has an SPF record and how many look-ups it costs."
    )


_CURES = {
    "NOT_UNIT_IT": (
        "Have one of the unit's IT staff ask, as requester; unit_id and requester are written as registration has them."
    ),
    "SPF_DEPT_INCLUDE": "Leave the department's record as it is.",
    "BASIC_AUTH": "Ask the provider to sign in with OAuth 2, or let it send from its own domain.",
    "SMTP_SEND_ONLY": "Ask the provider for an Exchange Online connection, or let it send from its own domain.",
    "NO_BOUNCE_MX": "Ask the provider for the host that takes bounces, and name it as bounce_mx.",
    "OWNER_INELIGIBLE": "Name as owner_person_id the person_id of somebody with a current card.",
    "ADDRESS_TAKEN": "Choose another from_local.",
    "DOMAIN_TAKEN": "Choose another service_name.",
    "NOT_UNIT_DOMAIN": "Give from_local without a domain.",
    "FROM_NOT_SERVICE_DOMAIN": "Give from_local without a domain.",
    "SPF_APPROVER": (
        "Name as spf_approver the member of IT staff who vouches for it, and have provider_include ready; or let the "
        "product send from the provider's own domain, which needs none of that."
    ),
    "SAAS_FIELD": "Complete the request as said.",
    **dict.fromkeys(
        ("DKIM_SYNTAX", "DKIM_WEAK_KEY", "DKIM_REVOKED"),
        "Ask the provider for the DKIM record again (RSA with 2048 bits, or Ed25519), and put it under dkim as it was "
        "given.",
    ),
    "DMARC_SYNTAX": "Correct dmarc in the request.",
}
_SPF_CURE = (
    "Have what is wrong mended before anything is published: the provider mends its own SPF record, the postmaster "
    "those of the University."
)


def next_step(
    request: ServiceRequest,
    path: SendingPath,
    ruling: Ruling,
    points: Sequence[Point],
    sender: Address | None,
) -> str:
    """What to do now, in every answer."""
    if ruling is Ruling.REFERRED:
        return "Ask IT support, with this answer: nothing that can be set up by itself fits."
    if ruling is not Ruling.APPROVED:
        cures = dict.fromkeys(_CURES.get(point.code, _SPF_CURE) for point in points)
        alternative = _alternative(path) if any(p.code == "SPF_DEPT_INCLUDE" for p in points) else ""
        return " ".join([*cures, alternative]).strip()
    if path is SendingPath.NONE:
        return f"Let {request.provider or 'the provider'} send from its own domain. There is nothing to provision."
    if path is SendingPath.MAILBOX:
        return (
            f"The first run that finds it as services/{request.request_id}.toml makes the mailbox {sender} and "
            f"gives the application the right to it alone; then try `nexusops saas test {request.request_id}`."
        )
    return (
        f"With the file as services/{request.request_id}.toml, see the DNS records with `nexusops saas plan "
        f"{request.request_id}`, make a run, and when they are live use `nexusops saas verify {request.request_id}`. "
        f"Then set the product to send as {sender}."
    )


def _alternative(path: SendingPath) -> str:
    """The safe way beside the one that is never taken (D37)."""
    if path is SendingPath.NONE:
        return 'Let the provider send from its own domain instead, with mode_wanted = "auto".'
    if path is SendingPath.SERVICE_DOMAIN:
        return 'Ask for a service domain instead, with mode_wanted = "service_domain".'
    if path is SendingPath.MAILBOX:
        return 'Ask for a mailbox of its own instead, with mode_wanted = "mailbox".'
    return "Ask IT support which way fits."
