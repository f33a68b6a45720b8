"""A tenant that was in use before nexusops came: mailboxes made by others, by way of Graph and Exchange themselves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from emulator.asking import Asking

from building.snapshot_folder import SnapshotFolder
from building.typed import Said, typed
from nexusops.config.starter import write_starter
from nexusops.emulator.tenant import EmbeddedTenant

AT = "2025-10-01T08:00:00Z"
AS_OF = "2025-10-01T07:50:00Z"


class OldTenant:
    """A site whose embedded tenant has a past, and whose state has none."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capture = folder, capture
        write_starter(folder / "config")
        self.data = SnapshotFolder()
        for unit, kind, domain in (("BALL", "college", "balliol.ox.ac.uk"), ("CHEM", "department", "chem.ox.ac.uk")):
            self.data.unit(unit, kind, domain).domain(domain)

    @contextmanager
    def asking(self) -> Iterator[Asking]:
        """Somebody else at work in the tenant, with another tool."""
        path = self.folder / "config" / "state" / "tenant.db"
        path.parent.mkdir(exist_ok=True)
        tenant = EmbeddedTenant.open(path)
        asking = Asking(tenant)
        try:
            yield asking
        finally:
            asking.close()
            tenant.close()

    def mailbox(self, person_id: str | None, username: str, *addresses: str, **settings: Any) -> None:
        """A user with a mailbox; the first address is its sender. ``settings`` go to Set-Mailbox."""
        with self.asking() as asking:
            user = asking.licensed(username, **({"employeeId": person_id} if person_id else {}))
            fallback = f"{username}@nexus.ox.ac.uk"
            listed = [f"SMTP:{addresses[0]}", *(f"smtp:{address}" for address in addresses[1:])] if addresses else []
            if listed:
                asking.rows("Set-Mailbox", Identity=user, EmailAddresses=[*listed, f"smtp:{fallback}"])
            if settings:
                asking.rows("Set-Mailbox", Identity=user, **settings)

    def shared(self, name: str, address: str, *more: str) -> None:
        with self.asking() as asking:
            asking.rows("New-Mailbox", Shared=True, Name=name, Alias=name, PrimarySmtpAddress=address)
            for other in more:
                added = {"@odata.type": "#Exchange.GenericHashTable", "Add": [f"smtp:{other}"]}
                asking.rows("Set-Mailbox", Identity=name, EmailAddresses=added)

    def set_mailbox(self, identity: str, **parameters: Any) -> None:
        with self.asking() as asking:
            asking.rows("Set-Mailbox", Identity=identity, **parameters)

    def student(self, person_id: str, username: str, name: str, *units: str, **card: Any) -> None:
        """Somebody with a UG card until 2028, affiliated to these units for a year already."""
        personal, _, family = name.rpartition(" ")
        self.data.person(person_id, username)
        self.data.card(person_id, "UG", personal, family, "2024-10-01", "2028-09-30", **card)
        for unit in units or ("BALL",):
            self.data.affiliation(person_id, unit, "2024-10-01")

    def type(self, *words: str | Path) -> Said:
        return typed(self.capture, self.folder / "config", *words)

    def at(self, command: str, *words: str | Path, at: str = AT) -> Said:
        return self.type(command, *words, "--at", at)

    def with_snapshot(self, command: str, *words: str | Path) -> Said:
        path = self.folder / "snapshot"
        if not path.exists():
            self.data.write(path, AS_OF)
        return self.at(command, *words, "--snapshot", path)

    def adopt(self, *words: str) -> Any:
        said = self.with_snapshot("adopt", "--format", "json", *words)
        assert said.code == 0, said.err
        return said.document

    def changes(self, document: Any) -> list[tuple[str, str]]:
        return [(change["kind"], change["target"]) for change in document["changes"]]

    def plan(self) -> list[tuple[str, str]]:
        said = self.with_snapshot("plan", "--format", "json")
        assert said.code in (0, 4), said.err
        return self.changes(said.document)

    def state(self) -> Any:
        return self.type("state", "export", "--format", "json").document

    def asked(self) -> list[dict[str, Any]]:
        with self.asking() as asking:
            return asking.tenant.requests()
