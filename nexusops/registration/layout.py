"""The tables of a snapshot and their columns (rules.md 3.2 to 3.13)."""

from __future__ import annotations

import hashlib
import json

from nexusops.model.frozen import frozen


@frozen
class Layout:
    """One table. ``key`` identifies a row; ``nullable`` columns may be empty, and ``optional`` ones missing altogether.

    ``lowered`` columns hold domains and addresses, and are lower-cased on reading. ``dates`` hold dates. ``instant`` is
    when the row was committed: one after the snapshot's as_of waits (R60, D34). ``person`` is the column that says
    whose row it is, ``shared`` the one that must not occur in two rows, whoever's they are.
    """

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    required: bool = False
    nullable: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    lowered: frozenset[str] = frozenset()
    dates: frozenset[str] = frozenset()
    instant: str | None = None
    person: str | None = None
    shared: str | None = None
    texts: frozenset[str] = frozenset()
    """Columns in which a number, a truth value or a time is a mistake of the exporter's: names of people."""
    caseless: bool = False
    """Two keys that differ in capitals alone are one."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


PERSONS = Layout(
    name="persons",
    columns=_words("person_id username known_as deceased"),
    key=("person_id",),
    required=True,
    nullable=_set("username known_as deceased"),
    texts=_set("known_as"),
    person="person_id",
    shared="username",
)
CARDS = Layout(
    name="cards",
    columns=_words(
        "card_id person_id status_code personal_names family_names start_date end_date"
        " status_effective_on cancelled_on cancel_reason"
    ),
    key=("card_id",),
    required=True,
    nullable=_set("personal_names family_names status_effective_on cancelled_on cancel_reason"),
    dates=_set("start_date end_date status_effective_on cancelled_on"),
    texts=_set("personal_names family_names"),
    person="person_id",
    shared="card_id",
)
UNITS = Layout(
    name="units",
    columns=_words("unit_id name kind domain own_mail source"),
    key=("unit_id",),
    required=True,
    nullable=_set("name domain own_mail source"),
    lowered=_set("domain"),
)
DOMAINS = Layout(
    name="domains",
    columns=_words("domain zone managed state winddown_start winddown_months negotiated_ref incoming_cap"),
    key=("domain",),
    required=True,
    nullable=_set("zone winddown_start winddown_months negotiated_ref incoming_cap"),
    lowered=_set("domain"),
    dates=_set("winddown_start"),
)
AFFILIATIONS = Layout(
    name="affiliations",
    columns=_words("person_id unit_id start_date end_date"),
    key=("person_id", "unit_id"),
    required=True,
    nullable=_set("start_date end_date"),
    dates=_set("start_date end_date"),
    person="person_id",
)
ROUTING = Layout(
    name="routing",
    columns=_words("address destination set_by set_at"),
    key=("address",),
    lowered=_set("address destination"),
    instant="set_at",
)
EXTERNAL_ROUTES = Layout(
    name="external_routes",
    columns=_words("address destination set_by set_at person_id"),
    key=("address",),
    nullable=_set("destination person_id"),
    lowered=_set("address destination"),
    instant="set_at",
    person="person_id",
    shared="address",
)
SENDER_CHOICES = Layout(
    name="sender_choices",
    columns=_words("person_id address chosen_at"),
    key=("person_id",),
    lowered=_set("address"),
    instant="chosen_at",
    person="person_id",
)
NAME_REQUESTS = Layout(
    name="name_requests",
    columns=_words("request_id person_id wanted_local made_at outcome decided_by reason"),
    key=("request_id",),
    nullable=_set("outcome decided_by reason"),
    lowered=_set("wanted_local"),
    instant="made_at",
    person="person_id",
    shared="request_id",
)
ALTERNATIVE_ADDRESSES = Layout(
    name="alternative_addresses",
    columns=_words("person_id address source action at"),
    key=("person_id", "source"),
    nullable=_set("address"),
    lowered=_set("address"),
    instant="at",
    person="person_id",
)
NONPERSONAL_MAILBOXES = Layout(
    name="nonpersonal_mailboxes",
    columns=_words("mailbox_id kind unit_id owner_person_id address requested_by"),
    key=("mailbox_id",),
    nullable=_set("owner_person_id address requested_by"),
    lowered=_set("address"),
    caseless=True,
)
NONPERSONAL_ADDRESSES = Layout(
    name="nonpersonal_addresses",
    columns=_words("address unit_id mailbox_id target requested_by"),
    key=("address",),
    nullable=_set("mailbox_id target requested_by"),
    optional=_set("requested_by"),
    lowered=_set("address target"),
)
REORGS = Layout(
    name="reorgs",
    columns=_words("reorg_id kind effective_on source_unit target_unit months negotiated_ref"),
    key=("reorg_id", "source_unit", "target_unit"),
    nullable=_set("negotiated_ref"),
    dates=_set("effective_on"),
)
REORG_MEMBERS = Layout(
    name="reorg_members",
    columns=_words("reorg_id person_id target_unit"),
    key=("reorg_id", "person_id"),
    person="person_id",
)
IT_STAFF = Layout(
    name="it_staff",
    columns=_words("staff_id person_id unit_id"),
    key=("staff_id", "person_id", "unit_id"),
    person="person_id",
)

LAYOUTS: dict[str, Layout] = {
    layout.name: layout
    for layout in (
        PERSONS,
        CARDS,
        UNITS,
        DOMAINS,
        AFFILIATIONS,
        ROUTING,
        EXTERNAL_ROUTES,
        SENDER_CHOICES,
        NAME_REQUESTS,
        ALTERNATIVE_ADDRESSES,
        NONPERSONAL_MAILBOXES,
        NONPERSONAL_ADDRESSES,
        REORGS,
        REORG_MEMBERS,
        IT_STAFF,
    )
}
REQUIRED = tuple(layout.name for layout in LAYOUTS.values() if layout.required)


def _read_as() -> str:
    """A table that was kept by another version of the program may stand there otherwise than this one reads it."""
    ways = [[one.name, one.columns, sorted(one.lowered), sorted(one.dates)] for one in LAYOUTS.values()]
    return hashlib.sha256(json.dumps(ways).encode()).hexdigest()


READ_AS = _read_as()
"""The way in which this version reads tables."""
