"""Mail domains as text and JSON: what was found, what is listed, what is to be published, whom an include reaches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nexusops.codec import day, to_text
from nexusops.model.dns import DnsRecord
from nexusops.model.dns_report import DkimKey, Dmarc, DomainReport, Impact, Listed, WantedRecords
from nexusops.model.dns_spf import Note
from nexusops.model.findings import Finding, Severity
from nexusops.model.journal import JsonObject, JsonValue
from nexusops.model.policy import SpfPolicy
from nexusops.report.blocks import PLAIN, Block, Line, Look, Table, Tone, written
from nexusops.report.spf import note_object, spf_blocks, spf_object
from nexusops.report.text import TONES
from nexusops.report.view import number_of
from nexusops.rules.mailauth.check import severity_of, sound


def check_object(report: DomainReport) -> JsonObject:
    """One domain's report: facts, records and findings, each with its severity."""
    facts = report.facts
    return {
        "domain": facts.domain,
        "state": facts.state or None,
        "zone": facts.zone or None,
        "standing": report.standing,
        "units": list(facts.units),
        "ok": sound(report.codes),
        "mx": list(report.mx),
        "spf": spf_object(report.spf),
        "dkim": [_key_object(key) for key in report.dkim],
        "dmarc": _dmarc_object(report.dmarc),
        "findings": _notes(report.notes),
    }


def _notes(notes: Sequence[Note]) -> list[JsonValue]:
    return [{**note_object(note), "severity": severity_of(note.code).value} for note in notes]


def _key_object(key: DkimKey) -> JsonObject:
    return {
        "selector": key.selector,
        "algorithm": key.algorithm,
        "bits": key.bits,
        "testing": key.testing,
        "revoked": key.revoked,
    }


def _dmarc_object(dmarc: Dmarc | None) -> JsonObject | None:
    if dmarc is None:
        return None
    return {
        "found_at": dmarc.found_at,
        "policy": dmarc.policy,
        "adkim": "s" if dmarc.strict_dkim else "r",
        "aspf": "s" if dmarc.strict_spf else "r",
        "pct": dmarc.percent,
        "rua": list(dmarc.reports_to),
    }


def check_json(
    reports: Sequence[DomainReport], notes: Sequence[Note] | None = None, requests: Sequence[Finding] = ()
) -> str:
    """One report as itself; several, with what was found about providers and products, as a list. ``notes`` None: only
    one.
    """
    if notes is None:
        return to_text(check_object(reports[0]))
    good = all(sound(report.codes) for report in reports) and sound(note.code for note in notes) and not requests
    domains: list[JsonValue] = [check_object(report) for report in reports]
    of_requests: list[JsonValue] = [
        {"request_id": one.subject, "code": one.code, "message": one.message} for one in requests
    ]
    return to_text({"ok": good, "domains": domains, "findings": _notes(notes), "requests": of_requests})


def check_text(report: DomainReport, policy: SpfPolicy, look: Look) -> str:
    """One domain: findings first, then what its DNS says."""
    return written(_check_blocks(report, policy), look)


def _check_blocks(report: DomainReport, policy: SpfPolicy) -> Iterator[Block]:
    facts = report.facts
    good = sound(report.codes)
    known = ", ".join(part for part in (facts.state, f"units {' '.join(facts.units)}" if facts.units else "") if part)
    title = f"{facts.domain}: {'sound' if good else 'needs attention'} ({known or 'not in the registration data'})"
    yield Line(text=title, tone=Tone.GOOD if good else Tone.DANGER)
    longest = max((len(note.code) for note in report.notes), default=0)
    for severity in (Severity.ALERT, Severity.WARNING, Severity.INFO):
        found = [note for note in report.notes if severity_of(note.code) is severity]
        rows = [(note.code.ljust(longest), note.message) for note in found]
        if rows:
            yield Table(rows=rows, tone=TONES[severity])
    yield Line()
    said = (_joined(report.mx), _keys(report.dkim), _policy(report.dmarc))
    yield Table(
        rows=[(part, _or_unknown(report, part, words, "none")) for part, words in zip(PARTS, said, strict=True)]
    )
    yield Line()
    yield from spf_blocks(report.spf, policy, notes=False)


