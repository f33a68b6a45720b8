"""How a person stands, and why: standing, cards, affiliations, the name part, and when they left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from nexusops.model.findings import Evidence
from nexusops.model.ids import PersonId
from nexusops.model.ledger import NameOverride, PersonState, Standing
from nexusops.model.people import Affiliation
from nexusops.model.policy import Policy
from nexusops.model.snapshot import PersonRecord, Snapshot
from nexusops.pipeline.explain.facts import unit_named, word
from nexusops.pipeline.explain.summary import STANDINGS
from nexusops.pipeline.inputs import Ports
from nexusops.pipeline.nearby import called
from nexusops.report.explain import Fact


def person_facts(
    state: PersonState, record: PersonRecord | None, snapshot: Snapshot | None, today: date, policy: Policy
) -> Iterator[Fact]:
    """Standing, cards and affiliations."""
    because, rule = _standing_reason(state, record, today, policy)
    yield Fact(label="standing", value=word(state.state), rule=rule, because=because)
    if state.deceased:
        because = "no notice is sent, and no address goes to somebody else until it is released"
        yield Fact(label="died", value="as registration says", rule="D43", because=because)
    if record is not None and snapshot is not None:
        for card in record.cards:
            cancelled = f", cancelled on {card.cancelled_on}" if card.cancelled_on else ""
            yield Fact(
                label="card",
                value=f"status {card.status_code}, until {card.end_date}{cancelled}",
                rule="D46",
                since=card.start_date,
                evidence=(Evidence(table="cards", key=card.card_id, snapshot=snapshot.sha256),),
            )
        for held in record.affiliations:
            # Who waits for a username has no place yet, wherever they are.
            served = held.unit_id in state.served or not held.current(today) or state.username is None
            key = f"{state.person_id}/{held.unit_id}"
            yield Fact(
                label="affiliation",
                value=f"{unit_named(held.unit_id, snapshot)}{_held(held, today)}{'' if served else ', not served'}",
                rule="R8" if served else "D20",
                since=held.start_date if held.current(today) else None,
                evidence=(Evidence(table="affiliations", key=key, snapshot=snapshot.sha256),),
            )


def name_facts(state: PersonState, overrides: Iterable[NameOverride]) -> Iterator[Fact]:
    """The name part, and when they left."""
    if state.base is not None:
        names = " / ".join(state.card_names or ())
        because, rule = f"the card's names are {names}", "R5"
        if list(overrides):
            because, rule = f"{because}, and another name was asked for and accepted", "R14"
        yield Fact(label="name part", value=state.base, rule=rule, because=because)
    if state.left_on is not None:
        yield Fact(label="left", value=str(state.left_on), rule="D09", because="no card is current since then")


def _held(held: Affiliation, today: date) -> str:
    if held.start_date > today:
        return f", begins on {held.start_date}"
    if held.end_date is None:
        return ""
    return f", {held.start_date} to {held.end_date}, over" if held.end_date < today else f" until {held.end_date}"


def _standing_reason(state: PersonState, record: PersonRecord | None, today: date, policy: Policy) -> tuple[str, str]:
    """Why somebody stands as they do, and by which rule: "it says disabled, but I still work here"."""
    if state.frozen:
        because = f"there is a fault in the registration data ({state.frozen}); nothing is changed until it is mended"
        return because, "D29"
    if state.missing_since:
        return f"the card has been missing from the registration data since {state.missing_since}", "D26"
    if state.state not in (Standing.GRACE, Standing.OUT):
        return "", "R35"
    cards = record.cards if record is not None else ()
    if not cards:
        return "the registration data have no card of theirs; one that is missing counts as cancelled", "D26"
    current = [card for card in cards if card.current(today)]
    if any(card.status_code in policy.status_map.qualifying for card in current):
        return "", "R35"  # it begins with the next run
    card = max(current or cards, key=lambda card: (card.start_date <= today, card.end_date, card.card_id))
    if current:
        return f"the status {card.status_code} of the card gives no mailbox", "D46"
    if card.start_date > today:
        return f"the card begins on {card.start_date}", "R35"
    if card.cancelled_on is not None and card.cancelled_on <= card.end_date:
        return f"the card was cancelled on {card.cancelled_on}", "R35"
    return f"the card ended on {card.end_date}", "R35"


def somebody(ports: Ports, person_id: PersonId | None) -> str:
    """Somebody as staff know them: by their username, where they have one; with how they stand, unless all is well."""
    if person_id is None:
        return "none"
    state = next(iter(ports.store.owners({person_id})), None)
    if state is None or not state.username:
        return person_id
    left = "" if state.state is Standing.ENTITLED else f", {STANDINGS[state.state]}"
    name = called(state)
    return f"{state.username} ({f'{name}, ' if name else ''}{person_id}){left}"
