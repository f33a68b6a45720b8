"""The line, from end to end.

    inputs.py   what a run works through: the ports, the jobs, the policy
    decide.py   read and decide: snapshot -> affected -> slices -> promises -> desired -> changes -> plan
    sight.py    what a decision sees of the tenant, and that it is the whole of what was asked for
    act.py      act: guard -> accept (one transaction) -> carry out -> finish -> routing table
    routing.py  the routing table for the mail hubs, and what judging routes needs to know

Nothing later in the line calls anything earlier. A dry run is to stop after ``make_plan``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nexusops.late import late

if TYPE_CHECKING:
    from nexusops.pipeline.act import apply_plan, resume, run
    from nexusops.pipeline.decide import make_plan
    from nexusops.pipeline.inputs import ConfigTexts, Ports
    from nexusops.pipeline.outcome import Outcome

__all__ = [
    "ConfigTexts",
    "Outcome",
    "Ports",
    "apply_plan",
    "make_plan",
    "resume",
    "run",
]

__getattr__ = late(
    __name__,
    {
        "apply_plan": "act",
        "resume": "act",
        "run": "act",
        "make_plan": "decide",
        "ConfigTexts": "inputs",
        "Ports": "inputs",
        "Outcome": "outcome",
    },
)
