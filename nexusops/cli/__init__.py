"""The command line: parse, call the pipeline, choose the exit code, nothing else (interface.md 1, 3)."""

from nexusops.cli.entry import call, main

__all__ = ["call", "main"]
