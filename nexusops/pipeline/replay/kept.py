"""What a run kept of its configuration, as values again: its policy and its requests (rules.md 4e)."""

from __future__ import annotations

import json
from collections import defaultdict

from nexusops.codec import row_from_json
from nexusops.model.frozen import frozen
from nexusops.model.journal import JsonObject, RunRecord
from nexusops.model.policy import Policy
from nexusops.model.services import ServiceRequest


@frozen
class Kept:
    """Under what a run was decided: its policy, its requests, and what was wrong with those that could not be read."""

    policy: Policy
    services: dict[str, ServiceRequest]
    faulty: dict[str, str]


def kept_by(run: RunRecord) -> Kept:
    """Raises StateUnavailable where it does not read back. Of a decision that the program did not know then, its
    default; one that it no longer knows can no longer be taken.
    """
    tables: defaultdict[str, JsonObject] = defaultdict(dict)
    for key, value in json.loads(run.policy_text or "{}").items():
        table, _, name = key.partition(".")
        tables[table][name] = value
    requests: dict[str, JsonObject] = json.loads(run.services_text or "{}")
    return Kept(
        policy=row_from_json(Policy, tables),
        services={name: row_from_json(ServiceRequest, one) for name, one in requests.items() if "faulty" not in one},
        faulty={name: f"{one['faulty']}" for name, one in requests.items() if "faulty" in one},
    )
