"""DMARC policies: whose holds, its syntax, and whether mail of the domain can be aligned with it (R86; RFC 7489)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nexusops.model.dns import Ask, Question
from nexusops.model.dns_report import Dmarc
from nexusops.model.dns_spf import Note, note
from nexusops.rules.mailauth.tags import BadTags, tags_of

VERSION = re.compile(r"v\s*=\s*DMARC1\s*(;|\Z)")
POLICIES = ("none", "quarantine", "reject")
_PUBLIC_SUFFIX = re.compile(r";\s*psd\s*=\s*y\s*(;|\Z)")
_OTHER_URI = re.compile(r"(?!mailto:)[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_REPORT = re.compile(r"mailto:[^@\s,!]+@[^@\s,!]+(![0-9]+[kmgt]?)?", re.IGNORECASE)


def policy_of(domain: str, parent_domain: str, ask: Ask) -> tuple[Dmarc | None, list[Note]]:
    """The domain's own policy, else its organisation's."""
    for owner in (domain, *_organisations(domain, parent_domain)):
        name = f"_dmarc.{owner}"
        answer = ask(Question(name, "TXT"))
        if answer is None:
            return None, []
        if answer.failed:
            return None, [note("DNS_UNKNOWN", f"{name} TXT could not be looked up: {answer.message}", domain)]
        records = [text for text in answer.values if VERSION.match(text)]
        if owner != domain and any(map(_PUBLIC_SUFFIX.search, records)):
            continue
        if len(records) > 1:
            message = f"{name} has {len(records)} DMARC records; receivers ignore them all"
            return None, [note("DMARC_MULTIPLE", message, domain)]
        if records:
            return read(records[0], name, domain, inherited=owner != domain)
        if answer.values and owner == domain and any("dmarc" in text.lower() for text in answer.values):
            return None, [note("DMARC_SYNTAX", f"{name} does not begin with v=DMARC1", domain)]
    return None, [note("NO_DMARC", f"there is no DMARC policy for {domain}", domain)]


def _organisations(domain: str, parent_domain: str) -> Iterator[str]:
    """Whose policy may hold where a domain has none. Ours is the site's parent domain. Of others, where no list of
    public suffixes is at hand, the shortest name that has a policy and is no public suffix (RFC 9989, 4.10).
    """
    if domain.endswith(f".{parent_domain}"):
        yield parent_domain
    elif domain != parent_domain:
        labels = domain.split(".")
        yield from (".".join(labels[-count:]) for count in range(2, len(labels)))


def same_policy(one: str, other: str) -> bool:
    """Whether two records say the same: the order of tags after the version, spaces, capitals, and the order of those
    who get reports make no difference (RFC 7489, 6.3).
    """
    return _said(one) == _said(other)


def _said(text: str) -> object:
    try:
        tags = tags_of(text) if VERSION.match(text) else None
    except BadTags:
        tags = None
    if tags is None:
        return text
    return {name.lower(): sorted("".join(value.lower().split()).split(",")) for name, value in tags.items()}


def read(text: str, name: str, domain: str, *, inherited: bool) -> tuple[Dmarc | None, list[Note]]:
    """One record, found at ``name``; ``inherited``: it is the organisation's."""
    try:
        tags = tags_of(text)
        dmarc = _policy(tags, name, inherited=inherited)
    except BadTags as error:
        return None, [note("DMARC_SYNTAX", f"{name} is no DMARC policy: {error}", domain)]
    notes = []
    if dmarc.policy == "none":
        notes.append(note("DMARC_NONE", f"{name} asks receivers to do nothing (p=none)", domain))
    if not dmarc.reports_to:
        notes.append(note("DMARC_NO_REPORTS", f"{name} names nobody who gets reports (rua=)", domain))
    return dmarc, notes


def _policy(tags: dict[str, str], name: str, *, inherited: bool) -> Dmarc:
    """Raises BadTags. A policy for subdomains (sp=) counts where the organisation's record holds."""
    if "p" not in tags:
        raise BadTags("the policy (p=) is missing")
    for tag in ("p", "sp", "np"):
        if tags.get(tag, "none").lower() not in POLICIES:
            raise BadTags(f"{tag}={tags[tag]} is none of {', '.join(POLICIES)}")
    for tag in ("adkim", "aspf"):
        if tags.get(tag, "r").lower() not in ("r", "s"):
            raise BadTags(f"{tag}={tags[tag]} is neither r nor s")
    percent = tags.get("pct", "100")
    if not re.fullmatch(r"100|[1-9]?[0-9]", percent):
        raise BadTags(f"pct={percent} is no percentage")
    reports, _ = _addresses(tags, "rua"), _addresses(tags, "ruf")
    policy = tags.get("sp", tags["p"]) if inherited else tags["p"]
    return Dmarc(
        found_at=name,
        policy=policy.lower(),
        strict_dkim=tags.get("adkim", "r").lower() == "s",
        strict_spf=tags.get("aspf", "r").lower() == "s",
        percent=int(percent),
        reports_to=reports,
    )


def _addresses(tags: dict[str, str], tag: str) -> tuple[str, ...]:
    """Where reports go (6.3). Raises BadTags."""
    found = tuple(one.strip() for one in tags.get(tag, "").split(",") if one.strip())
    for one in found:
        if not _OTHER_URI.match(one) and not _REPORT.fullmatch(one):
            raise BadTags(f"{tag}={one} is no mailto: address")
    return found
