"""What the people of a plan are called, and which units they belong to. The plan document says neither."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from nexusops.model.changes import CreateMailbox
from nexusops.model.frozen import frozen
from nexusops.model.ids import PersonId, UnitId
from nexusops.model.ledger import Ledger, PersonState
from nexusops.model.plan import Plan, Planned
from nexusops.pipeline.nearby import name_of
from nexusops.plan.guard import GuardLimits
from nexusops.ports import Memory, Store


@frozen
class Whom:
    """Both by person_id; who is missing here is not known."""

    names: Mapping[str, str]
    units: Mapping[PersonId, tuple[UnitId, ...]]


def whom_of(plan: Plan, store: Store | None) -> Whom:
    """As the plan tells of people who get a mailbox, and as the state has all others."""
    made = _made(plan)
    units = _units(made, plan)
    people = {PersonId(one.change.why.subject) for one in plan.changes}
    states = store.owners(people - units.keys()) if store is not None else ()
    served = {state.person_id: state.served for state in states if state.served}
    return Whom(names=names_of(states, plan), units=units | served)


def units_counted(
    changes: Iterable[Planned], ledger: Ledger, store: Memory, limits: GuardLimits
) -> dict[str, tuple[UnitId, ...]]:
    """By subject, the units whose limits a change counts to: those that serve the person now, and those that did before
    the plan, since whoever loses a unit's address is no longer served there. Nobody is asked where no unit has a limit.
    """
    if not limits.units:
        return {}
    units = {str(state.person_id): {*state.served} for state in ledger.people.values()}
    for state in store.owners({PersonId(one.change.why.subject) for one in changes}):
        units.setdefault(state.person_id, set()).update(state.served)
    return {subject: tuple(sorted(found)) for subject, found in units.items()}


def names_of(states: Iterable[PersonState], plan: Plan) -> dict[str, str]:
    """Names by person_id; of people who get a mailbox, as the plan gives them."""
    names: dict[str, str] = {state.person_id: name_of(state) for state in states if state.card_names}
    made = _made(plan).items()
    return names | {subject: change.display_name for subject, change in made if change.display_name != subject}


def _made(plan: Plan) -> dict[PersonId, CreateMailbox]:
    changes = (one.change for one in plan.changes)
    made = (change for change in changes if isinstance(change, CreateMailbox))
    return {PersonId(change.person_id): change for change in made if change.person_id}


def _units(made: Collection[PersonId], plan: Plan) -> dict[PersonId, tuple[UnitId, ...]]:
    """Of those who get a mailbox: the affiliations on which their addresses rest (R8)."""
    units: dict[PersonId, set[UnitId]] = {}
    for why in (one.change.why for one in plan.changes):
        for row in why.evidence:
            if row.table == "affiliations" and why.subject in made:
                units.setdefault(PersonId(why.subject), set()).add(UnitId(row.key.rpartition("/")[2]))
    return {person_id: tuple(sorted(found)) for person_id, found in units.items()}
