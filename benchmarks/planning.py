"""Plans one hour as ``nexusops plan`` does, in a tenant that answers at once and is as the ledger left it.

How fast a real tenant can be read is the tenant's affair (benchmarks/tenant.py); this shows what is ours.

python -m benchmarks.planning CONFIG SNAPSHOT
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.estate import HOUR
from nexusops import wiring
from nexusops.cli.printing import print_plan
from nexusops.model.addresses import Allocation
from nexusops.model.ids import MailboxKey
from nexusops.model.mailboxes import Mailbox, MailboxState
from nexusops.model.tenant import Actual, ActualMailbox, Wanted
from nexusops.pipeline.decide import make_plan
from nexusops.pipeline.whom import whom_of
from nexusops.ports import Store


@dataclass(frozen=True, slots=True)
class AsPromised:
    """The part of a tenant that planning needs."""

    store: Store

    def read(self, wanted: Wanted) -> Actual:
        everything = wanted.everything and not (wanted.people or wanted.boxes)
        ledger = self.store.ledger(None if everything else wanted.people, None if everything else wanted.boxes)
        rows: dict[MailboxKey, list[Allocation]] = {}
        for row in ledger.allocations.values():
            if row.live and row.mailbox_key is not None:
                rows.setdefault(row.mailbox_key, []).append(row)
        found = [_actual(box, rows.get(box.key, [])) for box in ledger.mailboxes.values() if box.user_id is not None]
        return Actual(people={one.person_id: one for one in found if one.person_id is not None})


def _actual(box: Mailbox, rows: list[Allocation]) -> ActualMailbox:
    return ActualMailbox(
        user_id=box.user_id or "",
        user_principal_name=f"{box.name}@nexus.ox.ac.uk",
        person_id=box.person_id,
        name=box.name or "",
        exchange_guid=box.exchange_guid,
        enabled=box.state is not MailboxState.DISABLED,
        primary=box.sender,
        addresses=frozenset(row.address for row in rows),
        forward=box.forward_set,
    )


def main(config: Path, snapshot: Path) -> None:
    with wiring.opened(config, snapshot=snapshot) as site:
        tenant: Callable[[], object] = lambda: AsPromised(site.ports.store)  # noqa: E731
        ports = replace(site.ports, tenant=tenant)  # type: ignore[arg-type]
        plan = make_plan(ports, at=HOUR)
        print_plan(plan, "text", whom_of(plan, ports.store))


if __name__ == "__main__":
    gc.disable()  # as the program does
    main(Path(sys.argv[1]), Path(sys.argv[2]))
