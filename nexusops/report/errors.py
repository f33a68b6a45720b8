"""An error as a person reads it on stderr, and as a JSON object for a script (``--format json``)."""

from __future__ import annotations

from nexusops.codec import to_text
from nexusops.errors import NexusopsError, SnapshotRefused
from nexusops.model.journal import JsonObject
from nexusops.report.blocks import visible


def error_text(error: NexusopsError) -> str:
    """What is wrong, a line each, and what to do next."""
    said = [visible(text) for text in error.message.splitlines()]
    return "\n".join([*said, f"Next: {visible(error.next_step)}"]) + "\n"


def error_json(error: NexusopsError) -> str:
    """``{"error": {"code": exit code, "message", "next"}}``; a refused snapshot lists its ``defects`` too."""
    told: JsonObject = {"code": error.exit_code, "message": error.message, "next": error.next_step}
    if isinstance(error, SnapshotRefused):
        told["defects"] = [{"code": defect.code, "message": defect.message} for defect in error.defects]
    return to_text({"error": told})
