"""The errors, one tree, each with the exit code of the contract.

    NexusopsError                1  a defect in nexusops
    ├── UsageError               2  usage or configuration: the file, the key path and what was expected
    ├── SnapshotRefused          3  the registration snapshot was refused; nothing was changed
    ├── GuardStopped             4  a guard stopped the plan before the first write
    ├── PartlyDone               5  some changes failed or were set aside; the rest stands in the journal
    ├── Refused                  6  what was asked is refused, or findings were found
    ├── StalePlan                7  the plan no longer fits; nothing was done
    ├── TenantUnreadable         8  the tenant could not be read or refused our credentials, before anything was done
    └── StateUnavailable         9  the state is locked by another run, or cannot be read

Trouble with one person's data is no exception: it is a Finding, and that person is left as they are.
Foreign errors are translated into these in one function per adapter, with ``raise … from``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


class NexusopsError(Exception):
    """A sentence that says what is wrong, and one that says what to do next."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, next_step: str) -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.message}\n{self.next_step}"


class UsageError(NexusopsError):
    """Wrong usage or configuration: names the file, the key path and what was expected."""

    exit_code = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """One reason for which a whole snapshot is refused (D27): a code of rules.md 3 and a sentence."""

    code: str
    message: str


class SnapshotRefused(NexusopsError):
    """The whole snapshot is refused (D27); nothing was changed."""

    exit_code = 3

    def __init__(self, defects: Sequence[Defect], *, next_step: str) -> None:
        super().__init__("\n".join(f"{d.code}: {d.message}" for d in defects), next_step=next_step)
        self.defects = tuple(defects)


class GuardStopped(NexusopsError):
    """A guard stopped the plan before the first write, notices included (D28)."""

    exit_code = 4


class PartlyDone(NexusopsError):
    """Some changes failed or were set aside; the rest stands in the journal."""

    exit_code = 5


class Refused(NexusopsError):
    """What was asked is refused, or a check found something."""

    exit_code = 6


FINDINGS = Refused.exit_code
"""How a command ends that looked, and found what somebody should see to."""


class StalePlan(NexusopsError):
    """The plan no longer fits: ledger serial, snapshot, date, policy, or another digest than the one approved."""

    exit_code = 7


class TenantUnreadable(NexusopsError):
    """The tenant could not be read or refused our credentials, before anything was done."""

    exit_code = 8


class StateUnavailable(NexusopsError):
    """The state is locked by another run, or cannot be read."""

    exit_code = 9
