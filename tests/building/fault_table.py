"""``make faults``: docs/faults.md anew, the table operation x scripted fault x outcome on the embedded tenant.

Each cell is made by carrying the operation out under the fault, once and for as long as it is tried; then the fault is
taken away, and the next attempt must finish what was left.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from building.embedded import ADA_ID, DOMAIN, SETTINGS, WHY, Room, box, creation, person
from nexusops.emulator.tenant import EmbeddedTenant
from nexusops.errors import TenantUnreadable
from nexusops.model.changes import (
    AddAddress,
    Change,
    ClearForward,
    DeleteMailbox,
    DisableMailbox,
    EnableMailbox,
    GrantAccess,
    PublishRecords,
    RemoveAddress,
    RestoreMailbox,
    RevokeAccess,
    SetForward,
    SetSender,
    Why,
)
from nexusops.model.dns import SigningStep
from nexusops.model.tenant import Wanted
from nexusops.tenant.faults import TenantFault

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
ADA, BOX = person(), box()
OWN, NEW = f"abcd0001@{DOMAIN}", "ada.byron@ox.ac.uk"
SAAS = Why(subject="saas-worktribe", rule="R61", because="a test")
LASTING = 500
FAULTS: Mapping[str, dict[str, Any]] = {
    "429": {"kind": "status", "status": 429, "retry_after": 2},
    "500": {"kind": "status", "status": 500},
    "503": {"kind": "status", "status": 503},
    "504": {"kind": "status", "status": 504},
    "dropped before": {"kind": "drop_before"},
    "dropped after": {"kind": "drop_after"},
    "truncated": {"kind": "truncate"},
    "wrong type": {"kind": "wrong_type"},
    "NUL body": {"kind": "nul"},
    "HTML": {"kind": "html"},
    "lag": {"kind": "lag", "reads": 2},
    "expired token": {"kind": "expired_token"},
}
MAIL = {
    "subject": "Your address",
    "body": {"contentType": "text", "content": "…"},
    "toRecipients": [{"emailAddress": {"address": OWN}}],
}


@dataclass(frozen=True, slots=True)
class Operation:
    """What is carried out, the request of it that meets the fault, and the tenant as it was before."""

    name: str
    match: dict[str, str]
    before: str
    act: Callable[[Room], str]


def step(change: Change, name: str) -> Callable[[Room], str]:
    def act(room: Room) -> str:
        (outcome,) = room.perform(change, name)
        kept = {"done": "done", "waiting": "waiting"}.get(outcome.result.value, "set aside")
        return kept if kept != "set aside" else f"set aside: {outcome.message}"

    return act


def reading(wanted: Wanted) -> Callable[[Room], str]:
    """Whole, or nothing: a part of what there is would look like people who are gone."""

    def act(room: Room) -> str:
        try:
            found = room.tenant.read(wanted)
        except TenantUnreadable as error:
            return f"stopped: {error.message.removeprefix('The tenant could not be read: ')}"
        whole = ADA_ID in found.people and (BOX.name in found.boxes or not (wanted.boxes or wanted.everything))
        return "done" if whole and found.licences_left else "A PART"

    return act


def mailing(room: Room) -> str:
    try:
        room.tenant.send_mail(OWN, MAIL)
    except TenantFault as fault:
        return f"set aside: {fault.message}"
    return "done"


SOME = Wanted(people={ADA_ID: None}, boxes={BOX.name: None})
ADDED = AddAddress(mailbox=ADA, why=WHY, address=NEW)
DISABLED, ENABLED = DisableMailbox(mailbox=ADA, why=WHY), EnableMailbox(mailbox=ADA, why=WHY)
ANSWERING = replace(DISABLED, reply="Nobody reads this mailbox.")
GRANTED = GrantAccess(mailbox=BOX, why=SAAS, connection="exo")
REVOKED = RevokeAccess(mailbox=BOX, why=SAAS, connection="exo")
SIGNING = PublishRecords(
    why=SAAS, domain="ox.ac.uk", records=(), publish_as="zone_lines", signing=SigningStep.CONFIGURE
)
FORWARDED = SetForward(mailbox=ADA, why=WHY, was=None, becomes="ada@example.org")
OPERATIONS = (
    Operation("read everybody: users", {"path": "/v1.0/users"}, "kept", reading(Wanted(everything=True))),
    Operation("read everybody: deleted users", {"path": "deletedItems"}, "kept", reading(Wanted(everything=True))),
    Operation("read everybody: mailboxes", {"cmdlet": "Get-Mailbox"}, "kept", reading(Wanted(everything=True))),
    Operation("read everybody: licences", {"path": "subscribedSkus"}, "kept", reading(Wanted(everything=True))),
    Operation("read some: users", {"path": "/v1.0/users"}, "kept", reading(SOME)),
    Operation("read some: mailboxes", {"path": "/adminapi/"}, "kept", reading(SOME)),
    Operation("CreateMailbox: user", {"method": "POST", "path": "/v1.0/users"}, "empty", step(creation(ADA), "user")),
    Operation("CreateMailbox: licence", {"path": "assignLicense"}, "user", step(creation(ADA), "licence")),
    Operation("CreateMailbox: mailbox", {"cmdlet": "Get-Mailbox"}, "licensed", step(creation(ADA), "mailbox")),
    Operation("CreateMailbox, shared: mailbox", {"cmdlet": "New-Mailbox"}, "empty", step(creation(BOX), "mailbox")),
    Operation("CreateMailbox, shared: settings", {"cmdlet": "Set-Mailbox"}, "box", step(creation(BOX), "settings")),
    Operation("AddAddress", {"cmdlet": "Set-Mailbox"}, "kept", step(replace(ADDED, address="a.b@ox.ac.uk"), "add")),
    Operation(
        "SetSender",
        {"cmdlet": "Set-Mailbox"},
        "kept",
        step(SetSender(mailbox=ADA, why=WHY, was=OWN, becomes=NEW), "primary"),
    ),
    Operation(
        "RemoveAddress",
        {"cmdlet": "Set-Mailbox"},
        "kept",
        step(RemoveAddress(mailbox=ADA, why=WHY, address=NEW), "remove"),
    ),
    Operation("SetForward", {"cmdlet": "Set-Mailbox"}, "kept", step(FORWARDED, "forward")),
    Operation(
        "ClearForward",
        {"cmdlet": "Set-Mailbox"},
        "forwarded",
        step(ClearForward(mailbox=ADA, why=WHY, was="ada@example.org"), "forward"),
    ),
    Operation("DisableMailbox: sign-in", {"method": "PATCH"}, "kept", step(DISABLED, "block")),
    Operation("DisableMailbox: sessions", {"path": "revokeSignInSessions"}, "kept", step(DISABLED, "revoke")),
    Operation("DisableMailbox: protocols", {"cmdlet": "Set-CASMailbox"}, "kept", step(DISABLED, "protocols")),
    Operation("DisableMailbox: hide", {"cmdlet": "Set-Mailbox"}, "kept", step(DISABLED, "hide")),
    Operation(
        "DisableMailbox: reply", {"cmdlet": "Set-MailboxAutoReplyConfiguration"}, "kept", step(ANSWERING, "reply")
    ),
    Operation("EnableMailbox: protocols", {"cmdlet": "Set-CASMailbox"}, "disabled", step(ENABLED, "protocols")),
    Operation("EnableMailbox: unhide", {"cmdlet": "Set-Mailbox"}, "disabled", step(ENABLED, "unhide")),
    Operation("EnableMailbox: sign-in", {"method": "PATCH"}, "disabled", step(ENABLED, "unblock")),
    Operation(
        "DeleteMailbox",
        {"method": "DELETE"},
        "kept",
        step(DeleteMailbox(mailbox=ADA, why=WHY, addresses=(OWN, NEW)), "delete"),
    ),
    Operation("RestoreMailbox", {"path": "/restore"}, "deleted", step(RestoreMailbox(mailbox=ADA, why=WHY), "restore")),
    Operation(
        "GrantAccess: registration", {"method": "POST", "path": "/applications"}, "kept", step(GRANTED, "application")
    ),
    Operation("GrantAccess: principal", {"path": "/servicePrincipals"}, "kept", step(GRANTED, "application")),
    Operation("GrantAccess: pointer", {"cmdlet": "New-ServicePrincipal"}, "kept", step(GRANTED, "application")),
    Operation("GrantAccess: scope", {"cmdlet": "New-ManagementScope"}, "registered", step(GRANTED, "scope")),
    Operation("GrantAccess: role", {"cmdlet": "New-ManagementRoleAssignment"}, "registered", step(GRANTED, "scope")),
    Operation("GrantAccess: secret", {"path": "addPassword"}, "limited", step(GRANTED, "credential")),
    Operation("RevokeAccess: role", {"cmdlet": "Remove-ManagementRoleAssignment"}, "limited", step(REVOKED, "scope")),
    Operation("RevokeAccess: scope", {"cmdlet": "Remove-ManagementScope"}, "limited", step(REVOKED, "scope")),
    Operation(
        "RevokeAccess: registration",
        {"method": "DELETE", "path": "/applications"},
        "limited",
        step(REVOKED, "application"),
    ),
    Operation(
        "PublishRecords: signing made",
        {"cmdlet": "New-DkimSigningConfig"},
        "kept",
        step(SIGNING, SigningStep.CONFIGURE.value),
    ),
    Operation(
        "PublishRecords: signing on",
        {"cmdlet": "Set-DkimSigningConfig"},
        "signing",
        step(SIGNING, SigningStep.ENABLE.value),
    ),
    Operation("SendNotice (sendMail)", {"path": "sendMail"}, "kept", mailing),
)


def tenants(folder: Path) -> dict[str, Path]:
    """A file for each state that an operation starts from."""
    made: dict[str, Path] = {}

    def keep(name: str, start: str | None, *acts: tuple[Change, tuple[str, ...]]) -> None:
        made[name] = folder / f"{name}.db"
        if start is not None:
            shutil.copy(made[start], made[name])
        room = Room(made[name])
        for change, names in acts:
            outcomes = room.perform(change, *names)
            assert {outcome.result.value for outcome in outcomes} == {"done"}, (name, outcomes)
        room.tenant.close()

    keep("empty", None)
    keep("user", "empty", (creation(ADA), ("user",)))
    keep("licensed", "user", (creation(ADA), ("licence",)))
    keep("box", "empty", (creation(BOX), ("mailbox",)))
    keep("kept", "licensed", (creation(ADA), ()), (ADDED, ()), (creation(BOX), ()))
    keep("signing", "kept", (SIGNING, (SigningStep.CONFIGURE.value,)))
    published = EmbeddedTenant.open(made["signing"])
    published.publish_records("ox.ac.uk")
    published.close()
    keep("forwarded", "kept", (FORWARDED, ()))
    keep("disabled", "kept", (DISABLED, ()))
    keep("deleted", "kept", (DeleteMailbox(mailbox=ADA, why=WHY, addresses=(OWN, NEW)), ()))
    keep("registered", "kept", (GRANTED, ("application",)))
    keep("limited", "registered", (GRANTED, ("scope",)))
    return made


def cell(operation: Operation, fault: dict[str, Any], start: Path, folder: Path, times: int) -> str:
    """What becomes of it; "" where the fault does not apply. Afterwards the next run must have nothing left to mend."""
    path = folder / "cell.db"
    shutil.copy(start, path)
    settings = replace(SETTINGS, handover=str(folder / "handover"))
    room = Room(path, settings=settings)
    try:
        room.faults({"match": operation.match, "times": times, **fault})
        outcome = operation.act(room)
        met = any(kept["left"] < times for kept in room.service._book.setting("faults"))
        room.faults()
    finally:
        room.tenant.close()
    if not met:
        return ""
    again = Room(path, settings=settings)
    try:
        mended = operation.act(again) if outcome != "done" else "done"
    finally:
        again.tenant.close()
    return outcome if mended in ("done", "waiting") else f"NOT MENDED: {outcome}, then {mended}"


def cells(wanted: Iterable[tuple[Operation, str]], folder: Path) -> dict[tuple[str, str], tuple[str, str]]:
    """(operation, fault) -> outcome where it is met once, and where it lasts."""
    made = tenants(folder)
    return {
        (operation.name, name): (
            cell(operation, FAULTS[name], made[operation.before], folder, 1),
            cell(operation, FAULTS[name], made[operation.before], folder, LASTING),
        )
        for operation, name in wanted
    }


def word(once: str, lasting: str) -> str:
    """A cell of the table: one word where both are alike."""
    short = [outcome.partition(":")[0] or "–" for outcome in (once, lasting)]
    return short[0] if short[0] == short[1] else " / ".join(short)


HEAD = """# What becomes of an operation that meets a fault

