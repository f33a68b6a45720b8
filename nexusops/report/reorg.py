"""Reorganisations, and what one of them will do to whom, as text, JSON and CSV (R52, R53; rules.md 4d)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from nexusops.codec import day, to_text
from nexusops.model.frozen import frozen
from nexusops.model.ids import Address, PersonId
from nexusops.model.journal import JsonObject
from nexusops.model.units import Reorg, Unit
from nexusops.report.blocks import Block, Line, Look, Table, Tone, written
from nexusops.report.csvtable import csv_text
from nexusops.report.view import number_of

CSV_COLUMNS = ("person_id", "username", "gets", "taken", "loses", "ends_on", "sends_as")


@frozen
class Reorganised:
    """All rows of one reorg_id. ``refused``: why rows of it do nothing (R53)."""

    reorg_id: str
    rows: tuple[Reorg, ...]
    units: tuple[Unit, ...]
    begun: bool
    refused: tuple[str, ...]

    @property
    def on(self) -> date:
        return min(row.effective_on for row in self.rows)

    @property
    def words(self) -> str:
        """Such as ``merge of CHEM and BIOC into LIFE``."""
        sources, targets = (dict.fromkeys(ids) for ids in zip(*self._pairs(), strict=True))
        verb = "to" if self.rows[0].kind == "rename" else "into"
        return f"{self.rows[0].kind} of {' and '.join(sources)} {verb} {' and '.join(targets)}"

    def _pairs(self) -> list[tuple[str, str]]:
        return [(row.source_unit, row.target_unit) for row in self.rows]


@frozen
class Moved:
    """One person, or mailbox of a unit. ``taken``: what of it has a number, since the plain name is taken."""

    person_id: PersonId | None
    name: str
    gets: tuple[Address, ...]
    taken: tuple[Address, ...]
    loses: tuple[Address, ...]
    ends_on: date | None
    sends_as: Address | None


@frozen
class ReorgPlan:
    """``members`` hold a place in one of the units today; ``told_on`` is the day of the notices. ``ending``: mailboxes
    that end with their domain, and when. ``guards``: the days on which one will stop the run, its name, and how many
    changes are planned then for all who move into the same units.
    """

    reorganised: Reorganised
    members: int
    moved: tuple[Moved, ...]
    notices: int
    told_on: date | None
    ending: tuple[tuple[str, date], ...]
    guards: tuple[tuple[date, str, int], ...]
    findings: tuple[str, ...]

    @property
    def collisions(self) -> tuple[Moved, ...]:
        return tuple(one for one in self.moved if one.taken)


def reorgs_written(found: Sequence[Reorganised], form: str, look: Look) -> str:
    if form == "json":
        return to_text({"reorgs": [_reorganised(one) for one in found]})
    rows = [(one.reorg_id, f"{one.on}", _standing(one), one.words) for one in found]
    blocks: list[Block] = [
        Line(text=f"Reorganisations: {len(found)}", tone=Tone.TITLE),
        *([Table(rows=rows)] if rows else []),
    ]
    blocks += [
        Line(text=f"{one.reorg_id} is refused: {why}", tone=Tone.WARNING) for one in found for why in one.refused
    ]
    return written(blocks, look)


def _standing(one: Reorganised) -> str:
    return "refused" if one.refused else "in effect" if one.begun else "to come"


def reorg_plan_written(plan: ReorgPlan, form: str, look: Look) -> str:
    if form == "json":
        return to_text(_document(plan))
    return _csv(plan) if form == "csv" else written(_blocks(plan), look)


def _reorganised(one: Reorganised) -> JsonObject:
    return {
        "reorg_id": one.reorg_id,
        "kind": one.rows[0].kind,
        "effective_on": one.on.isoformat(),
        "in_effect": one.begun,
        "refused": list(one.refused),
        "units": [{"source": r.source_unit, "target": r.target_unit, "months": r.months} for r in one.rows],
    }


def _document(plan: ReorgPlan) -> JsonObject:
    return {
        **_reorganised(plan.reorganised),
        "members": plan.members,
        "moved": [
            {
                "person_id": one.person_id,
                "name": one.name,
                "gets": list(one.gets),
                "taken": list(one.taken),
                "loses": list(one.loses),
                "ends_on": day(one.ends_on),
                "sends_as": one.sends_as,
            }
            for one in plan.moved
        ],
        "notices": plan.notices,
        "told_on": day(plan.told_on),
        "ending": [{"mailbox": name, "delete_on": on.isoformat()} for name, on in plan.ending],
        "guards": [{"on": on.isoformat(), "name": name, "planned": count} for on, name, count in plan.guards],
        "findings": list(plan.findings),
    }


def _csv(plan: ReorgPlan) -> str:
    lists = ([" ".join(values) for values in (one.gets, one.taken, one.loses)] for one in plan.moved)
    rows = (
        (one.person_id, one.name, *three, one.ends_on, one.sends_as)
        for one, three in zip(plan.moved, lists, strict=True)
    )
    return csv_text(CSV_COLUMNS, rows)


def _blocks(plan: ReorgPlan) -> Iterator[Block]:
    one = plan.reorganised
    domains = sorted({unit.domain for unit in one.units if unit.domain is not None})
    months = " or ".join(sorted({str(row.months) for row in one.rows}))
    since = "has been in effect since" if one.begun else "on"
    yield Line(text=f"{one.reorg_id}: {one.words} {since} {one.on}", tone=Tone.TITLE)
    for why in one.refused:
        yield Line(text=f"refused: {why}", tone=Tone.WARNING)
    if one.begun:
        units = ", ".join(f"`nexusops unit show {unit.unit_id}`" for unit in one.units)
        yield Line(text=f"What still winds down: {units}.")
        return
    if one.refused and not plan.moved:
        yield Line(text="It does nothing: registration has to correct it first.")
        return
    members = number_of(plan.members, "member")
    yield Line(text=f"{members}; with a number, since the plain name is taken: {len(plan.collisions)}")
    yield Line(text=f"Addresses in {', '.join(domains) or 'no domain'} wind down for {months} months")
    if plan.told_on is not None:
        yield Line(text=f"{number_of(plan.notices, 'notice')} on {plan.told_on}")
    for on, name, count in plan.guards:
        said = f"On {on} the guard {name} will stop the run: {count:,} are planned; have somebody there to lift it"
        yield Line(text=said, tone=Tone.WARNING)
    yield from _ending(plan.ending)
    for title, rows in (("With a number", plan.collisions), ("Who gets what", plan.moved)):
        if rows:
            yield Line()
            yield Line(text=f"{title}: {len(rows)}", tone=Tone.TITLE)
            yield Table(rows=[_row(moved) for moved in rows])
    if plan.findings:
        yield Line()
        yield Line(text=f"Findings: {len(plan.findings)}", tone=Tone.TITLE)
    for said in plan.findings:
        yield Line(text=said, tone=Tone.WARNING, indent=2)


def _ending(ending: Sequence[tuple[str, date]]) -> Iterator[Block]:
    """One line a day, however many there are; the names beneath it."""
    days: dict[date, list[str]] = {}
    for name, on in ending:
        days.setdefault(on, []).append(name)
    for on, names in days.items():
        if len(names) == 1:
            said = f"The mailbox {names[0]} ends with its domain on {on}; nobody gets a notice of that"
            yield Line(text=said, tone=Tone.WARNING)
            continue
        said = f"{len(names):,} mailboxes end with their domain on {on}; nobody gets a notice of that:"
        yield Line(text=said, tone=Tone.WARNING)
        yield Line(text=", ".join(names), indent=2)


def _row(one: Moved) -> tuple[str, ...]:
    gets = f"gets {' and '.join(one.gets)}" if one.gets else "gets nothing new"
    loses = f"{' and '.join(one.loses)} until the day before {one.ends_on}" if one.loses else "keeps what it has"
    return one.name, gets, loses
