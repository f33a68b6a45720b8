"""EmailAddresses: replaced or added to, one primary, domains accepted, no address another's (tenant-api.md 4.7)."""

from __future__ import annotations

from typing import Any

from nexusops.emulator.accounts import accepted, smtp_of, taken
from nexusops.emulator.book import Book, Object
from nexusops.emulator.exchange.errors import failed, not_accepted, proxy_exists
from nexusops.emulator.exchange.parameters import changed_list
from nexusops.emulator.exchange.recipients import named

MOST = 333


def changed(book: Book, user: Object, present: list[str], value: Any) -> list[str]:
    """The list after a replacement or a hash table. Without an ``SMTP:`` entry the first address is the primary."""
    found = changed_list(present, _with_types(value))
    lost = next((a for a in present if a.startswith("SMTP:") and a.lower() not in {f.lower() for f in found}), None)
    if isinstance(value, dict) and lost is not None and not any(a.startswith("SMTP:") for a in found):
        text = "The primary SMTP address can't be removed. Specify another primary SMTP address first."
        raise failed("Microsoft.Exchange.Management.RecipientTasks.InvalidProxyAddressException", text)
    if isinstance(value, dict):
        found = _one_primary(present, found)
    if not any(a.startswith("SMTP:") for a in found):
        first = next((n for n, a in enumerate(found) if a.startswith("smtp:")), None)
        if first is not None:
            found[first] = f"SMTP:{found[first][5:]}"
    return checked(book, user, found)


def _one_primary(present: list[str], found: list[str]) -> list[str]:
    """Adding an ``SMTP:`` entry makes the earlier primary an alias."""
    added = [a for a in found if a.startswith("SMTP:") and a not in present]
    if not added:
        return found
    return [f"smtp:{a[5:]}" if a.startswith("SMTP:") and a not in added else a for a in found]


def _with_types(value: Any) -> Any:
    """An address without a type is an SMTP address."""
    if isinstance(value, dict):
        return {key: item if "@" in key else _with_types(item) for key, item in value.items()}
    items = [value] if isinstance(value, str) else value or []
    return [item if ":" in item else f"smtp:{item}" for item in items]


def primary_changed(book: Book, user: Object, present: list[str], address: str) -> list[str]:
    """WindowsEmailAddress: a new primary; the earlier one stays as an alias."""
    rest = [f"smtp:{a[5:]}" if a.startswith("SMTP:") else a for a in present]
    return checked(book, user, [f"SMTP:{address}", *(a for a in rest if a.lower() != f"smtp:{address.lower()}")])


def checked(book: Book, user: Object, addresses: list[str]) -> list[str]:
    """The list itself, if Exchange would take it; raises its refusal otherwise."""
    if sum(a.startswith("SMTP:") for a in addresses) != 1:
        text = "There must be exactly one primary SMTP address in the e-mail address list."
        raise failed("Microsoft.Exchange.Data.Directory.InvalidPrimarySmtpAddressException", text)
    lowered = [a.lower() for a in addresses]
    if len(set(lowered)) != len(lowered):
        raise failed("System.ArgumentException", "The e-mail address list contains the same address more than once.")
    if len(addresses) > MOST:
        raise failed("Microsoft.Exchange.Data.Directory.UnableToWriteToAadException", _too_many(len(addresses)))
    for address in smtp_of(addresses):
        local, _, domain = address.partition("@")
        if not local or not domain or " " in address:
            text = f'The address "{address}" is invalid: it is not a valid SMTP address.'
            raise failed("Microsoft.Exchange.Data.InvalidSmtpAddressException", text)
        if not accepted(book, domain):
            raise not_accepted(domain)
        if taken(book, address, user["id"]):
            raise proxy_exists(f"SMTP:{address}", named(book, book.holder(address) or ""))
    return addresses


def _too_many(count: int) -> str:
    return (
        "An Azure Active Directory call was made to keep object in sync between Azure Active Directory and Exchange "
        f"Online. However, it failed. Detailed error message: This request results in the user having {count} proxy "
        f"addresses. The maximum number of proxy addresses permitted is {MOST}. The issue may be transient and please "
        "retry a couple of minutes later."
    )
