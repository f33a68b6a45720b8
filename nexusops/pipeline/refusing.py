"""A snapshot that is refused, and what to do about it (D27)."""

from __future__ import annotations

from collections.abc import Sequence

from nexusops.errors import Defect, SnapshotRefused


def refused(defects: Sequence[Defect], done: str = "Nothing was changed.") -> SnapshotRefused:
    """``done``: what was done all the same. Whether rows are really gone only registration can say: a snapshot that has
    lost them has no defect of its own.
    """
    if {defect.code for defect in defects} == {"SNAPSHOT_SHRUNK"}:
        return SnapshotRefused(
            defects,
            next_step=f"{done} Ask registration whether these rows are really gone. If not, have it export again; if "
            "so, raise the limits in [snapshot] of policy.toml for one run (`nexusops config show` has them), and put "
            "them back.",
        )
    return SnapshotRefused(
        defects,
        next_step=f"{done} Have registration export it again, check it with `nexusops snapshot check DIR`, then "
        "repeat.",
    )