PARTS = ("MX", "DKIM", "DMARC")


def _or_unknown(report: DomainReport, part: str, words: str, none: str) -> str:
    """A question that was not answered is no answer: ``none`` is then what is not known."""
    asked = [
        note.message.partition(" could not be looked up")[0] for note in report.notes if note.code == "DNS_UNKNOWN"
    ]
    unanswered = {
        "MX": f"{report.facts.domain} MX" in asked,
        "DKIM": any("._domainkey." in one for one in asked),
        "DMARC": any(one.startswith("_dmarc.") for one in asked),
    }
    return "unknown" if words == none and unanswered[part] else words


def _joined(values: Sequence[str]) -> str:
    return ", ".join(values) or "none"


def _keys(keys: Sequence[DkimKey]) -> str:
    return _joined([f"{key.selector} ({'revoked' if key.revoked else f'{key.algorithm} {key.bits}'})" for key in keys])


def _policy(dmarc: Dmarc | None) -> str:
    if dmarc is None:
        return "none"
    share = f", {dmarc.percent} %" if dmarc.percent != 100 else ""
    strict = [word for word, is_so in (("DKIM", dmarc.strict_dkim), ("SPF", dmarc.strict_spf)) if is_so]
    alignment = f", strict {' and '.join(strict)} alignment" if strict else ""
    return f"p={dmarc.policy}{share}{alignment}, from {dmarc.found_at}"


def checks_text(reports: Sequence[DomainReport], notes: Sequence[Note], requests: Sequence[Finding], look: Look) -> str:
    """Many domains: one line each, then every alert with its sentence, then providers and products."""
    return written(_checks_blocks(reports, notes, requests), look)


def _checks_blocks(
    reports: Sequence[DomainReport], notes: Sequence[Note], requests: Sequence[Finding]
) -> Iterator[Block]:
    rows = [("DOMAIN", "STATE", "MX", "SPF", "DKIM", "DMARC", "FINDINGS")]
    for report in reports:
        codes = sorted(code for code in report.codes if severity_of(code) is not Severity.INFO)
        spf = f"{report.spf.verdict} {report.spf.lookups}"
        mx = _or_unknown(report, "MX", report.mx[0].split()[-1] if report.mx else "-", "-")
        dkim = _or_unknown(report, "DKIM", str(len(report.dkim)), "0")
        dmarc = _or_unknown(report, "DMARC", report.dmarc.policy if report.dmarc is not None else "-", "-")
        rows.append((report.facts.domain, report.facts.state or "-", mx, spf, dkim, dmarc, " ".join(codes)))
    yield Table(rows=rows, indent=0)
    alerts = [note for report in reports for note in report.notes if severity_of(note.code) is Severity.ALERT]
    found = [(note.domain, note.code, note.message) for note in (*alerts, *notes)]
    found += [(one.subject, one.code, one.message) for one in requests]
    if found:
        yield Line()
        yield Table(rows=found, tone=Tone.DANGER, indent=0)
    bad = sum(not sound(report.codes) for report in reports)
    yield Line()
    found_of_providers = number_of(len(notes), "finding")
    yield Line(
        text=f"{number_of(len(reports), 'domain')}, {bad} in need of attention; {found_of_providers} about providers, "
        f"{len(requests)} about products."
    )


def list_json(lines: Sequence[Listed]) -> str:
    return to_text({"domains": [_listed_object(one) for one in lines]})


def _listed_object(one: Listed) -> JsonObject:
    return {
        "domain": one.facts.domain,
        "zone": one.facts.zone,
        "state": one.facts.state,
        "since": day(one.since),
        "managed": one.facts.managed,
        "units": list(one.facts.units),
        "personal_addresses": one.personal,
        "nonpersonal_addresses": one.nonpersonal,
        "ends": day(one.ends),
        "incoming_cap": one.cap,
    }


