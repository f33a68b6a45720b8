"""What ``spf lint`` found, as text and as the JSON of interface.md 7."""

from __future__ import annotations

from collections.abc import Iterator

from nexusops.codec import to_text
from nexusops.model.dns_spf import Branch, Note, SpfReport, Verdict
from nexusops.model.journal import JsonObject, JsonValue
from nexusops.model.policy import SpfPolicy
from nexusops.report.blocks import Block, Line, Look, Table, Tone, written
from nexusops.report.view import number_of

_MEANING = {
    Verdict.OK: "a valid record",
    Verdict.NONE: "there is no SPF record",
    Verdict.PERMERROR: "receivers take the record for an error",
    Verdict.CRITICAL: "anybody may send as this domain",
    Verdict.TEMPERROR: "the DNS did not answer, so nothing is certain",
}
_TONES = {Verdict.OK: Tone.GOOD, Verdict.CRITICAL: Tone.DANGER, Verdict.PERMERROR: Tone.DANGER}


def spf_object(report: SpfReport) -> JsonObject:
    """The document of interface.md 7, with what may send beside it."""
    four, six = _senders(report)
    return {
        "domain": report.domain,
        "verdict": report.verdict.value,
        "lookups": report.lookups,
        "void_lookups": report.void_lookups,
        "record": report.record,
        "findings": [note_object(note) for note in report.notes],
        "tree": [_branch_object(branch) for branch in report.tree],
        "senders": {"ip4_addresses": four, "ip6_networks": six, "others": report.others},
    }


def spf_json(report: SpfReport) -> str:
    return to_text(spf_object(report))


def note_object(note: Note) -> JsonObject:
    return {"code": note.code, "message": note.message, "domain": note.domain, "term": note.term or None}


def _branch_object(branch: Branch) -> JsonObject:
    below: list[JsonValue] = [_branch_object(one) for one in branch.terms]
    return {
        "term": branch.term,
        "target": branch.target or None,
        "lookups": branch.lookups,
        "void": branch.void,
        "shared_platform": branch.shared,
        "record": branch.record,
        "terms": below,
    }


def spf_text(report: SpfReport, policy: SpfPolicy, look: Look) -> str:
    """Verdict first, then what was found, then the tree that explains the count."""
    return written(spf_blocks(report, policy), look)


def spf_blocks(report: SpfReport, policy: SpfPolicy, *, notes: bool = True) -> Iterator[Block]:
    """``notes`` False: they are told elsewhere."""
    tone = _TONES.get(report.verdict, Tone.WARNING)
    yield Line(text=f"{report.domain}: SPF {report.verdict}: {_MEANING[report.verdict]}", tone=tone)
    if notes and report.notes:
        yield Table(rows=[(note.code, note.message) for note in report.notes], tone=Tone.WARNING)
    if report.record is None:
        return
    four, six = _senders(report)
    counts = (
        f"{report.lookups} of {policy.max_lookups} lookups, {report.void_lookups} of {policy.max_void_lookups} void"
    )
    senders = f"{four:,} IPv4 {'address' if four == 1 else 'addresses'} and {number_of(six, 'IPv6 network')}"
    senders += ", and from others that it does not list" if report.others else ""
    yield Line(text=f"{counts}; mail may come from {senders}", indent=2)
    yield Line(text=report.record, indent=2)
    rows = list(_rows(report.tree, 0))
    if rows:
        yield Table(rows=rows, indent=4)


def _rows(branches: tuple[Branch, ...], depth: int) -> Iterator[tuple[str, str, str]]:
    for branch in branches:
        count = str(branch.lookups) if branch.lookups else ""
        words = ["finds nothing"] if branch.void else []
        words += ["shared platform"] if branch.shared else []
        if branch.target and branch.target not in branch.term.lower():
            words.append(branch.target)
        yield "  " * depth + branch.term, count, ", ".join(words)
        yield from _rows(branch.terms, depth + 1)


def _senders(report: SpfReport) -> tuple[int, int]:
    """How many IPv4 addresses, and how many IPv6 networks, may pass."""
    four = sum(one.num_addresses for one in report.networks if one.version == 4)
    return four, sum(one.version == 6 for one in report.networks)
