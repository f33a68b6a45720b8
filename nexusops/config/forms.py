"""What a value of nexusops.toml must look like, where its type says too little."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

from nexusops.config.schema import URLS, Settings, TenantTable
from nexusops.config.strict import wrong
from nexusops.errors import UsageError
from nexusops.model.ids import within

_NAME = r"(?=.{1,253}\.?$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)+"
_PREFERENCE = r"([0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
"""Sixteen bits (RFC 1035 section 3.3.9)."""
_DOMAIN = "a domain, such as nexus.ox.ac.uk, in lower case"
FORMS: dict[str, tuple[str, str]] = {
    "site.fallback_domain": (_NAME, _DOMAIN),
    "site.parent_domain": (_NAME, _DOMAIN),
    "tenant.tenant_id": (r"[A-Za-z0-9][A-Za-z0-9.-]*", "the directory's id, or one of its domains"),
    "tenant.client_id": (r"[A-Za-z0-9-]+", "the application's id"),
    "tenant.usage_location": (r"(?!UK)[A-Z]{2}", 'the two capital letters of ISO 3166, such as "GB"'),
    "notices.sender": (r"[^@\s]+@[^@\s]+\.[^@\s]+", "an address, such as postmaster@nexus.ox.ac.uk"),
    "dns.ticket_to": (r"[^@\s]+@[^@\s]+\.[^@\s]+", "an address, such as ip-register@uis.cam.ac.uk"),
    "dns.site_include": (rf"{_NAME}\.?", "a name in DNS, such as _spf.ox.ac.uk"),
    "dns.standard_mx": (rf"{_PREFERENCE} +{_NAME}\.?", "a preference and a host, such as 10 oxmail.ox.ac.uk."),
}
"""Keys whose value, where there is one, must match the expression whole; and that in words."""
LISTS: dict[str, tuple[str, str]] = {
    "dns.mail_hosts": (rf"{_NAME}\.?", "host names, such as mx.example.ac.uk"),
    "dns.opt_out": (rf"{_NAME}\.?", "domains, such as chem.ox.ac.uk"),
    "dns.dkim_selectors": (r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?", "selectors, such as selector1"),
}
"""The same of each value of a list."""

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
RANGES: dict[str, range] = {
    "notices.port": range(1, 65536),
    "dns.ttl": range(2**31),
    "console.session_minutes": range(1, 525601),
}


def check_forms(settings: Settings, main: Path) -> None:
    """Raises UsageError naming the file, the key path and what was expected. A URL is not repeated: it may hold a
    password.
    """
    for key, (expression, expected) in FORMS.items():
        value = str(settings.value(key))
        if value and not re.fullmatch(expression, value):
            raise wrong(main, key, expected, value)
    for key, (expression, expected) in LISTS.items():
        for value in settings.value(key):
            if not re.fullmatch(expression, value.lower()):
                raise wrong(main, key, expected, value)
    for domain, permit in settings.dns.dept_include.items():
        _check_permit(f"dns.dept_include.{domain}", permit, main)
    for key, numbers in RANGES.items():
        number = settings.value(key)
        if number not in numbers:
            raise wrong(main, key, f"a whole number from {numbers.start} to {numbers.stop - 1}", number)
    for key in sorted(URLS):
        url = str(settings.value(key))
        if url and not url.startswith(("env:", "file:")) and "://" not in url:
            raise _no_url(key, main)
    if not settings.state.url:
        raise _no_url("state.url", main)


def _check_permit(key: str, permit: str, main: Path) -> None:
    """D38: the last day, and why."""
    day, _, reason = permit.partition(" ")
    try:
        date.fromisoformat(day)
    except ValueError as error:
        raise wrong(main, key, "the last day and a reason, such as 2026-12-31 ticket 4711", permit) from error
    if not reason.strip():
        raise wrong(main, key, "a reason after the day", permit)


def check_names(settings: Settings, origins: Mapping[str, str], main: Path) -> None:
    """What a site must say of itself is there, and none of it is another university's: whoever has a parent domain of
    their own would publish the hosts of the profile's. Raises UsageError.
    """
    for key in _NEEDED:
        if not settings.value(key):
            raise UsageError(
                f"{main}: {key}: missing.",
                next_step=f'Add {key.rpartition(".")[2]} = "…" under [{key.partition(".")[0]}], '
                "and look at the whole with `nexusops config show`.",
            )
    parent = settings.site.parent_domain
    for key in ("dns.site_include", "dns.standard_mx"):
        host = str(settings.value(key)).split()[-1].rstrip(".")
        if origins[key] != origins["site.parent_domain"] and origins[key] != main.name and not within(host, parent):
            raise wrong(main, key, f"the site's own, since its parent_domain is {parent}", f"{host} ({origins[key]})")


_NEEDED = (
    *("site.name", "site.fallback_domain", "site.parent_domain"),
    *("dns.site_include", "dns.standard_mx", "tenant.licence_sku"),
)


def is_here(url: str) -> bool:
    """Whether what it leads to runs on this machine, as a tenant for a trial does."""
    return urlsplit(url).hostname in LOOPBACK


def check_addresses(tenant: TenantTable, main: Path) -> None:
    """Credentials and tokens go over TLS; a token for a trial, no further than this machine. What stands before a host
    may be a password, and is not repeated.
    """
    for name in ("authority", "graph_base_url", "exchange_base_url"):
        url = getattr(tenant, name)
        parts = urlsplit(url)
        near = name != "authority" and parts.scheme == "http" and is_here(url)
        if url and ("@" in parts.netloc or not parts.hostname or not (parts.scheme == "https" or near)):
            shown = "one with a name before the host" if "@" in parts.netloc else url
            raise wrong(main, f"tenant.{name}", "an https:// address (credentials go nowhere else)", shown)


def _no_url(key: str, main: Path) -> UsageError:
    expected = "the URL of a database, such as postgresql+psycopg://host/name, or env:NAME"
    return UsageError(
        f"{main}: {key}: expected {expected}.",
        next_step=f"Correct {key} in {main}, and look at the whole with `nexusops config show`.",
    )
