"""An error as a person reads it on stderr."""

from __future__ import annotations

from nexusops.errors import NexusopsError
from nexusops.report.blocks import visible


def error_text(error: NexusopsError) -> str:
    """What is wrong, a line each, and what to do next."""
    said = [visible(text) for text in error.message.splitlines()]
    return "\n".join([*said, f"Next: {visible(error.next_step)}"]) + "\n"
