"""What must never stand in the ledger, as questions to its tables (rules.md 2.1, 2.2, 2.4b, and the rules named)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Integer, Select, and_, bindparam, exists, func, literal, or_, select

from nexusops.model.findings import person_scope
from nexusops.model.mailboxes import LIVE_MAILBOX_STATES, MailboxState
from nexusops.store.schema import addresses, domains, mailboxes, people, unfinished

LIVE = tuple(sorted(state.value for state in LIVE_MAILBOX_STATES - {MailboxState.PENDING}))
"""States of mailboxes that work, or should."""
MOST = "most"
"""The parameter of R21: how many affiliations are served."""
_GONE = ("deleted", "purged")

_box = mailboxes.alias("box")
_held = addresses.alias("held")
_personal = mailboxes.c.kind == "personal"
_sends = and_(mailboxes.c.state.in_(LIVE), mailboxes.c.name.is_not(None))
_ends = addresses.c.state == "deleted"
_lives = addresses.c.state != "deleted"
# In a domain with mail of its own another system has the address now, and it may be chosen (3.7).
_elsewhere = exists().where(domains.c.domain == _held.c.domain, domains.c.state == "own_mail")
_known = exists().where(_held.c.address == mailboxes.c.sender)
_ours = exists().where(_held.c.address == mailboxes.c.sender, ~_elsewhere)
# Behind a function SQLite sees no use for the index of the states, with which it goes through all active addresses for
# each mailbox: of 5,000 people that took ten seconds, and of ten times as many a hundred times as long.
_active = func.coalesce(_held.c.state, "") == "active"
_may_send = exists().where(_held.c.address == mailboxes.c.sender, _active, _held.c.mailbox_key == mailboxes.c.key)
# A list made once, for the same reason.
_foreign = mailboxes.c.sender.in_(select(_held.c.address).where(_held.c.state == "active", _held.c.kind == "foreign"))
_beside = exists().where(
    _held.c.mailbox_key == mailboxes.c.key,
    _held.c.state != "deleted",
    mailboxes.c.sender.like(literal("%@") + _held.c.domain),
)
_served = func.json_array_length(people.c.served)
_own = exists().where(_held.c.mailbox_key == mailboxes.c.key, _held.c.state != "deleted")
_routing_name = exists().where(_held.c.mailbox_key == mailboxes.c.key, _held.c.kind == "fallback", _active)
_on = addresses.join(_box, _box.c.key == addresses.c.mailbox_key)
# What a run has still to see to, such as what an adoption has just found, is no breach yet.
_awaited = exists().where(unfinished.c.scope == literal(person_scope("")) + _box.c.person_id)
_awaits = exists().where(unfinished.c.scope == literal(person_scope("")) + mailboxes.c.person_id)


def _boxes(*conditions: Any) -> Select[Any]:
    return select(mailboxes.c.name, mailboxes.c.sender).where(*conditions)


def _on_box(*conditions: Any) -> Select[Any]:
    """Addresses with the name and the state of the mailbox on which they are."""
    named = func.coalesce(_box.c.name, _box.c.key)
    return select(addresses.c.address, named, _box.c.state).select_from(_on).where(*conditions)


def _undated(state: str, day: Any) -> Select[Any]:
    return select(mailboxes.c.name).where(mailboxes.c.state == state, day.is_(None))


FORBIDDEN: tuple[tuple[str, str, Select[Any]], ...] = (
    (
        "2.1",
        "{0} has {1} periods that are not ended; an address has one owner at a time",
        select(addresses.c.address, func.count()).where(_lives).group_by(addresses.c.address).having(func.count() > 1),
    ),
    (
        "2.1",
        "{0} is kept as {1} in {2}: whoever looks for it by its name does not find it",
        select(addresses.c.address, addresses.c.local, addresses.c.domain).where(
            addresses.c.address != addresses.c.local + "@" + addresses.c.domain
        ),
    ),
    (
        "2.1",
        "{0} is a personal address and has no owner",
        select(addresses.c.address).where(addresses.c.kind == "personal", addresses.c.person_id.is_(None)),
    ),
    (
        "2.1",
        "{0} is on a mailbox that is not known",
        select(addresses.c.address).where(
            _lives, addresses.c.mailbox_key.is_not(None), ~exists().where(_box.c.key == addresses.c.mailbox_key)
        ),
    ),
    (
        "R13",
        "{0} is on the mailbox {1}, which is another owner's",
        _on_box(
            _lives,
            or_(
                and_(_box.c.kind == "personal", addresses.c.person_id.is_distinct_from(_box.c.person_id)),
                and_(_box.c.kind != "personal", addresses.c.person_id.is_not(None)),
            ),
        ),
    ),
    (
        "R36",
        "{0} is not suspended, and its mailbox {1} is disabled",
        _on_box(addresses.c.state.in_(("active", "winddown")), _box.c.state == "disabled", ~_awaited),
    ),
    (
        "R36",
        "{0} is suspended, and its mailbox {1} is {2}",
        _on_box(addresses.c.state == "suspended", _box.c.state.in_(LIVE), ~_awaited),
    ),
    (
        "R41",
        "{0} is not deleted, and its mailbox {1} is {2}",
        _on_box(_lives, _box.c.state.in_(_GONE), ~_awaited),
    ),
    (
        "R41",
        "{0} was deleted on {1}, and is {2} in the same period",
        select(addresses.c.address, addresses.c.deleted_on, addresses.c.state).where(
            _lives, addresses.c.deleted_on.is_not(None)
        ),
    ),
    (
        "R41",
        "{0} is deleted, and the day is not known",
        select(addresses.c.address).where(_ends, addresses.c.deleted_on.is_(None)),
    ),
    (
        "R39",
        "{0} is in wind-down and has no day on which it ends",
        select(addresses.c.address).where(addresses.c.state == "winddown", addresses.c.delete_on.is_(None)),
    ),
    (
        "R4",
        "{0} is a personal address, and not of the form first.last",
        select(addresses.c.address).where(_lives, addresses.c.kind == "personal", ~addresses.c.local.like("_%._%")),
    ),
    (
        "R20",
        "{0} has {2} active addresses in {1}; one is allowed",
        select(addresses.c.person_id, addresses.c.domain, func.count())
        .where(addresses.c.state == "active", addresses.c.kind == "personal")
        .group_by(addresses.c.person_id, addresses.c.domain)
        .having(func.count() > 1),
    ),
    (
        "R21",
        "{0} has {1} affiliations that are served, which is more than the policy allows",
        # Whoever is frozen, on hold or gone is left as they were, whatever the policy says since (D26, D29).
        select(people.c.person_id, _served).where(
            _served > bindparam(MOST, type_=Integer), people.c.state.in_(("entitled", "grace"))
        ),
    ),
    ("R3", "the live mailbox {0} has no sender", _boxes(_sends, mailboxes.c.sender.is_(None))),
    (
        "R40",
        "the mailbox {0} sends as {1}, which is no active address of it",
        _boxes(_sends, or_(and_(_ours, ~_may_send), and_(~_known, _beside))),
    ),
    ("R51", "the mailbox {0} sends as {1}, an address that is for incoming mail only", _boxes(_sends, _foreign)),
    ("R34", "the mailbox {0} has no active fallback address", _boxes(_sends, _personal, ~_routing_name, ~_awaits)),
    ("R25", "the mailbox {0} has no address", _boxes(_sends, ~_personal, ~_own)),
    (
        "R13",
        "{0} has {1} mailboxes that are not purged; one is allowed",
        select(mailboxes.c.person_id, func.count())
        .where(_personal, mailboxes.c.state != "purged")
        .group_by(mailboxes.c.person_id)
        .having(func.count() > 1),
    ),
    (
        "R18",
        "the mailbox name {0} has had {1} people; a username belongs to one for ever",
        select(mailboxes.c.name, func.count(mailboxes.c.person_id.distinct()))
        .where(_personal, mailboxes.c.name.is_not(None))
        .group_by(mailboxes.c.name)
        .having(func.count(mailboxes.c.person_id.distinct()) > 1),
    ),
    (
        "R44",
        "{0} is in its month of grace, and has no day on which that ends",
        _undated("grace_cancelled", mailboxes.c.disable_on),
    ),
    (
        "R42",
        "{0} is in its month of grace, and has no day on which that ends",
        _undated("grace_status", mailboxes.c.delete_on),
    ),
    ("R36", "{0} is disabled, and the day is not known", _undated("disabled", mailboxes.c.disabled_on)),
    ("R28", "{0} is orphaned, and has no day on which it ends", _undated("orphaned", mailboxes.c.delete_on)),
    ("D08", "{0} is deleted, and the day is not known", _undated("deleted", mailboxes.c.deleted_on)),
)
"""Rule, sentence, and the rows that must not be there; the first column is the subject."""
