"""The plan document of interface.md 4 as text."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from nexusops.codec import encode_plan, to_text
from nexusops.model.plan import Plan


def plan_json(plan: Plan, beside: Mapping[str, list[str]] = MappingProxyType({})) -> str:
    """One JSON document, UTF-8, the same that ``--out`` writes; ``beside``: what a command tells with it."""
    return to_text({**encode_plan(plan), **{name: [*lines] for name, lines in beside.items()}})
