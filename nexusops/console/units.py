"""Units: their people, what winds down, and the mailboxes that belong to them; a mailbox is handed over here (D31)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from nexusops.console.answers import Answer, Asked, Forbidden, NotFound, Page, Redirect
from nexusops.console.belonging import units_of_people
from nexusops.console.roles import Right
from nexusops.errors import Refused
from nexusops.model.addresses import AddressState, Allocation
from nexusops.model.findings import Finding, box_scope, boxes_in, person_scope
from nexusops.model.ids import MailboxKey, PersonId, UnitId
from nexusops.model.ledger import HoldKind, Ledger, PersonState
from nexusops.model.mailboxes import Mailbox
from nexusops.model.units import NonpersonalAddress, Unit
from nexusops.pipeline import desk
from nexusops.pipeline.nearby import name_of
from nexusops.ports import Store
from nexusops.report.cures import CURES
from nexusops.report.view import findings_of


def units_page(asked: Asked) -> Answer:
    """All units, or the viewer's own."""
    ports = asked.site.ports
    units = _visible(asked)
    people, boxes = ports.store.people_by_unit(), ports.store.boxes_of_units(units)
    rows = [
        (unit, people.get(unit_id, 0), [box for box in boxes if box.unit_id == unit_id])
        for unit_id, unit in sorted(units.items())
    ]
    return Page(template="units", title="Units", here="units", values={"rows": rows})


def unit_page(asked: Asked) -> Answer:
    unit = _unit(asked)
    store = asked.site.ports.store
    ledger = store.ledger(store.people_of_units({unit.unit_id}), ())
    boxes = store.boxes_of_units({unit.unit_id})
    owners = {box.owner_person_id for box in boxes if box.owner_person_id is not None}
    ending = _ending(asked, unit)
    return Page(
        template="unit",
        title=unit.name,
        here="units",
        values={
            "unit": unit,
            "people": _people(ledger),
            "ending": ending,
            "names": {state.person_id: name_of(state) for _, state in ending if state is not None},
            "boxes": boxes,
            "loose": _loose(asked, unit),
            "owners": {state.person_id: name_of(state) for state in store.owners(owners)},
            "coming": handed_to(store, [box.name for box in boxes if box.name and box.live]),
            "addresses": _addresses(store, boxes),
            "staff": [row.staff_id for row in asked.shelf.staff(asked.site.ports) if row.unit_id == unit.unit_id],
            "may_hand_over": asked.viewer.may_in(Right.HAND_OVER, {unit.unit_id}),
            "done": asked.query.get("done", ""),
        },
    )


def hand_over(asked: Asked) -> Answer:
    """``desk handover``, for a mailbox of this unit."""
    unit = _unit(asked)
    if not asked.viewer.may_in(Right.HAND_OVER, {unit.unit_id}):
        raise Forbidden(f"You do not support {unit.unit_id}.")
    name, to = asked.form.get("mailbox", ""), asked.form.get("to", "").strip().lower()
    if name not in {box.name for box in asked.site.ports.store.boxes_of_units({unit.unit_id})}:
        raise Forbidden(f"{name or 'That mailbox'} does not belong to {unit.unit_id}.")
    if not to:
        raise Refused("The new owner is missing.", next_step="Go back and give their username.")
    wish = desk.Wish(actor=asked.viewer.username, reason=asked.reason(), at=asked.at)
    desk.handover(asked.site.ports, name, to, wish)
    return Redirect(to=f"/units/{unit.unit_id}?done=handed-over")


def handed_to(store: Store, names: Collection[str]) -> dict[str, tuple[str, str]]:
    """Who gets these mailboxes, or requests, by the next run: username and name of each new owner (D31)."""
    waiting = boxes_in(store.unfinished()).intersection(names)
    ledger = store.ledger((), waiting)
    owners = {box.name: box.owner_person_id for box in ledger.mailboxes.values()}
    owners |= {row.request_id: row.owner_person_id for row in ledger.services.values()}
    holds = [hold for hold in ledger.holds.values() if hold.kind is HoldKind.HANDOVER]
    to = {hold.subject: PersonId(hold.value) for hold in holds if hold.value != owners.get(hold.subject)}
    called = {one.person_id: (one.username or one.person_id, name_of(one)) for one in store.owners(to.values())}
    return {name: called[one] for name, one in to.items() if one in called}


