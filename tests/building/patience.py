"""How long a test waits for what must come. A busy machine is no failure, and a test that hangs ends all the same."""

from __future__ import annotations

PATIENCE = 300
"""Seconds."""
