"""How a site does: as text and JSON for people, and as metrics in Prometheus' text format for machines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from nexusops.codec import instant, to_text
from nexusops.model.health import Health, LockOwner
from nexusops.model.journal import JsonObject
from nexusops.report.blocks import Block, Line, Look, Table, Tone, written
from nexusops.report.view import counted, number_of

SHOWN = 5
"""So many of those to look at are named in a line."""


def health_text(seen: Health, look: Look) -> str:
    return written(_blocks(seen), look)


def health_json(seen: Health) -> str:
    """``{"site", "at", "healthy", "problems", "snapshot_as_of", "last_run", "good_at", "lock", …}``"""
    lock, run = seen.lock, seen.run
    document: JsonObject = {
        "site": seen.site,
        "at": instant(seen.at),
        "healthy": not seen.problems,
        "problems": list(seen.problems),
        "snapshot_as_of": _at(seen.snapshot_as_of),
        "last_run": None
        if run is None
        else {"at": instant(run.at), "result": run.result, "changes": run.changes, "counts": dict(run.counts)},
        "good_at": _at(seen.good_at),
        "lock": None
        if lock is None
        else {
            "command": lock.command,
            "host": lock.host,
            "pid": lock.pid,
            "since": instant(lock.since),
            "seen": instant(lock.seen),
            "owner": lock.owner.value,
        },
        "open_intents": seen.open_intents,
        "unfinished": len(seen.unfinished),
        "to_look_at": list(seen.unfinished),
        "live_mailboxes": seen.live_mailboxes,
        "licences": seen.licences,
        "notices_owed": seen.notices_owed,
        "overdue": seen.overdue,
        "findings": [
            {"code": code, "severity": severity, "number": number} for (code, severity), number in seen.findings.items()
        ],
    }
    return to_text(document)


def metrics_text(seen: Health, exit_code: int | None = None, certificate_end: datetime | None = None) -> str:
    """Prometheus' text exposition format, for node_exporter's textfile collector. ``exit_code``: of the run that writes
    it. ``certificate_end``: of the one that the site signs in with.
    """
    lines = [*_metrics(seen, exit_code)]
    if certificate_end is not None:
        said, at = "When the application's certificate ends.", certificate_end.timestamp()
        lines += _gauge("certificate_end_timestamp_seconds", said, seen.site, {"": at})
    return "".join(f"{line}\n" for line in lines)


def unread_text(site: str, exit_code: int | None = None) -> str:
    """What is left to say where the state cannot be read: that it cannot, and how a command that acts ended."""
    lines = [*_gauge("up", _UP, site, {"": 0})]
    if exit_code is not None:
        lines += _gauge("last_run_exit_code", _ENDED, site, {"": exit_code})
    return "".join(f"{line}\n" for line in lines)


_UP = "Whether the state could be read."
_ENDED = "How the last command that acts ended."


def _metrics(seen: Health, exit_code: int | None) -> Iterator[str]:
    run = seen.run
    yield from _gauge("up", _UP, seen.site, {"": 1})
    if exit_code is not None:
        yield from _gauge("last_run_exit_code", _ENDED, seen.site, {"": exit_code})
    if run is not None:
        results = {f'result="{run.result}"': 1}
        yield from _gauge("last_run_timestamp_seconds", "When the last run was.", seen.site, {"": run.at.timestamp()})
        yield from _gauge("last_run_result", "1 for the result of the last run.", seen.site, results)
        kinds = {f'kind="{kind}"': number for kind, number in run.counts.items()}
        yield from _gauge("last_run_changes", "Changes planned by the last run.", seen.site, kinds)
    times = {"last_good_run": seen.good_at, "snapshot": seen.snapshot_as_of}
    for name, at in times.items():
        if at is not None:
            said = f"The instant of the {name.replace('_', ' ')}."
            yield from _gauge(f"{name}_timestamp_seconds", said, seen.site, {"": at.timestamp()})
    dead = seen.lock is not None and seen.lock.owner is LockOwner.DEAD
    numbers: Mapping[str, tuple[str, int]] = {
        "open_intents": ("Steps that were begun and not ended.", seen.open_intents),
        "unfinished": ("People and mailboxes that have to be looked at again.", len(seen.unfinished)),
        "live_mailboxes": ("Mailboxes that are neither disabled nor deleted.", seen.live_mailboxes),
        "licences": ("Personal mailboxes that hold a licence.", seen.licences),
        "notices_owed": ("Notices that are due and not sent.", seen.notices_owed),
        "overdue": ("Ends whose day has passed.", seen.overdue),
        "locked": ("Whether a living command holds the state.", int(seen.lock is not None and not dead)),
        "lock_dead": ("Whether a command died while it held the state.", int(dead)),
        "problems": ("Problems that `nexusops health` tells.", len(seen.problems)),
    }
    for name, (said, number) in numbers.items():
        yield from _gauge(name, said, seen.site, {"": number})
    found = {f'code="{code}",severity="{severity}"': number for (code, severity), number in seen.findings.items()}
    yield from _gauge("findings", "Findings of the last run.", seen.site, found)


def _gauge(name: str, said: str, of: str, values: Mapping[str, float]) -> Iterator[str]:
    if not values:
        return
    yield f"# HELP nexusops_{name} {said}"
    yield f"# TYPE nexusops_{name} gauge"
    site = of.replace("\\", "\\\\").replace('"', '\\"')
    for labels, value in values.items():
        own = f'site="{site}"' + (f",{labels}" if labels else "")
        yield f"nexusops_{name}{{{own}}} {value:.15g}"


def _blocks(seen: Health) -> Iterator[Block]:
    tone = Tone.DANGER if seen.problems else Tone.GOOD
    yield Line(text=f"{seen.site}: " + ("not well" if seen.problems else "all is well"), tone=tone)
    for problem in seen.problems:
        yield Line(text=problem, indent=2, tone=Tone.DANGER)
    lock = "free"
    if seen.lock is not None:
        lock = f"`nexusops {seen.lock.command}` on {seen.lock.host}, since {instant(seen.lock.since)}"
        lock += "" if seen.lock.owner is LockOwner.ALIVE else f"; its process is {seen.lock.owner}"
    run = (
        f"{instant(seen.run.at)}, {seen.run.result}; {counted(seen.run.counts) or 'nothing planned'}"
        if seen.run
        else "none"
    )
    alerts = {code: number for (code, severity), number in seen.findings.items() if severity == "alert"}
    again = len(seen.unfinished)
    yield Table(
        rows=[
            ("snapshot", _at(seen.snapshot_as_of) or "none"),
            ("last run", run),
            ("last good run", _at(seen.good_at) or "none"),
            ("lock", lock),
            (
                "open",
                f"{number_of(seen.open_intents, 'step')}, {again} to look at again, {seen.overdue} overdue",
            ),
            *([("to look at", _named(seen.unfinished))] if seen.unfinished else []),
            ("notices owed", f"{seen.notices_owed}"),
            ("mailboxes", f"{seen.live_mailboxes:,} live, {number_of(seen.licences, 'licence')}"),
            ("alerts", counted(alerts) or "none"),
        ],
        tone=Tone.QUIET,
    )


def _named(subjects: Sequence[str]) -> str:
    more = f" and {len(subjects) - SHOWN} more (--format json)" if len(subjects) > SHOWN else ""
    return f"{', '.join(subjects[:SHOWN])}{more}: `nexusops explain` says why"


def _at(value: datetime | None) -> str | None:
    return None if value is None else instant(value)
