"""One way to write a value down for hashing, so that equal values have equal hashes on every machine."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date

import msgspec

from nexusops.model.changes import kind_of
from nexusops.model.plan import Planned

_PIECE = 500


def canonical(value: object) -> bytes:
    """UTF-8 JSON with sorted keys and no spaces, of JSON values, dataclasses, dates and StrEnums alike."""
    return msgspec.json.encode(value, order="sorted")


def hash_of(value: object) -> str:
    """``sha256:`` and the hex digest over the canonical form: the hash of a policy, of services, of a slice of rows."""
    return "sha256:" + hashlib.sha256(canonical(value)).hexdigest()


def digest_of(
    changes: Sequence[Planned],
    today: date,
    snapshot_sha256: str,
    serial: int,
    policy_hash: str,
    services_hash: str,
) -> str:
    """The digest of a plan (interface.md 4): what would be done, on which day, from which data, under which rules.

    It is independent of ``plan_id``, of the time of day, of findings, guard and estimate: the same input gives the
    same digest, and it is this that somebody approves.
    """
    rest = {
        "format": 1,
        "today": today,
        "snapshot": snapshot_sha256,
        "ledger_serial": serial,
        "policy": policy_hash,
        "services": services_hash,
    }
    # "changes" sorts first. It is hashed piece by piece: as a whole it would be the largest text of a plan.
    digest = hashlib.sha256(b'{"changes":[')
    for first in range(0, len(changes), _PIECE):
        piece = [[kind_of(planned.change), planned] for planned in changes[first : first + _PIECE]]
        digest.update((b"," if first else b"") + canonical(piece)[1:-1])
    digest.update(b"]," + canonical(rest)[1:])
    return "sha256:" + digest.hexdigest()
