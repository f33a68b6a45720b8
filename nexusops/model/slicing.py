"""Which rows make a slice of the ledger, wherever they are kept: in a database, or in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any, Protocol, TypeVar

from nexusops.model.addresses import Allocation
from nexusops.model.ids import PersonId
from nexusops.model.ledger import Alternative, DomainRow, Hold, Ledger, NameDecision, NameOverride, PersonState
from nexusops.model.mailboxes import Mailbox, MailboxKind
from nexusops.model.notices import Notice
from nexusops.model.rows import key_of
from nexusops.model.services import Service

Row = TypeVar("Row")


class Find(Protocol):
    """Rows of a kind whose column is one of these values (None: all of them)."""

    def __call__(self, kind: type[Row], column: str, values: Collection[Any] | None) -> Iterator[Row]: ...


def slice_of(find: Find, serial: int, persons: Collection[PersonId], names: Collection[str]) -> Ledger:
    """The slice of these people and boxes; a box is named by its mailbox_id, an unattached address by itself."""
    mine = {box.key: box for box in find(Mailbox, "person_id", persons)}
    named = [box for box in find(Mailbox, "name", names) if box.kind is not MailboxKind.PERSONAL]
    mine |= {box.key: box for box in named}
    keys = [box.key for box in named]
    owned = [
        *find(Allocation, "person_id", persons),
        *find(Allocation, "mailbox_key", keys),
        *(row for row in find(Allocation, "address", names) if row.mailbox_key is None),
    ]
    told = [
        *find(Notice, "person_id", persons),
        *find(Notice, "mailbox_key", keys),
        *find(Notice, "unit_id", {box.unit_id for box in named if box.unit_id is not None}),
    ]
    subjects = {*persons, *names, *(row.address for row in owned)}
    return Ledger(
        serial=serial,
        people=keyed(find(PersonState, "person_id", persons)),
        mailboxes=mine,
        allocations=keyed(owned),
        overrides=keyed(find(NameOverride, "person_id", persons)),
        decisions=keyed(find(NameDecision, "person_id", persons)),
        alternatives=keyed(find(Alternative, "person_id", persons)),
        notices=keyed(told),
        holds=keyed(find(Hold, "subject", subjects)),
        domains=keyed(find(DomainRow, "domain", None)),
        services=keyed(find(Service, "request_id", names)),
    )


def keyed(rows: Iterable[Any]) -> dict[Any, Any]:
    """The rows by their keys, as the mappings of a Ledger have them."""
    return {key_of(row): row for row in rows}
