"""Answers from RFC 1035 zone files, in place of the network: several zones in one file, with or without their SOA."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import cast

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.tokenizer
import dns.transaction
import dns.zonefile

from nexusops.dns.records import dns_name, record_of
from nexusops.errors import UsageError
from nexusops.model.dns import Answer, AnswerStatus, DnsRecord, Question

Node = dict[dns.rdatatype.RdataType, list[dns.rdata.Rdata]]
_LONGEST_CHAIN = 16
_DEFAULT_TTL = 3600
_GENERATE = re.compile(r"^\s*\$GENERATE\s+(\d+)-(\d+)", re.IGNORECASE | re.MULTILINE)
_GENERATED = 65_536
"""BIND's $GENERATE is taken for a network of so many names; a line may ask for more than any memory holds."""


def read_zone(path: Path) -> tuple[tuple[DnsRecord, int], ...]:
    """Every record of the file, with its TTL. Raises UsageError with the line that is wrong."""
    records = _read(path)
    return tuple(
        (record_of(name.to_text(), value), records.ttls[name])
        for name, node in records.nodes.items()
        for values in node.values()
        for value in values
    )


class ZoneAnswers:
    """The Resolver of ports.py over one zone file. What is not in the file does not exist."""

    def __init__(self, path: Path) -> None:
        self._nodes = _read(path).nodes
        self._names: set[dns.name.Name] = set()
        for name in self._nodes:
            self._names |= {dns.name.Name(name.labels[at:]) for at in range(len(name.labels))}

    def ask(self, questions: Collection[Question]) -> Mapping[Question, Answer]:
        return {question: self._answer(question) for question in questions}

    def _answer(self, question: Question) -> Answer:
        name, kind = dns_name(question.name), dns.rdatatype.from_text(question.kind)
        for _ in range(_LONGEST_CHAIN):
            node = self._node(name) if name is not None else None
            if node is None:
                return Answer(status=AnswerStatus.NO_NAME)
            alias = node.get(dns.rdatatype.CNAME)
            if alias is None or kind == dns.rdatatype.CNAME:
                values = tuple(record_of(question.name, value).value for value in node.get(kind, ()))
                return Answer(status=AnswerStatus.FOUND if values else AnswerStatus.NO_DATA, values=values)
            name = alias[0].target  # type: ignore[attr-defined]  # a CNAME, by its type
        return Answer(status=AnswerStatus.FAILED, message=f"{question.name} is an alias that leads back to itself")

    def _node(self, name: dns.name.Name) -> Node | None:
        """The records of a name; of the wildcard of its closest ancestor (RFC 4592); None: there is no such name."""
        if name in self._names:
            return self._nodes.get(name, {})
        while name != dns.name.root:
            name = name.parent()
            wild = self._nodes.get(dns.name.Name((b"*", *name.labels)))
            if wild is not None:
                return wild
            if name in self._names:
                return None
        return None

    def close(self) -> None:
        return


class _Records:
    """Takes the records as dnspython's reader finds them, in place of one zone: a file may hold several, or parts."""

    def __init__(self) -> None:
        self.nodes: dict[dns.name.Name, dict[dns.rdatatype.RdataType, list[dns.rdata.Rdata]]] = {}
        self.ttls: dict[dns.name.Name, int] = {}
        self.manager = self

    def origin_information(self) -> tuple[dns.name.Name, bool, dns.name.Name]:
        return dns.name.root, False, dns.name.root

    def check_put_rdataset(self, _check: object) -> None:
        """The reader's own check looks at a zone; ``add`` checks instead."""

    def _set_origin(self, _origin: dns.name.Name) -> None:
        """Names are absolute already."""

    def add(self, name: dns.name.Name, ttl: int, value: dns.rdata.Rdata) -> None:
        node = self.nodes.setdefault(name, {})
        alias = dns.rdatatype.CNAME
        others = set(node) - ({value.rdtype} if value.rdtype != alias or value in node.get(alias, ()) else set())
        if (alias in node or value.rdtype == alias) and others:
            raise ValueError(f"{name} is an alias, and has another record")
        values = node.setdefault(value.rdtype, [])
        if value not in values:
            values.append(value)
        self.ttls.setdefault(name, ttl)


def _read(path: Path) -> _Records:
    try:
        text = _ascii(path.read_bytes())
    except OSError as error:
        raise UsageError(
            f"The zone file {path} cannot be read: {error.strerror}.",
            next_step="Name with --zone, or as dns.zone_file, a file that you may read.",
        ) from error
    _check_generated(text, path)
    records = _Records()
    tokens = dns.tokenizer.Tokenizer(text)
    try:
        # It adds to what it is given, and asks it for the origin: nothing else of a transaction is needed here.
        writing = cast(dns.transaction.Transaction, records)
        dns.zonefile.Reader(tokens, dns.rdataclass.IN, writing, default_ttl=_DEFAULT_TTL).read()
    except (dns.exception.DNSException, ValueError) as error:
        said = re.sub(r"^<string>:\d+: |\.+$", "", str(error)) or type(error).__name__
        raise UsageError(
            f"The zone file {path} is not RFC 1035 text: line {_line(tokens, text)}: {said}.",
            next_step='Correct that line (a name, a type and its value, such as: example.org. TXT "v=spf1 -all"), '
            "and name the file with --zone again.",
        ) from error
    return records


def _check_generated(text: str, path: Path) -> None:
    for found in _GENERATE.finditer(text):
        first, last = found.groups()
        if max(len(first), len(last)) > 9 or int(last) - int(first) >= _GENERATED:
            line = text[: found.end()].count("\n") + 1
            raise UsageError(
                f"The zone file {path}: line {line} generates more than {_GENERATED} names.",
                next_step="Write out the records that mail needs, leave that line away, and repeat with --zone.",
            )


def _line(tokens: dns.tokenizer.Tokenizer, text: str) -> int:
    """The line that was being read; the reader has mostly gone on to the next one before it complains."""
    consumed = text[: tokens.file.tell() - (tokens.ungotten_char is not None)]
    return consumed.removesuffix("\n").count("\n") + 1


def _ascii(octets: bytes) -> str:
    """The file's text; what is not ASCII as the escapes of RFC 1035, so that every octet arrives as it stands."""
    plain = octets.removeprefix(b"\xef\xbb\xbf")
    return "".join(chr(octet) if octet < 128 else f"\\{octet:03}" for octet in plain)