def findings_page(asked: Asked) -> Answer:
    """What the last accepted run found, for staff to look at."""
    ports = asked.site.ports
    found = ports.store.findings(None)
    if not asked.viewer.everywhere(Right.SEE_FINDINGS):
        own = _own(asked) | _affiliated(asked, found)
        found = [one for one in found if one.scope in own or one.subject in own]
    code = asked.query.get("code", "")
    groups = findings_of(found)
    states = ports.store.owners({PersonId(one.subject) for one in found})
    return Page(
        template="findings",
        title="Findings",
        here="findings",
        values={
            "groups": [group for group in groups if code in ("", group.code)],
            "codes": [(group.code, len(group.findings)) for group in groups],
            "code": code,
            "cures": CURES,
            "names": {state.person_id: name_of(state) for state in states},
        },
    )


def _own(asked: Asked) -> set[str]:
    """Subjects and scopes of the viewer's units: themselves, their people, mailboxes, addresses and requests."""
    ports, units = asked.site.ports, asked.viewer.units
    rows = asked.shelf.accepted(ports).nonpersonal_addresses.values()
    names = {
        *(box.name for box in ports.store.boxes_of_units(units)),
        *(row.address for row in rows if row.unit_id in units),
        *(name for name, request in ports.services.items() if request.unit_id in units),
    }
    people = ports.store.people_of_units(units)
    scopes = (*map(person_scope, people), *(box_scope(name) for name in names if name))
    return {*units, *people, *scopes, *(name for name in names if name)}


def _affiliated(asked: Asked, found: Iterable[Finding]) -> set[str]:
    """Those whom findings are about and who have no place, but belong to the viewer's units: the frozen, say."""
    units = units_of_people(asked.site.ports, {PersonId(one.subject) for one in found}, asked.today)
    return {person_id for person_id, theirs in units.items() if asked.viewer.may_in(Right.SEE_FINDINGS, theirs)}


def _visible(asked: Asked) -> Mapping[UnitId, Unit]:
    units = asked.shelf.accepted(asked.site.ports).units
    return {one: unit for one, unit in units.items() if asked.viewer.may_in(Right.SEE_UNITS, {one})}


def _unit(asked: Asked) -> Unit:
    unit = _visible(asked).get(UnitId(asked.path["unit"]))
    if unit is None:
        raise NotFound(f"There is no unit {asked.path['unit']}, or it is not yours", "Yours stand under Units.")
    return unit


def _people(ledger: Ledger) -> list[tuple[PersonState, str, Mailbox | None]]:
    latest: dict[str, Mailbox] = {}
    for box in sorted(ledger.mailboxes.values(), key=lambda box: box.generation):
        if box.person_id is not None:
            latest[box.person_id] = box
    rows = [(state, name_of(state), latest.get(state.person_id)) for state in ledger.people.values()]
    return sorted(rows, key=lambda row: (row[1].casefold(), row[0].person_id))


def _addresses(store: Store, boxes: Sequence[Mailbox]) -> dict[MailboxKey | None, Allocation]:
    """The live address of each mailbox."""
    rows = store.ledger((), {box.name for box in boxes if box.name}).allocations.values()
    return {row.mailbox_key: row for row in rows if row.live}


def _loose(asked: Asked, unit: Unit) -> list[NonpersonalAddress]:
    """Addresses of the unit that lead on to somewhere else, without a mailbox of their own (R29)."""
    rows = asked.shelf.accepted(asked.site.ports).nonpersonal_addresses.values()
    found = (row for row in rows if row.unit_id == unit.unit_id and row.mailbox_id is None)
    return sorted(found, key=lambda row: row.address)


def _ending(asked: Asked, unit: Unit) -> list[tuple[Allocation, PersonState | None]]:
    """Addresses of the unit's mail domain that wind down, the next to end first, those of leavers above all; with whose
    they are, where the viewer may know them.
    """
    store = asked.site.ports.store
    rows = [row for row in store.addresses_of_unit(unit.unit_id, unit.domain) if row.state is AddressState.WINDDOWN]
    people = [row.person_id for row in rows if row.person_id is not None]
    units = store.units_of(people)
    known = {
        state.person_id: state
        for state in store.owners(people)
        if asked.viewer.may_in(Right.SEE_PEOPLE, units.get(state.person_id, ()))
    }
    rows.sort(key=lambda row: (str(row.delete_on), row.address))
    return [(row, known.get(row.person_id) if row.person_id is not None else None) for row in rows]
