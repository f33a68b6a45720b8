"""One plan out of promises, tenant changes and notices: the order, the ids, and what must be done before what."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from nexusops.model.changes import (
    AddAddress,
    Change,
    CreateMailbox,
    DeleteMailbox,
    GrantAccess,
    Kind,
    RemoveAddress,
    RestoreMailbox,
    ReviveAddress,
    RevokeAccess,
    SendNotice,
    SetSender,
    WindDownAddress,
    kind_of,
    target_of,
)
from nexusops.model.findings import Finding, Severity, box_scope, person_scope
from nexusops.model.ids import Address, MailboxKey
from nexusops.model.notices import OF_WIND_DOWNS
from nexusops.model.plan import Planned

_ORDER = (
    Kind.RESTORE_MAILBOX,
    Kind.ENABLE_MAILBOX,
    Kind.REVIVE_ADDRESS,
    Kind.CREATE_MAILBOX,
    Kind.ADD_ADDRESS,
    Kind.SET_SENDER,
    Kind.WIND_DOWN_ADDRESS,
    Kind.GRANT_ACCESS,
    Kind.PUBLISH_RECORDS,
    Kind.REMOVE_ADDRESS,
    Kind.REVOKE_ACCESS,
    Kind.RETIRE_RECORDS,
    Kind.SET_FORWARD,
    Kind.CLEAR_FORWARD,
    Kind.DISABLE_MAILBOX,
    Kind.DELETE_MAILBOX,
    Kind.SEND_NOTICE,
)
"""rules.md 0: returns, creations, wind-downs with their sender changes, ends, notices. Make before break within each.
"""

ALL = frozenset(_ORDER)
_PLACE = {kind: place for place, kind in enumerate(_ORDER)}


def arrange(wanted: Iterable[Change], jobs: Mapping[Kind, str]) -> tuple[Planned, ...]:
    """Puts the changes in order, and numbers them. ``jobs``: which job carries a kind."""
    changes = list(wanted)
    moved = _moved(changes)
    late = _late(changes, moved) if moved else ()
    # One key after the other, the last one first: a key of all three would be a tuple for each change there is.
    changes.sort(key=lambda change: change.why.subject)
    changes.sort(key=target_of)
    changes.sort(key=lambda change: _place(change, moved, late))
    carriers = {kind: jobs.get(kind, "") for kind in Kind}
    ids = [f"c{number}" for number in range(1, len(changes) + 1)]
    links = _Links(moved)
    for change_id, change in zip(ids, changes, strict=True):
        links.note(change_id, change)
    return tuple(
        Planned(id=change_id, job=carriers[kind_of(change)], change=change, after=links.before(change))
        for change_id, change in zip(ids, changes, strict=True)
    )


def _moved(changes: Iterable[Change]) -> frozenset[Address]:
    """Addresses that leave one mailbox for another in one plan, or for one that is made with it."""
    freed = {c.address for c in changes if isinstance(c, RemoveAddress)}
    takers = (c.address for c in changes if isinstance(c, AddAddress | CreateMailbox))
    return frozenset(address for address in takers if address is not None and address in freed)


def _late(changes: Iterable[Change], moved: Collection[Address]) -> frozenset[MailboxKey]:
    """Mailboxes that are made with an address that another has to lose first."""
    return frozenset(c.mailbox.key for c in changes if isinstance(c, CreateMailbox) and c.address in moved)


def _place(change: Change, moved: Collection[Address], late: Collection[MailboxKey]) -> float:
    """No two mailboxes have an address at once: there alone it is break before make."""
    if moved and isinstance(change, AddAddress | CreateMailbox) and change.address in moved:
        return _PLACE[Kind.REMOVE_ADDRESS] + (0.5 if isinstance(change, AddAddress) else 0.25)
    if late and isinstance(change, AddAddress | GrantAccess) and change.mailbox.key in late:
        return _PLACE[Kind.REMOVE_ADDRESS] + 0.5
    return _PLACE[kind_of(change)]


_ONCE_MADE = frozenset({Kind.ENABLE_MAILBOX, Kind.ADD_ADDRESS, Kind.SET_FORWARD, Kind.CLEAR_FORWARD, Kind.GRANT_ACCESS})


@dataclass(slots=True)
class _Links:
    """The changes that others must wait for, by id: of a mailbox by its key, of an address by itself, since no two
    mailboxes get or lose one address in a plan. ``moved``: those that leave one for another.
    """

    moved: Collection[Address]
    made: dict[MailboxKey, tuple[str, ...]] = field(default_factory=dict)
    revoked: dict[MailboxKey, tuple[str, ...]] = field(default_factory=dict)
    added: dict[Address, str] = field(default_factory=dict)
    removed: dict[Address, str] = field(default_factory=dict)
    left: dict[Address, str] = field(default_factory=dict)
    """Addresses that are no sender any more."""
    promised: dict[Address, str] = field(default_factory=dict)
    """Addresses whose wind-down begins or ends: nobody is told of it before it is so (R47, D23)."""

    def note(self, change_id: str, change: Change) -> None:
        if isinstance(change, CreateMailbox) or isinstance(change, RestoreMailbox):  # noqa: SIM101 - a union is slow here
            self.made[change.mailbox.key] = (*self.made.get(change.mailbox.key, ()), change_id)
        elif isinstance(change, AddAddress):
            self.added[change.address] = change_id
        elif isinstance(change, RemoveAddress):
            self.removed[change.address] = change_id
        elif isinstance(change, WindDownAddress | ReviveAddress):
            self.promised[change.address] = change_id
        elif isinstance(change, RevokeAccess):
            self.revoked[change.mailbox.key] = (*self.revoked.get(change.mailbox.key, ()), change_id)
        elif isinstance(change, SetSender) and change.was is not None:
            self.left[change.was] = change_id

    def before(self, change: Change) -> tuple[str, ...]:
        """Which changes must be done first: make before break, and break before make for an address that moves."""
        if isinstance(change, AddAddress) and change.address in self.moved:
            return (*self._made(change), self.removed[change.address])
        if isinstance(change, CreateMailbox) and change.address is not None and change.address in self.moved:
            return (self.removed[change.address],)
        if kind_of(change) in _ONCE_MADE:
            return self._made(change)
        if isinstance(change, DeleteMailbox):
            return self.revoked.get(change.mailbox.key, ())
        if isinstance(change, SetSender):
            first = (self.added.get(change.becomes), self.promised.get(change.becomes)) if change.becomes else ()
            return (*self._made(change), *(other for other in first if other is not None))
        if self.promised and isinstance(change, SendNotice) and change.notice in OF_WIND_DOWNS:
            return tuple(self.promised[address] for address in change.addresses if address in self.promised)
        if isinstance(change, WindDownAddress | RemoveAddress) and change.address in self.left:
            return (self.left[change.address],)
        return ()

    def _made(self, change: Change) -> tuple[str, ...]:
        on = getattr(change, "mailbox", None)
        return self.made.get(on.key, ()) if on is not None else ()


def scope_of(change: Change) -> str:
    """The scope that stays unfinished until this change is done: ``person:ID`` or ``box:NAME``."""
    if isinstance(change, SendNotice):
        return person_scope(change.person_id) if change.person_id else box_scope(change.target)
    on = getattr(change, "mailbox", None)
    if on is None:
        return box_scope(change.why.subject)
    return on.key.rpartition(":")[0] if on.key.startswith("person:") else box_scope(on.name)


def select(planned: Sequence[Planned], kinds: frozenset[Kind]) -> tuple[tuple[Planned, ...], tuple[Finding, ...]]:
    """What a job may carry out: its kinds, without those whose partner or ``after`` is left out (``WAITS_FOR``)."""
    if kinds >= ALL:
        return tuple(planned), ()
    chosen = {p.id for p in planned if kind_of(p.change) in kinds}
    findings: list[Finding] = []
    for waiting, missing in _with_what_waits(planned, chosen):
        message = f"{kind_of(waiting.change)} of {target_of(waiting.change)} waits for {missing} of another job"
        findings.append(
            Finding(
                code="WAITS_FOR",
                subject=waiting.change.why.subject,
                message=message,
                severity=Severity.INFO,
                scope=scope_of(waiting.change),
            )
        )
    return tuple(p for p in planned if p.id in chosen), tuple(findings)


def without(planned: Sequence[Planned], left_out: Collection[str]) -> tuple[Planned, ...]:
    """The changes without these ids, and without what would have to come after them."""
    chosen = {p.id for p in planned} - set(left_out)
    for _ in _with_what_waits(planned, chosen):
        pass
    return tuple(p for p in planned if p.id in chosen)


def _with_what_waits(planned: Sequence[Planned], chosen: set[str]) -> Iterator[tuple[Planned, str]]:
    """Takes out of ``chosen`` whatever waits for a change that is not in it, and tells each with what it waits for."""
    while waits := [p for p in planned if p.id in chosen and not set(p.after) <= chosen]:
        for waiting in waits:
            chosen.discard(waiting.id)
            yield waiting, ", ".join(sorted(set(waiting.after) - chosen))
