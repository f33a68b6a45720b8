"""Looking somebody or something up: who it is, why it is so, what comes next, and the life of each address."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from nexusops.console.answers import Answer, Asked, NotFound, Page, Redirect
from nexusops.console.belonging import affiliated, units_of_people
from nexusops.console.private import masked
from nexusops.console.roles import Right
from nexusops.console.timeline import timeline
from nexusops.model.addresses import Allocation
from nexusops.model.ids import Address, PersonId, UnitId
from nexusops.model.ledger import Ledger, PersonState
from nexusops.model.mailboxes import Mailbox
from nexusops.pipeline.explain.answers import explain
from nexusops.pipeline.inputs import accepted_tables
from nexusops.pipeline.nearby import FEW, name_of, nearly_like, people_like, person_named
from nexusops.pipeline.periods import periods_of

MOST = 50
HISTORY = 60


def people_page(asked: Asked) -> Answer:
    """A search by name, username, person_id or address; what is exactly one thing is shown at once."""
    wanted = " ".join(asked.query.get("q", "").split())
    if wanted and _is_one_thing(asked, wanted):
        return Redirect(to=f"/people/{quote(wanted, safe='@')}")
    found = _like(asked, wanted) if wanted else ()
    nearly = () if found or not wanted else nearly_like(asked.site.ports.store, wanted, FEW)
    found = found or nearly
    units = units_of_people(asked.site.ports, [state.person_id for state in found], asked.today)
    seen = [state for state in found if asked.viewer.may_in(Right.SEE_PEOPLE, units.get(state.person_id, ()))]
    return Page(
        template="people",
        title="People",
        here="people",
        values={
            "wanted": wanted,
            "found": [(state, name_of(state), units.get(state.person_id, ())) for state in seen],
            "most": MOST if len(seen) >= MOST else 0,
            "nearly": bool(nearly),
            "limited": not asked.viewer.everywhere(Right.SEE_PEOPLE),
        },
    )


def subject_page(asked: Asked) -> Answer:
    """``explain`` as a page. What is not there and what is not the viewer's get the same answer."""
    subject = asked.path["subject"]
    ports = asked.site.ports
    person, ledger = _belonging(asked, subject)
    # Whether it may be seen is decided before it is explained: the time that an answer takes tells nothing either.
    seen = _may_see(asked, person, ledger, subject)
    answer = explain(ports, subject, at=asked.at) if seen else None
    if answer is None:
        limited = "" if asked.viewer.everywhere(Right.SEE_PEOPLE) else ", or it is not in your units"
        raise NotFound(f"Nothing is known of {subject}{limited}")
    steps = bool(asked.query.get("steps"))
    history = [event for event in answer.history if steps or not event.detail]
    facts = answer.facts if asked.viewer.everywhere(Right.SEE_PEOPLE) else masked(answer.facts)
    rows = _periods(asked, subject) if "@" in subject else _sorted(ledger)
    boxes = sorted(ledger.mailboxes.values(), key=lambda box: box.generation)
    return Page(
        template="subject",
        title=answer.subject,
        here="people",
        values={
            "answer": answer,
            "name": name_of(person) if person is not None and answer.kind == "person" else "",
            "owner": person if answer.kind != "person" else None,
            "facts": [fact for fact in facts if fact.label != "address"],
            "rows": rows,
            "sender": boxes[-1].sender if boxes else None,
            "drawing": timeline(rows, asked.today, boxes[-1] if boxes else None),
            "history": [*reversed(history)][:HISTORY],
            "older": max(0, len(history) - HISTORY),
            "steps": steps,
        },
    )


def _like(asked: Asked, wanted: str) -> Sequence[PersonState]:
    """Whom it may mean. Whoever sees some units alone finds theirs first: of the university's, the first may all be of
    others.
    """
    store = asked.site.ports.store
    if asked.viewer.everywhere(Right.SEE_PEOPLE):
        return people_like(store, wanted, MOST)
    own = people_like(store, wanted, MOST, asked.viewer.units)
    known = {state.person_id for state in own}
    return [*own, *(state for state in people_like(store, wanted, MOST) if state.person_id not in known)]


def _is_one_thing(asked: Asked, wanted: str) -> bool:
    """An address, a username, a person_id or a mailbox's name, that the ledger knows and the viewer may see: what is
    not theirs is not found, as what is not there.
    """
    return _is_known(asked, wanted) and _may_see(asked, *_belonging(asked, wanted), wanted)


def _is_known(asked: Asked, wanted: str) -> bool:
    store, small = asked.site.ports.store, wanted.lower()
    if "@" in small:
        return bool(_periods(asked, small))
    return bool(
        store.usernames({small})
        or store.owners({PersonId(wanted)})
        or any(box.name == wanted for box in store.ledger((), {wanted}).mailboxes.values())
    )


def _belonging(asked: Asked, subject: str) -> tuple[PersonState | None, Ledger]:
    """Whose it is, and the part of the ledger that is about it."""
    store, small = asked.site.ports.store, subject.lower()
    if "@" in small:
        last = next(reversed(_periods(asked, small)), None)
        person_id = last.person_id if last is not None else None
    else:
        person_id = person_named(store, subject)
    if person_id is not None:
        ledger = store.ledger({person_id}, ())
        if person_id in ledger.people:
            return ledger.people[person_id], ledger
    return None, store.ledger((), {subject})


def _may_see(asked: Asked, person: PersonState | None, ledger: Ledger, subject: str) -> bool:
    return asked.viewer.may_in(Right.SEE_PEOPLE, _units(asked, person, ledger, subject))


def _units(asked: Asked, person: PersonState | None, ledger: Ledger, subject: str) -> set[UnitId]:
    """The units that may see it: those of the person, else those of the mailbox or address."""
    if person is not None:
        tables = accepted_tables(asked.site.ports, only={person.person_id})
        record = tables.slice({person.person_id}, {}).people.get(person.person_id)
        return {*person.served, *(affiliated(record, asked.today) if record is not None else ())}
    rows = _periods(asked, subject.lower()) if "@" in subject else ()
    things: tuple[Mailbox | Allocation, ...] = (*ledger.mailboxes.values(), *ledger.allocations.values(), *rows)
    return {thing.unit_id for thing in things if thing.unit_id is not None}


def _periods(asked: Asked, address: str) -> Sequence[Allocation]:
    return periods_of(asked.site.ports.store, Address(address.lower()))


def _sorted(ledger: Ledger) -> list[Allocation]:
    """Live ones first, then by when they began."""
    return sorted(ledger.allocations.values(), key=lambda row: (not row.live, row.created_on, row.address, row.period))
