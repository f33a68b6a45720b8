"""The primary name server of a zone: signed questions and updates (RFC 2136, RFC 8945)."""

from __future__ import annotations

import binascii
import re
import socket
from dataclasses import dataclass, field

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rrset
import dns.tsig
import dns.update

from nexusops.errors import UsageError

_ADDRESS = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[^:\s]+))(?::(?P<port>\d{1,5}))?")
_NOBODY = dns.name.from_text("_nexusops", None)


class ServerFault(Exception):
    """The server did not answer, or refused; ``lost``: a write may have been carried out all the same."""

    def __init__(self, message: str, *, lost: bool = False) -> None:
        super().__init__(message)
        self.lost = lost


def endpoint(key: str, text: str) -> tuple[str, int]:
    """``host:port``, ``[v6]:port`` or only the host, with 53 as the port. Raises UsageError naming the key."""
    found = _ADDRESS.fullmatch(text)
    if found is None or not 0 < int(found["port"] or 53) < 65536:
        raise UsageError(
            f"{key}: expected an address and a port, such as 127.0.0.1:53, found {text!r}.",
            next_step=f"Correct {key} in nexusops.toml, then try `nexusops doctor`.",
        )
    return found["v6"] or found["host"], int(found["port"] or 53)


def tsig_key(name: str, algorithm: str, secret: str) -> dns.tsig.Key:
    """The key of the updates. Raises UsageError, without the secret, where it is no base64."""
    try:
        return dns.tsig.Key(name, secret, algorithm)
    except (binascii.Error, ValueError, dns.exception.DNSException) as error:
        raise UsageError(
            "dns.tsig_secret: expected the key in base64, as the name server's configuration has it.",
            next_step="Put the value of `secret` of that key there, without quotation marks, then try `nexusops "
            "doctor`.",
        ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Primary:
    """Where updates go. ``timeout`` in seconds, for each question and each update."""

    host: str
    port: int
    key: dns.tsig.Key = field(repr=False)
    timeout: float = 10.0

    def ask(self, name: dns.name.Name, kind: dns.rdatatype.RdataType) -> dns.message.Message:
        """The server's own answer. Raises ServerFault for anything but NOERROR and NXDOMAIN from the zone itself."""
        answer = self._sent(dns.message.make_query(name, kind))
        if answer.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            raise ServerFault(
                f"{self} answers {dns.rcode.to_text(answer.rcode())} for {name} {dns.rdatatype.to_text(kind)}"
            )
        if not answer.flags & dns.flags.AA:
            raise ServerFault(f"{self} is not authoritative for {name}")
        return answer

    def _answered(self, name: dns.name.Name, kind: dns.rdatatype.RdataType) -> dns.rrset.RRset | None:
        for found in self.ask(name, kind).answer:
            if found.name == name and found.rdtype in (kind, dns.rdatatype.CNAME):
                return found
        return None

    def rrset(self, name: dns.name.Name, kind: dns.rdatatype.RdataType) -> dns.rrset.RRset | None:
        """All records of this type, or the alias, at this very name; None: there is none. Raises ServerFault.

        What a wildcard answers in its place is not there, also to the conditions of an update (RFC 2136, 2.4): it
        would be answered to a name beneath, which nobody has, too (RFC 4592).
        """
        found = self._answered(name, kind)
        if found is None:
            return None
        try:
            beneath = self._answered(_NOBODY.concatenate(name), kind)
        except dns.name.NameTooLong:
            return found
        same = beneath is not None and beneath.to_rdataset() == found.to_rdataset()
        return None if same else found

    def zone_of(self, name: dns.name.Name) -> dns.name.Name:
        """The zone that the name stands in, by its SOA. Raises ServerFault."""
        above = name
        while above != dns.name.root:  # where a wildcard is an alias, no SOA comes with it
            answer = self.ask(above, dns.rdatatype.SOA)
            for found in (*answer.answer, *answer.authority):
                if found.rdtype == dns.rdatatype.SOA and name.is_subdomain(found.name):
                    return found.name
            above = above.parent()
        raise ServerFault(f"{self} names no zone for {name}")

    def update(self, message: dns.update.UpdateMessage) -> dns.rcode.Rcode:
        """Sends an update over TCP, once. Raises ServerFault; ``lost`` where the answer did not come."""
        return self._sent(message).rcode()

    def _sent(self, message: dns.message.Message) -> dns.message.Message:
        message.use_tsig(self.key)
        try:
            host = socket.getaddrinfo(self.host, self.port)[0][4][0]
            return dns.query.tcp(message, str(host), self.timeout, self.port)
        except dns.tsig.PeerError as error:
            raise ServerFault(f"{self} refuses the key {self.key.name}: {error}") from error
        except (dns.exception.DNSException, OSError, EOFError) as error:
            raise ServerFault(f"{self}: {error or type(error).__name__}", lost=True) from error

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"
