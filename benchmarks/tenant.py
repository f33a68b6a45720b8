"""The tenant at size, against the embedded one over TLS with the documented limits enforced.

make bench-tenant                            5,000 changes; a few minutes
python -m benchmarks.tenant --changes 1000   a short form
python -m benchmarks.tenant --people 60000   reading that many users and mailboxes (they are made first: a minute)

One factor scales the throttle's clock, its latency and our pace alike, so that minutes become seconds; it is printed.
The client is a process of its own, so its processor time is ours; the plain loop keeps no journal, and does not look.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.plainly import plainly
from benchmarks.serving import LATENCY_MS, PERMITTED, Served, serving, told
from nexusops import tenant
from nexusops.apply.executor import Acting, Execution
from nexusops.apply.settle import Books
from nexusops.emulator.tenant import EmbeddedTenant
from nexusops.model.changes import CreateMailbox, OnMailbox, Why
from nexusops.model.ids import MailboxKey, PersonId
from nexusops.model.journal import RunRecord
from nexusops.model.ledger import Ledger
from nexusops.model.mailboxes import MailboxKind
from nexusops.model.plan import Planned
from nexusops.model.policy import Policy
from nexusops.model.tenant import Wanted
from nexusops.plan.estimate import estimate
from nexusops.store import open_store
from nexusops.tenant.directory import SELECT, Page, decoded

AT = datetime(2025, 10, 1, 8, tzinfo=UTC)
WHY = Why(subject="person 0000001", rule="R2", because="a measurement")
PLAIN = 300
"""Changes that the plain loop makes: it is slow, and its rate does not depend on how many."""


def creations(number: int) -> list[Planned]:
    return [
        Planned(
            id=f"c{n}",
            job="mailboxes",
            change=CreateMailbox(
                mailbox=OnMailbox(name=f"abcd{n:05}", key=MailboxKey(f"person:{n:07}:1"), kind=MailboxKind.PERSONAL),
                why=WHY,
                user_principal_name=f"abcd{n:05}@nexus.ox.ac.uk",
                display_name=f"Ada Byron {n}",
                person_id=PersonId(f"{n:07}"),
                unit_id=None,
                owner_person_id=None,
                address=None,
            ),
        )
        for n in range(1, number + 1)
    ]


def applied(served: Served, folder: Path, number: int, scale: float) -> None:
    """The executor, its journal in SQLite, and the adapter of Microsoft 365, as in a run."""
    plan = creations(number)
    with (
        closing(open_store(f"sqlite:///{folder}/state.db", site="bench", base_dir=folder)) as store,
        closing(tenant.microsoft365(served.settings, scale=scale)) as live,
    ):
        live.read(Wanted(boxes={"nobody": None}))  # Tokens and connections are there before the clock starts.
        run = RunRecord(
            run_id="r1",
            at=AT,
            command="run",
            actor="bench",
            program_version="",
            result="running",
            snapshot_sha256=None,
            digest=None,
            changes=number,
            counts={},
        )
        store.begin(run)
        acting = Acting(store=store, tenant=live, notifier=live, publisher=live, run_id="r1", actor="bench", at=AT)
        before = len(served.asked())
        start, cpu = time.perf_counter(), time.process_time()
        with store.lock("run"):
            tally = Execution(acting, Books(Ledger(serial=0), Policy(), AT.date()), plan).carry_out()
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    if len(tally.done) != number:
        raise SystemExit(
            f"only {len(tally.done)} of {number} changes were done: {tally.failed[:1]} {tally.set_aside[:1]}"
        )
    counted = estimate(plan)
    told("nexusops", number, counted.graph_writes, seconds, cpu, served.asked()[before:], scale)
    print(f"{'':28} the plan's estimate was {counted.seconds:,.0f} s")


def peopled(file: Path, people: int) -> None:
    """So many users with a mailbox each, written into the tenant's file: copies of the first one, made as usual."""
    with EmbeddedTenant.open(file) as service:
        book = service._book
        user, mailbox = (next(book.page(kind)) for kind in ("user", "mailbox"))
        book.begin()
        for n in range(people):
            key, name = f"{n:08x}-0000-4000-8000-000000000000", f"efgh{n:06}"
            upn = f"{name}@nexus.ox.ac.uk"
            smtp = [f"SMTP:{upn}", f"smtp:a.person{n}@balliol.ox.ac.uk"]
            named = {"id": key, "userPrincipalName": upn, "mailNickname": name, "employeeId": f"8{n:06}"}
            box = {"Guid": f"1{key[1:]}", "Name": name, "Alias": name, "EmailAddresses": smtp}
            book.put("user", key, {**user, **named, "mail": upn, "proxyAddresses": smtp})
            book.put("mailbox", key, {**mailbox, **box})
        book.commit()


def read(served: Served, scale: float) -> None:
    with closing(tenant.microsoft365(served.settings, scale=scale)) as live:
        live.read(Wanted(boxes={"nobody": None}))
        before = len(served.asked())
        start, cpu = time.perf_counter(), time.process_time()
        found = live.read(Wanted(everything=True))
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    requests = len(served.asked()) - before
    print(
        f"reading everybody: {len(found.people):,} people with their mailboxes in {requests} requests,"
        f" {seconds:.1f} s, {cpu:.1f} s CPU",
        flush=True,
    )


def decoding(served: Served) -> None:
    """The same page of users through msgspec and through the SDK's models."""
    from kiota_serialization_json.json_parse_node_factory import JsonParseNodeFactory
    from msgraph.generated.models.user_collection_response import UserCollectionResponse

    with closing(tenant.microsoft365(served.settings)) as live:
        content = live._run(live._graph.send("GET", f"/users?$select={SELECT}&$top=200"))
    factory = JsonParseNodeFactory()

    def models() -> int:
        node = factory.get_root_parse_node("application/json", content)
        return len(node.get_object_value(UserCollectionResponse).value)

    models()  # It imports some 1,300 modules the first time.
    ours, theirs = _timed(lambda: len(decoded(content, Page).value), 200), _timed(models, 1)
    print(
        f"decoding {len(decoded(content, Page).value)} users of one page: msgspec {ours * 1e3:.2f} ms,"
        f" msgraph-sdk's models {theirs * 1e3:.0f} ms: {theirs / ours:,.0f} times as fast",
        flush=True,
    )


def _timed(work: Any, times: int) -> float:
    start = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - start) / times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--changes", type=int, default=5000)
    parser.add_argument("--people", type=int, default=0)
    parser.add_argument("--scale", type=float, default=2.0)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nexusops-bench-") as name:
        folder = Path(name)
        with serving(folder / "tenant.db", chosen.scale) as served:
            print(
                f"the clock of throttle, latency ({LATENCY_MS} ms) and pace runs {chosen.scale:g} times as fast;"
                f" permitted are {PERMITTED:g} writes a second; seconds are the tenant's",
                flush=True,
            )
            applied(served, folder, chosen.changes, chosen.scale)
            plainly(served, min(PLAIN, chosen.changes), chosen.scale)
            decoding(served)
        if chosen.people:
            peopled(folder / "tenant.db", chosen.people)
        with serving(folder / "tenant.db", chosen.scale) as served:
            read(served, chosen.scale)


if __name__ == "__main__":
    main()
