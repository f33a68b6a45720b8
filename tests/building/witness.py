"""Somebody who watches a town from hour to hour, and knows the promises of rules.md but not how they are kept.

What they see: the rows that registration gave, the routing table, the letters, the tenant, and the exported ledger.
"""

from __future__ import annotations

import email
import email.policy
import email.utils
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from building.snapshot_folder import SnapshotFolder
from building.state_rows import exported
from nexusops.model.dates import add_months, local_date
from nexusops.model.ledger import HoldKind
from nexusops.model.tenant import ActualMailbox, Wanted
from nexusops.pipeline.audit.promises import PROMISES, audit_promise
from nexusops.pipeline.drift import drift
from nexusops.pipeline.inputs import Ports

GONE = ("deleted", "purged")
AUDITED = tuple(promise for promise in PROMISES if promise != "overrides")
Found = Iterator[tuple[str, Any]]


@dataclass
class Witness:
    """``here``: the last day on which somebody was seen with a current card. ``had``: who had an address last."""

    notices: Path
    here: dict[str, date] = field(default_factory=dict)
    died: set[str] = field(default_factory=set)
    had: dict[str, str | None] = field(default_factory=dict)
    routed: dict[str, str] = field(default_factory=dict)
    letters: dict[str, tuple[date, str]] = field(default_factory=dict)
    broken_before: set[str] = field(default_factory=set)

    def broken(self, ports: Ports, data: SnapshotFolder, at: datetime, *, altered: bool) -> dict[str, Any]:
        """Promise -> what is seen instead, each once. ``altered``: by hand in the tenant, too."""
        today = local_date(at, "Europe/London")
        self._looks_at_people(data, today)
        self._reads_letters()
        state = exported(ports.store)
        addresses = {row["address"]: row for row in state["addresses"]}  # the last period is the last
        boxes = {row["name"]: row for row in state["mailboxes"] if row["name"]}
        found = [
            *_audited(ports),
            *self._given_too_soon(addresses, today),
            *self._lost(ports, data, addresses, boxes, today),
            *(() if altered else _in_the_tenant(ports, at, addresses, boxes)),
        ]
        self.had = {name: row["person_id"] for name, row in addresses.items()}
        fresh = {place: what for place, what in found if place not in self.broken_before}
        self.broken_before = {place for place, _ in found}
        return fresh

    def _looks_at_people(self, data: SnapshotFolder, today: date) -> None:
        for row in data.tables["persons"]:
            if row["deceased"] is True:
                self.died.add(str(row["person_id"]))
        for card in data.tables["cards"]:
            start, end = (date.fromisoformat(str(card[name])) for name in ("start_date", "end_date"))
            cancelled = card["cancelled_on"] and date.fromisoformat(str(card["cancelled_on"]))
            last = min(end, cancelled - timedelta(days=1), today) if cancelled else min(end, today)
            if start <= last:
                person = str(card["person_id"])
                self.here[person] = max(last, self.here.get(person, last))

    def _reads_letters(self) -> None:
        for path in self.notices.glob("*.eml"):
            if path.name not in self.letters:
                letter = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
                body = letter.get_body(("plain",))
                sent = email.utils.parsedate_to_datetime(str(letter["Date"]))
                text = str(body.get_content()) if body is not None else ""
                self.letters[path.name] = (local_date(sent, "Europe/London"), text)

    def _given_too_soon(self, addresses: Mapping[str, Any], today: date) -> Found:
        """R19, D09, D10, D43: to another only more than six months after its owner had a card, and not of the dead."""
        for name, row in addresses.items():
            former = self.had.get(name)
            if former is None or former == row["person_id"]:
                continue
            last = self.here.get(former)
            if former in self.died:
                yield f"{name} was {former}'s, who died", row
            elif last is not None and today <= add_months(last + timedelta(days=1), 6):
                yield f"{name} was {former}'s, who had a card on {last}", row

    def _lost(
        self, ports: Ports, data: SnapshotFolder, addresses: Mapping[str, Any], boxes: Mapping[str, Any], today: date
    ) -> Found:
        """R36, R39-R42, R46: mail to a personal address ends with its mailbox, or two months after a letter."""
        table = ports.store.routing_table()
        routed = {entry.address: entry.destination for entry in table.entries} if table is not None else {}
        managed = {str(row["domain"]) for row in data.tables["domains"] if row.get("managed") is True}
        for name, row in addresses.items():
            works = row["state"] in ("active", "winddown") and name.partition("@")[2] in managed
            if works and name not in routed and (row["mailbox"] or row["kind"] == "personal"):
                yield f"{name} is {row['state']}, and is not routed", row
        for name in self.routed.keys() - routed.keys():
            one = addresses[name]
            box = boxes.get(one["mailbox"] or "")
            ended = box is None or box["state"] in (*GONE, "disabled")
            if one["kind"] != "personal" or ended or name.partition("@")[2] not in managed:
                continue
            if one["person_id"] in self.died or one["reason"] == "asked" or self._asked(ports, name):
                continue
            days = [day for day, text in self.letters.values() if name in text and day <= today]
            if not any(add_months(day, 2) <= today for day in days):
                yield f"{name} is not routed any more; letters: {sorted(days)}", one
        self.routed = routed

    def _asked(self, ports: Ports, name: str) -> bool:
        """D43, or an undo."""
        entries = list(ports.store.journal([f"address:{name}"]))
        return any(row.entry.rule in ("D43", "UNDO", "undo") or "undo" in row.entry.actor for row in entries[-4:])


def _audited(ports: Ports) -> Found:
    held = {hold.subject for hold in ports.store.ledger(None, None).holds.values() if hold.kind is HoldKind.UNDONE}
    for promise in AUDITED:
        for proof in audit_promise(ports, promise).broken:
            if promise == "entitlement" and proof.subject in held:
                continue  # somebody wants it so, and is told of it
            yield f"audit {promise}: {proof.subject}", proof.message
    for place in ports.store.verify():
        yield f"journal {place}", "its hash does not fit"


def _in_the_tenant(ports: Ports, at: datetime, addresses: Mapping[str, Any], boxes: Mapping[str, Any]) -> Found:
    """R3, R13, 3.16: what the tenant holds is what the ledger says."""
    for one in drift(ports, at=at).differences:
        yield f"drift {one.code} {one.subject}", one.message
    actual = ports.tenant().read(Wanted(everything=True))
    there = {box.name: box for box in (*actual.people.values(), *actual.boxes.values()) if not box.deleted}
    for name, box in boxes.items():
        if box["state"] in GONE or box["state"] == "pending":
            continue
        seen: ActualMailbox | None = there.get(name)
        live = {row["address"] for row in addresses.values() if row["mailbox"] == name and row["state"] != "deleted"}
        if seen is None:
            yield f"{name} is {box['state']}, and not in the tenant", None
        elif _ours(seen) != live or seen.enabled is not (box["state"] != "disabled" and not seen.shared):
            yield f"{name} in the tenant", (sorted(_ours(seen)), sorted(live), seen.enabled, box["state"])
        elif box["state"] != "disabled" and seen.primary != box["sender"] and box["sender"] in addresses:
            yield f"{name} sends in the tenant", (seen.primary, box["sender"])
    for name in there.keys() - boxes.keys() - {"postmaster"}:
        yield f"{name} is in the tenant alone", there[name]


def _ours(seen: ActualMailbox) -> set[str]:
    """Without the names that the tenant gives by itself."""
    own = {f"{seen.name}@nexus.ox.ac.uk"} if seen.shared else set()
    return {str(address) for address in seen.addresses if not address.endswith(".onmicrosoft.com")} - own
