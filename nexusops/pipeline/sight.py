"""What a decision sees of the tenant: of the people and boxes concerned, or of all, and never half of it."""

from __future__ import annotations

from dataclasses import replace

from nexusops.errors import TenantUnreadable
from nexusops.model.ids import Domain, local_of
from nexusops.model.ledger import Ledger
from nexusops.model.tenant import Actual, Wanted
from nexusops.pipeline.affected import Affected
from nexusops.pipeline.inputs import Deciding
from nexusops.plan.observe import joined, seen_before, users_seen_before

MANY = 400
"""From so many people on, reading the whole tenant page by page costs less than asking for each."""
UNSEEN, SHARE = 50, 10
"""So many mailboxes may be missing at once, or so many in a hundred of those looked for: somebody may have taken them
away. With more it is the answer that is not whole (tenant-api.md 5.4).
"""


def read_tenant(ports: Deciding, ledger: Ledger, who: Affected, signing: frozenset[Domain], *, full: bool) -> Actual:
    """What was read, joined on ids. Raises TenantUnreadable, also where the directory told of a part of its users, or
    Exchange of its mailboxes.
    """
    actual = _read(ports, ledger, who, signing, full=full)
    users, gone = users_seen_before(ledger, actual)
    # Of everybody only: sixty whom an administrator purged, all due on one day, would stop every hour from then on.
    if who.everyone and gone > max(UNSEEN, users * SHARE // 100):
        raise _partial(
            f"the directory did not tell of {gone} in {users} users whose mailboxes are known: its answer is not the "
            "whole of it, or that of another tenant"
        )
    known, lost = seen_before(ledger, actual)
    if lost > max(UNSEEN, known * SHARE // 100):
        raise _partial(
            f"Exchange did not tell of {lost} in {known} mailboxes whose users are there with their licences: its "
            "answer is not the whole of it"
        )
    return _joined(ports, ledger, actual)


def _partial(told: str) -> TenantUnreadable:
    return TenantUnreadable(
        f"{told}.",
        next_step="Look at the service health page of the tenant, and whether [tenant] names the right one. Nothing "
        "was changed; the next `nexusops run` asks again, and `nexusops drift` compares.",
    )


def _read(ports: Deciding, ledger: Ledger, who: Affected, signing: frozenset[Domain], *, full: bool) -> Actual:
    """Nothing is opened when nothing needs reading."""
    whole = everything(ledger)
    if who.everyone:
        return ports.tenant().read(replace(whole, changes=not full, signing=signing))
    wanted = Wanted(
        everything=len(who.people) > MANY,
        changes=True,
        people={person_id: whole.known.get(person_id) for person_id in who.people},
        boxes={name: whole.known_boxes.get(name) for name in who.boxes},
        signing=signing,
    )
    return Actual() if wanted.nothing else ports.tenant().read(wanted)


def everything(ledger: Ledger) -> Wanted:
    """All there is, with the ids by which the mailboxes of the ledger are known."""
    boxes = sorted(ledger.mailboxes.values(), key=lambda box: box.generation)
    return Wanted(
        everything=True,
        known={box.person_id: box.user_id for box in boxes if box.person_id is not None},
        known_boxes={box.name: box.exchange_guid for box in boxes if box.person_id is None and box.name is not None},
    )


def _joined(ports: Deciding, ledger: Ledger, actual: Actual) -> Actual:
    """Without users that are somebody else's; who is known by id already needs no looking up."""
    known = {box.person_id for box in ledger.mailboxes.values() if box.user_id is not None}
    names = {local_of(m.user_principal_name) for person_id, m in actual.people.items() if person_id not in known}
    return joined(ledger, actual, ports.store.usernames(names) if names else {})
