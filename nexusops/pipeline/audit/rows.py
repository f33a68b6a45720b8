"""What the journal says of a subject, row by row (interface.md 8)."""

from __future__ import annotations

from collections.abc import Sequence

from nexusops.model.ids import Address, PersonId
from nexusops.model.journal import Approval, JournalRow, Phase, RunRecord
from nexusops.pipeline.explain.history import decisions, mailbox_names, noted, own_rows, words
from nexusops.pipeline.explain.standing import somebody
from nexusops.pipeline.inputs import Ports
from nexusops.pipeline.nearby import as_known, person_named


def rows_about(ports: Ports, subject: str) -> list[JournalRow]:
    """The journal's rows about a username, a person_id, an address, a mailbox name, a domain, or a plan's digest."""
    rows = ports.store.journal(_objects(ports, subject.strip()))
    person_id = person_named(ports.store, subject.strip())
    # An address of theirs may be somebody else's by now, whose rows these are then (R19).
    return list(rows if "@" in subject or not ports.store.owners({person_id}) else own_rows(rows, person_id))


def told_of(ports: Ports, rows: Sequence[JournalRow]) -> list[str]:
    """The rows in words, one each; of an address that is given, to whom: an auditor sees who had it before."""
    things = (row.entry.object.partition(":") for row in rows)
    people = ports.store.owners({PersonId(key) for kind, _, key in things if kind == "person"})
    names = mailbox_names(ports, rows) | {one.person_id: one.username for one in people if one.username}
    found = []
    for row in rows:
        what, owner = words(row.entry, names) or noted(row.entry, names), _given_to(row)
        found.append(f"{what} to {somebody(ports, owner)}" if owner is not None else what)
    return found


def approvals_of(ports: Ports, run: RunRecord) -> list[Approval]:
    """Who had approved the plan that a run carried out past a guard, and why (D28)."""
    if run.digest is None or run.result == "stopped":
        return []
    return [one for one in ports.store.all_approvals() if one.used and one.digest == run.digest]


def _given_to(row: JournalRow) -> PersonId | None:
    """Whose an address becomes in this row."""
    entry = row.entry
    if entry.phase is not Phase.PROMISE or not entry.object.startswith("address:") or entry.before is not None:
        return None
    owner = entry.after.get("person_id") if isinstance(entry.after, dict) else None
    return PersonId(str(owner)) if owner is not None else None


def _objects(ports: Ports, subject: str) -> list[str]:
    if subject.startswith("sha256:"):
        return [f"approval:{subject}"]
    if "@" in subject:
        address = Address(subject.lower())
        return [f"address:{address}", *decisions([address])]
    person_id, subject = person_named(ports.store, subject), as_known(ports.store, subject)
    ledger = ports.store.ledger({person_id}, {subject})
    found = [f"mailbox:{key}" for key in ledger.mailboxes]
    found += [f"address:{row.address}" for row in ledger.allocations.values()]
    found += [f"notice:{key}" for key in ledger.notices]
    for name, row in ledger.services.items():
        found += [f"services:{name}", *([f"domain:{row.domain}"] if row.domain else [])]
    # Those that were taken back, too: the ledger no longer has them.
    found += decisions([person_id, subject, *(row.address for row in ledger.allocations.values())])
    return sorted({f"person:{person_id}", f"domain:{subject.lower()}", *found})
