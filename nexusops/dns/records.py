"""One DNS record, as a line of a zone file (RFC 1035 section 5) and as dnspython's rdata."""

from __future__ import annotations

import re
from collections.abc import Iterable

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
from dns.rdtypes.ANY.TXT import TXT

from nexusops.model.dns import DnsRecord

LONGEST_STRING = 255
"""Octets of one character-string (RFC 1035 section 3.3); a longer text is several strings, read as one (R86, D40)."""

_HOST = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9][a-z0-9-]{0,62}")


class BadRecord(Exception):
    """A record that no zone can hold; why stands in the text."""


def absolute(name: str) -> str:
    """A name as zones write it: in lower case, with the dot at its end."""
    return name.lower().rstrip(".") + "."


def dns_name(name: str) -> dns.name.Name | None:
    """The name for dnspython, every character between the dots as it stands; None: the DNS can have no such name."""
    try:
        return dns.name.Name([*(label.encode("utf-8") for label in name.split(".")), b""])
    except (dns.exception.DNSException, UnicodeError):
        return None


def is_domain(name: str) -> bool:
    """Whether it is a plain domain name of at least two labels, fit for a file name too."""
    return _HOST.fullmatch(name.lower().rstrip(".")) is not None


def strings(text: str) -> tuple[bytes, ...]:
    """A TXT value in strings of at most 255 octets."""
    octets = text.encode("utf-8")
    return tuple(octets[at : at + LONGEST_STRING] for at in range(0, len(octets), LONGEST_STRING)) or (b"",)


def rdata(record: DnsRecord) -> dns.rdata.Rdata:
    """The record's value for dnspython. Raises BadRecord where it is none of its type."""
    try:
        kind = dns.rdatatype.from_text(record.type)
        if kind == dns.rdatatype.TXT:
            return TXT(dns.rdataclass.IN, kind, strings(record.value))
        return dns.rdata.from_text(dns.rdataclass.IN, kind, record.value, origin=dns.name.root, relativize=False)
    except (dns.exception.DNSException, ValueError) as error:
        raise BadRecord(f"{record.name} {record.type} {record.value}: {error or type(error).__name__}") from error


def record_of(name: str, value: dns.rdata.Rdata) -> DnsRecord:
    """What dnspython read, as a record; the strings of a TXT joined, names absolute and in lower case."""
    if isinstance(value, TXT):
        return DnsRecord(type="TXT", name=absolute(name), value=_text(b"".join(value.strings)))
    kind = dns.rdatatype.to_text(value.rdtype)
    return DnsRecord(type=kind, name=absolute(name), value=value.to_text().lower())


def _text(octets: bytes) -> str:
    """As UTF-8; what is none, octet by octet: every text can be printed, and none turns into ASCII."""
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def canonical(record: DnsRecord) -> DnsRecord:
    """The record as it would be read back: what two spellings of one record have in common."""
    return record_of(record.name, rdata(record))


def line(record: DnsRecord, ttl: int) -> str:
    """The record as a line of a zone file, with an absolute name and its strings split."""
    return f"{absolute(record.name)}\t{ttl}\tIN\t{record.type.upper()}\t{rdata(record).to_text()}"


def lines(records: Iterable[DnsRecord], ttl: int) -> list[str]:
    """The records as lines, in a fixed order: by name, type and value."""
    return [line(record, ttl) for record in sorted(records, key=lambda one: (one.name, one.type, one.value))]