_WHOSE = {"ox": "own"}
"""A zone as people read it: ``ox`` is the data's word for the site's own, at whatever university (rules.md 3.17)."""


def list_text(lines: Sequence[Listed], look: Look = PLAIN) -> str:
    if not lines:
        return written([Line(text="No domain is in that state, and of that kind.")], look)
    rows = [("DOMAIN", "ZONE", "STATE", "SINCE", "ENDS", "PERSONAL", "OTHER", "UNITS")]
    for one in lines:
        told = one.facts.managed or one.facts.zone != "ox" or one.facts.state == "own_mail"
        state = one.facts.state if told else f"{one.facts.state} (unmanaged)"
        other = f"{one.nonpersonal} of {one.cap}" if one.cap is not None else str(one.nonpersonal)
        since, ends = day(one.since) or "-", day(one.ends) or "-"
        rows.append(
            (
                one.facts.domain,
                _WHOSE.get(one.facts.zone, one.facts.zone),
                state,
                since,
                ends,
                str(one.personal),
                other,
                " ".join(one.facts.units),
            )
        )
    return written([Table(rows=rows, indent=0)], look)


def plan_json(plans: Sequence[WantedRecords]) -> str:
    domains: list[JsonValue] = [
        {
            "domain": one.facts.domain,
            "add": _records(one.add),
            "remove": _records(one.remove),
            "findings": _notes(one.unknown),
        }
        for one in plans
    ]
    return to_text({"domains": domains})


def _records(records: Sequence[DnsRecord]) -> list[JsonValue]:
    return [{"type": one.type, "name": one.name, "value": one.value} for one in records]


def plan_text(plans: Sequence[WantedRecords], look: Look = PLAIN) -> str:
    """The difference, as lines that are to go (-) and to come (+)."""
    blocks: list[Block] = []
    for one in plans:
        blocks.append(Line(text=one.facts.domain, tone=Tone.TITLE))
        blocks += [Line(text=f"- {_line(record)}", tone=Tone.DANGER, indent=2) for record in one.remove]
        blocks += [Line(text=f"+ {_line(record)}", tone=Tone.GOOD, indent=2) for record in one.add]
        blocks += [Line(text=f"? {note.message}", tone=Tone.WARNING, indent=2) for note in one.unknown]
    if not blocks:
        blocks.append(Line(text="Every domain has the records that it should have."))
    return written(blocks, look)


def _line(record: DnsRecord) -> str:
    """As a zone file has it: the text of a TXT in strings of at most 255."""
    value = record.value
    if record.type == "TXT":
        plain = value.replace("\\", "\\\\").replace('"', '\\"')
        value = " ".join(f'"{plain[at : at + 255]}"' for at in range(0, len(plain), 255))
    return f"{record.name.rstrip('.')}. {record.type} {value}"


def impact_json(include: str, found: Sequence[Impact], unknown: Sequence[Note]) -> str:
    """``unknown``: what was not answered, so that a domain beyond those may be concerned, too."""
    domains: list[JsonValue] = [
        {"domain": one.facts.domain, "standing": one.standing, "units": list(one.facts.units), "way": list(one.way)}
        for one in found
    ]
    return to_text({"include": include, "domains": domains, "unknown": [note_object(note) for note in unknown]})


def impact_text(include: str, found: Sequence[Impact], unknown: Sequence[Note], look: Look) -> str:
    blocks: list[Block] = [Line(text=f"No domain's SPF record leads to {include}, as far as the DNS answered.")]
    if not unknown:
        blocks = [Line(text=f"No domain's SPF record leads to {include}.")]
    if found:
        title = f"If {include} breaks, SPF becomes an error for all mail of {number_of(len(found), 'domain')}:"
        rows = [(one.facts.domain, one.standing, " > ".join(one.way)) for one in found]
        blocks = [Line(text=title, tone=Tone.WARNING), Table(rows=rows)]
    if unknown:
        blocks.append(Table(rows=[("?", note.message) for note in unknown], tone=Tone.WARNING))
    return written(blocks, look)
