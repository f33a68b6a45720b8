"""Whole outputs kept beside the tests. NEXUSOPS_REWRITE_GOLDEN=1 writes them anew; read what differs."""

from __future__ import annotations

import os
from pathlib import Path


def golden(path: Path, output: str) -> str:
    """The text that ``output`` must equal, byte for byte."""
    if os.environ.get("NEXUSOPS_REWRITE_GOLDEN") == "1":
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(output.encode("utf-8"))
    return path.read_bytes().decode("utf-8")