Made by `make faults`; a test checks that it is current. Each operation was carried out on the embedded tenant while the
request that matters met the fault once, and again while it met it every time. Where both ended alike one word stands in
the cell, else two: once / lasting.

- **done**: carried out, once, and verified by reading.
- **set aside**: not done. The reason stands in the report and in the journal, the run ends with 5, and the next run
  plans it anew. In every such cell the fault was then taken away, and the next attempt finished the operation.
- **stopped**: the read failed, so nothing was planned and nothing written: exit 8. A part of a list is never taken for
  the whole.
- **waiting**: accepted by the tenant, which has not finished; the next run goes on.
- **–**: the fault cannot be met there (only what creates an object can show it late).

"""


def page(found: Mapping[tuple[str, str], tuple[str, str]]) -> str:
    lines = [HEAD, "| operation | " + " | ".join(FAULTS) + " |", "|---|" + "---|" * len(FAULTS)]
    for operation in OPERATIONS:
        row = [word(*found[operation.name, fault]) for fault in FAULTS]
        lines.append(f"| {operation.name} | " + " | ".join(row) + " |")
    lines += ["", "## What is said", "", "The reason that people read where a fault lasts, of one write each:", ""]
    for fault in FAULTS:
        told = [found[o.name, fault][1] for o in OPERATIONS if found[o.name, fault][1].startswith("set aside: ")]
        if told:
            lines.append(f"- {fault}: {told[0].removeprefix('set aside: ')}")
    return "\n".join(lines) + "\n"


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        found = cells(((operation, fault) for operation in OPERATIONS for fault in FAULTS), Path(folder))
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(found), "utf-8")
    bad = {where: outcome for where, outcome in found.items() if "NOT" in str(outcome) or "A PART" in str(outcome)}
    for where, outcome in bad.items():
        print(where, outcome, file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
