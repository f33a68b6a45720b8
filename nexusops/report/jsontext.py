"""The plan document of interface.md 4 as text."""

from __future__ import annotations

from nexusops.codec import encode_plan, to_text
from nexusops.model.plan import Plan


def plan_json(plan: Plan) -> str:
    """One JSON document, UTF-8, the same that ``--out`` writes."""
    return to_text(encode_plan(plan))
