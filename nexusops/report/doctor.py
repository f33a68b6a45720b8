"""Whether everything is in place for a run, as text and JSON."""

from __future__ import annotations

from collections.abc import Sequence

from nexusops.codec import to_text
from nexusops.model.inspection import Checked, Permissions
from nexusops.model.journal import JsonObject, JsonValue
from nexusops.report.blocks import Line, Look, Tone, written

_WORDS = {True: ("ok  ", Tone.PLAIN), False: ("FAIL", Tone.DANGER)}


def doctor_text(checks: Sequence[Checked], look: Look) -> str:
    """A line a check, and beneath them, to be copied whole, what an administrator does now."""
    lines = [(f"{_WORDS[one.ok][0]}  {one.name:<14} {one.message}", _WORDS[one.ok][1]) for one in checks]
    told = _permissions(checks)
    steps = "".join(f"{n:>3}. {step}\n" for n, step in enumerate(told.steps if told is not None else (), start=1))
    return written([Line(text=text, tone=tone, hang=21) for text, tone in lines], look) + (steps and f"\n{steps}")


def doctor_json(checks: Sequence[Checked]) -> str:
    """``{"ok", "checks": [{"name", "ok", "message"}], "permissions": {…}}``; the last where the tenant answered."""
    rows: list[JsonValue] = [{"name": one.name, "ok": one.ok, "message": one.message} for one in checks]
    document: JsonObject = {"ok": all(one.ok for one in checks), "checks": rows}
    told = _permissions(checks)
    if told is not None:
        document["permissions"] = {
            "granted": list(told.granted),
            "missing": list(told.missing),
            "too_many": list(told.too_many),
            "jobs": [
                {
                    "name": need.job,
                    "graph": list(need.graph),
                    "exchange": list(need.exchange),
                    "missing": list(need.missing),
                }
                for need in told.jobs
            ],
            "steps": list(told.steps),
        }
    return to_text(document)


def _permissions(checks: Sequence[Checked]) -> Permissions | None:
    return next((one.permissions for one in checks if one.permissions is not None), None)
