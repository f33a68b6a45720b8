"""What every store must do (ports.Store): the same suite over SQLite and over PostgreSQL, where names sort as words."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from building.state_rows import (
    ANN,
    AT,
    BO,
    CHEM,
    DAY,
    EMPTY,
    FULL,
    acceptance,
    allocation,
    entry,
    exported,
    mailbox,
    new,
    notice,
    person,
    run_record,
    snapshot,
)

from nexusops.errors import StalePlan, StateUnavailable
from nexusops.model.addresses import AddressKind, AddressState
from nexusops.model.findings import Finding, Severity
from nexusops.model.ids import Address, Domain, PersonId, UnitId
from nexusops.model.journal import Approval, Phase, RowChange
from nexusops.model.ledger import Alternative, Ledger
from nexusops.model.mailboxes import MailboxState
from nexusops.model.rows import TABLES, key_of
from nexusops.model.services import Service
from nexusops.store.sql import SqlStore


def finding(code: str, scope: str, subject: str = ANN) -> Finding:
    return Finding(code=code, subject=subject, message=f"{code} of {subject}", severity=Severity.ALERT, scope=scope)


@pytest.mark.parametrize("rows", [FULL, EMPTY], ids=["full", "empty"])
def test_every_row_comes_back_as_it_was_written(store: SqlStore, rows: tuple[object, ...]) -> None:
    store.accept(acceptance(new(*rows)))  # type: ignore[arg-type]
    found = store.ledger(None, None)
    expected: dict[str, dict[object, object]] = {}
    for row in rows:
        expected.setdefault(TABLES[type(row)], {})[key_of(row)] = row  # type: ignore[arg-type]
    assert {name: dict(getattr(found, name)) for name in set(TABLES.values())} == {
        name: expected.get(name, {}) for name in set(TABLES.values())
    }


@pytest.mark.parametrize("rows", [FULL, EMPTY], ids=["full", "empty"])
def test_of_the_ledger_it_is_said_whether_the_journal_wrote_it(store: SqlStore, rows: tuple[object, ...]) -> None:
    """A row that is as it was written last is in order, and so is one that was taken away; so are the runs."""
    store.accept(acceptance(new(*rows)))  # type: ignore[arg-type]
    assert store.astray() == (len(rows), [])
    serial = store.serial()
    store.accept(acceptance([RowChange(before=rows[0], after=None, rule="R2")], serial))  # type: ignore[arg-type]
    assert store.astray() == (len(rows) - 1, [])
    number, last = store.head()
    assert (number, store.was_head(last), store.was_head("0" * 64)) == (len(list(store.journal())), True, False)
    store.record([entry(Phase.DONE, run_id="r9")])
    [lost] = store.astray()[1]
    assert (lost.subject, lost.message) == ("run r9", f"is gone; it wrote the journal from row {number + 1} on")


def test_an_empty_state_says_so(store: SqlStore) -> None:
    assert (store.serial(), store.accepted(), store.hashes(), store.live_mailboxes()) == (0, None, ("", ""), 0)
    assert store.ledger(None, None) == Ledger(serial=0)
    assert (list(store.runs()), list(store.journal()), list(store.open_intents())) == ([], [], [])


def test_the_serial_rises_only_with_rows(store: SqlStore) -> None:
    assert store.accept(acceptance(new(person(ANN)))) == 1
    assert store.accept(acceptance(serial=1, policy_hash="p2", services_hash="s2")) == 1
    assert (store.serial(), store.hashes()) == (1, ("p2", "s2"))
    assert store.ledger((), ()).serial == 1


def test_a_plan_on_another_serial_is_stale_and_leaves_nothing(store: SqlStore) -> None:
    store.accept(acceptance(new(person(ANN))))
    before = exported(store)
    with pytest.raises(StalePlan) as stale:
        store.accept(acceptance(new(person(BO)), run=run_record("r2"), findings=(finding("A", "site"),)))
    assert stale.value.exit_code == 7
    assert exported(store) == before


def test_an_altered_row_replaces_and_a_removed_one_goes(store: SqlStore) -> None:
    first = person(ANN, "chem0001")
    alternative = Alternative(person_id=ANN, source="self", address=Address("a@b.example"))
    store.accept(acceptance(new(first, alternative)))
    later = replace(first, username=None, due_on=DAY)
    changes = (
        RowChange(before=first, after=later, rule="R2"),
        RowChange(before=alternative, after=None, rule="D32"),
    )
    store.accept(acceptance(changes, serial=1))
    found = store.ledger([ANN], ())
    assert (found.people, found.alternatives) == ({ANN: later}, {})


def test_findings_and_unfinished_of_what_was_judged_are_replaced_and_others_kept(store: SqlStore) -> None:
    old = [finding("OLD", f"person:{ANN}"), finding("KEPT", f"person:{BO}", BO)]
    store.accept(acceptance(findings=tuple(old), unfinished={f"person:{ANN}": "planned", f"person:{BO}": "frozen"}))
    again = finding("NEW", f"person:{ANN}")
    store.accept(acceptance(judged=frozenset({f"person:{ANN}"}), findings=(again,), unfinished={"box:x": "planned"}))
    assert sorted(f.code for f in store.findings(None)) == ["KEPT", "NEW"]
    assert list(store.findings([f"person:{BO}"])) == [again]
    assert store.due(DAY) == {f"person:{BO}", "box:x"}
    store.accept(acceptance(judged=None))
    assert (list(store.findings(None)), store.due(DAY)) == ([], frozenset())


def test_the_accepted_snapshot_and_the_latest_staged_one_are_kept(store: SqlStore) -> None:
    for name in ("s1", "s2"):
        store.stage(snapshot(name), {"persons": name.encode()})
        store.accept(acceptance(snapshot_sha256=name))
    store.stage(snapshot("s3"), {"persons": b"s3"})
    store.stage(snapshot("s4"), {"persons": b"s4"})
    assert store.accepted() == snapshot("s2")
    assert (store.staged("s4"), store.staged("s3"), store.staged("s1")) == (snapshot("s4"), None, None)
    assert (store.tables("s2"), store.tables("s4")) == ({"persons": b"s2"}, {"persons": b"s4"})
    with pytest.raises(StateUnavailable, match="does not hold the snapshot s1"):
        store.tables("s1")


def test_the_accepted_tables_exported_again_have_the_later_instant(store: SqlStore) -> None:
    """R60: a row that had waited takes effect by the later as_of."""
    store.stage(snapshot("s1"), {"persons": b"1"})
    store.accept(acceptance(snapshot_sha256="s1"))
    later = AT + timedelta(hours=1)
    store.accept(acceptance(snapshot_sha256="s1", snapshot_as_of=later, snapshot_again={"persons": b"2"}))
    assert (store.accepted(), store.tables("s1")) == (snapshot("s1", later), {"persons": b"2"})


def test_tables_staged_again_have_the_later_instant(store: SqlStore) -> None:
    """D27: what is accepted must not count as older than it is."""
    later = AT + timedelta(hours=1)
    store.stage(snapshot("s1"), {"persons": b"1"})
    store.stage(snapshot("s1", later), {"persons": b"2"})
    assert (store.staged("s1"), store.tables("s1")) == (snapshot("s1", later), {"persons": b"2"})


def test_a_staged_snapshot_that_made_room_cannot_be_accepted(store: SqlStore) -> None:
    store.stage(snapshot("s1"), {"persons": b"1"})
    store.accept(acceptance(snapshot_sha256="s1"))
    with pytest.raises(StalePlan):
        store.accept(acceptance(new(person(ANN)), snapshot_sha256="gone"))
    assert (store.accepted(), store.serial()) == (snapshot("s1"), 0)


def test_outcomes_raise_the_serial_when_the_run_is_finished(store: SqlStore) -> None:
    store.accept(acceptance(new(mailbox("person:1000001:1", "chem0001", state=MailboxState.PENDING))))
    made = mailbox("person:1000001:1", "chem0001", user_id="u1")
    store.record([entry(Phase.INTENT)])
    store.record([entry(Phase.DONE)], [new(made)])
    assert store.serial() == 1
    store.finish(run_record(result="applied"), [finding("AWAITING_MAILBOX", f"person:{ANN}")])
    store.finish(run_record(result="applied"))
    assert store.serial() == 2
    assert [f.code for f in store.findings(None)] == ["AWAITING_MAILBOX"]
    assert list(store.runs()) == [run_record(result="applied")]
    assert store.ledger([ANN], ()).mailboxes == {made.key: made}


def test_each_entry_is_followed_by_what_it_altered_and_of_a_row_that_alters_twice_the_end_stays(
    store: SqlStore,
) -> None:
    made = mailbox("person:1000001:1", "chem0001", user_id="u1")
    known = replace(made, exchange_guid="g1")
    override = Alternative(person_id=ANN, source="self", address=Address("a@b.example"))
    rows = [
        (RowChange(before=None, after=made, rule="R2"), RowChange(before=None, after=override, rule="D32")),
        (),
        (RowChange(before=made, after=known, rule="R2"), RowChange(before=override, after=None, rule="D32")),
    ]
    done = [entry(Phase.DONE, change_id=f"c{n}", scope=f"box:{n}") for n in range(3)]
    store.record(done, rows)
    told = [(row.entry.phase.value, row.entry.scope) for row in store.journal()]
    first, third = ("promise", "box:0"), ("promise", "box:2")
    assert told == [("done", "box:0"), first, first, ("done", "box:1"), ("done", "box:2"), third, third]
    found = store.ledger([ANN], ())
    assert (found.mailboxes, found.alternatives) == ({made.key: known}, {})
    assert store.verify() == []


def test_only_finished_scopes_are_no_longer_unfinished(store: SqlStore) -> None:
    store.accept(acceptance(unfinished={f"person:{ANN}": "planned", f"person:{BO}": "planned"}))
    store.record([entry(Phase.DONE)], (), [f"person:{ANN}"])
    assert store.due(DAY) == {f"person:{BO}"}


def test_runs_are_kept_whole_and_in_their_order(store: SqlStore) -> None:
    full = run_record(
        "r2",
        at=AT + timedelta(hours=1),
        snapshot_sha256="s",
        digest="sha256:d",
        changes=3,
        counts={"AddAddress": 3},
        policy_text="p",
        services_text="s",
        config_text="c",
    )
    store.begin(run_record("r9"))
    store.begin(full)
    store.begin(run_record("r9", result="stopped"))
    assert list(store.runs()) == [run_record("r9", result="stopped"), full]


def test_a_slice_holds_what_belongs_to_its_people_and_boxes_and_nothing_else(store: SqlStore) -> None:
    mine = [*FULL[:8], allocation("ann.lee@chem.ox.ac.uk")]
    office = mailbox("box:chem-office:1", "chem-office", owner_person_id=BO)
    address = allocation("office@chem.ox.ac.uk", None, kind=AddressKind.NONPERSONAL, mailbox_key=office.key)
    loose = allocation("enquiries@chem.ox.ac.uk", None, kind=AddressKind.NONPERSONAL)
    told = notice("orphaned:chem-office:2025-01-16", person_id=None, mailbox_key=office.key)
    store.accept(acceptance(new(*mine, FULL[8], *EMPTY[2:], office, address, loose, told)))
    ann = store.ledger([ANN], ())
    assert {key_of(row) for row in mine} == {
        *ann.people, *ann.mailboxes, *ann.allocations, *ann.overrides, *ann.decisions, *ann.alternatives,
        *ann.notices, *ann.holds,
    }  # fmt: skip
    assert ann.domains == {CHEM: FULL[8]}
    box = store.ledger((), ["chem-office", loose.address])
    assert (set(box.mailboxes), set(box.allocations), set(box.notices)) == (
        {office.key},
        {(address.address, 1), (loose.address, 1)},
        {told.key},
    )
    assert not store.ledger((), ()).mailboxes
    whole = store.ledger(None, None)
    assert len(whole.allocations) == 4
    assert (whole.holders, whole.owners, whole.usernames) == ({}, {}, {})


def test_a_box_of_a_person_s_name_is_not_the_person_s_mailbox(store: SqlStore) -> None:
    store.accept(acceptance(new(mailbox("person:1000001:1", "chem0001"))))
    assert store.ledger((), ["chem0001"]).mailboxes == {}


def test_hundreds_of_people_come_in_one_slice(store: SqlStore) -> None:
    everybody = [person(f"{n:07d}", f"abcd{n:04d}") for n in range(950)]
    store.accept(acceptance(new(*everybody)))
    wanted = [state.person_id for state in everybody[:901]]
    assert set(store.ledger(wanted, ()).people) == set(wanted)
    assert {state.person_id for state in store.owners(wanted)} == set(wanted)
    assert len(store.usernames([f"abcd{n:04d}" for n in range(950)])) == 950
    assert len(store.units_of(wanted)) == 901


def test_holders_are_the_base_and_the_base_with_digits_and_nobody_else(store: SqlStore) -> None:
    """R17: whole strings are probed, in the domain that is asked for."""
    names = ["ann.lee", "ann.lee2", "ann.lee10", "ann.lee2b", "ann.leeson", "ann.le", "ann.lee-roy"]
    rows = [allocation(f"{name}@chem.ox.ac.uk") for name in names]
    again = allocation("ann.lee@chem.ox.ac.uk", BO, period=2)
    store.accept(acceptance(new(*rows, again, allocation("ann.lee@law.ox.ac.uk"))))
    found = {(row.local, row.period) for row in store.holders([(CHEM, "ann.lee")])}
    assert found == {("ann.lee", 1), ("ann.lee", 2), ("ann.lee2", 1), ("ann.lee10", 1)}
    assert {row.local for row in store.holders([(CHEM, "ann.lee2"), (Domain("law.ox.ac.uk"), "bo")])} == {"ann.lee2"}
    both = {row.local for row in store.holders([(CHEM, "ann.lee"), (CHEM, "ann.lee2")])}
    assert both == {"ann.lee", "ann.lee2", "ann.lee10"}
    assert list(store.holders([])) == []


def test_holders_of_a_long_base_are_those_that_were_cut_for_their_digits(store: SqlStore) -> None:
    """D15: with a suffix the base is cut, so that both fit into 64 letters."""
    base = "maximilian." + "x" * 53
    cut, other = base[:63] + "2", base[:62] + "yy"
    rows = [allocation(f"{name}@chem.ox.ac.uk", base=base, n=1) for name in (base, cut, base[:62] + "10", other)]
    store.accept(acceptance(new(*rows)))
    assert {row.local for row in store.holders([(CHEM, base)])} == {base, cut, base[:62] + "10"}


def test_holders_of_hundreds_of_names_come_at_once(store: SqlStore) -> None:
    wanted = [
        (CHEM, f"{'abcdefghij'[n // 100]}{'abcdefghij'[n // 10 % 10]}.{'abcdefghij'[n % 10]}") for n in range(850)
    ]
    store.accept(acceptance(new(*(allocation(f"{base}2@{domain}") for domain, base in wanted))))
    assert len(store.holders(wanted)) == 850


def test_due_are_people_and_boxes_whose_day_has_come(store: SqlStore) -> None:
    tomorrow = DAY + timedelta(days=1)
    boxes = [
        mailbox("box:a:1", "a", state=MailboxState.ORPHANED, orphaned_on=DAY, delete_on=date(2025, 3, 16)),
        mailbox("box:b:1", "b", delete_on=tomorrow),
        mailbox("box:c:1", "c", state=MailboxState.DELETED, purge_on=DAY),
        mailbox("person:1000001:1", "chem0001", delete_on=DAY),
    ]
    store.accept(acceptance(new(person(ANN, due_on=DAY), person(BO, due_on=tomorrow), person("3"), *boxes)))
    assert store.due(DAY) == {f"person:{ANN}", "box:a", "box:c"}
    assert store.due(tomorrow) == {f"person:{ANN}", f"person:{BO}", "box:a", "box:b", "box:c"}


def test_what_is_known_and_who_is_who(store: SqlStore) -> None:
    rows = [
        person(ANN, "chem0001", served=(UnitId("CHEM"),)),
        person(BO),
        mailbox("person:1000001:1", "chem0001"),
        mailbox("box:office:1", "office", state=MailboxState.DELETED, owner_person_id=BO),
        allocation("ann.lee@chem.ox.ac.uk"),
        allocation("office@chem.ox.ac.uk", None, kind=AddressKind.NONPERSONAL, mailbox_key="box:office:1"),
        allocation("loose@chem.ox.ac.uk", None, kind=AddressKind.NONPERSONAL),
        allocation("in@chem.example", None, kind=AddressKind.FOREIGN),
        allocation("bo.chen@chem.ox.ac.uk", BO, state=AddressState.DELETED),
        allocation("bo.chen@law.ox.ac.uk", BO, state=AddressState.WINDDOWN, delete_on=date(2025, 3, 16)),
    ]
    store.accept(acceptance(new(*rows)))
    assert store.known_people() == {ANN, BO}
    assert store.known_boxes() == {"office", "loose@chem.ox.ac.uk", "in@chem.example"}
    assert store.usernames(["chem0001", "abcd0002"]) == {"chem0001": ANN}
    assert store.units_of([ANN, BO, PersonId("9")]) == {ANN: ("CHEM",), BO: ()}
    assert store.people_of_domains([CHEM]) == {ANN}
    assert store.people_of_domains([Domain("law.ox.ac.uk")]) == {BO}
    assert store.people_of_addresses([Address("bo.chen@chem.ox.ac.uk"), Address("loose@chem.ox.ac.uk")]) == {BO}
    assert store.people_run_together([Address("annlee@chem.ox.ac.uk"), Address("bochen@chem.ox.ac.uk")]) == {ANN}
    assert store.people_run_together([Address("bochen@law.ox.ac.uk"), Address("annlee@law.ox.ac.uk")]) == {BO}
    assert store.live_mailboxes() == 1
    assert store.boxes_owned_by([ANN, BO]) == {"office"}
    assert store.boxes_owned_by([ANN]) == frozenset()
    ends = store.domain_ends([CHEM, Domain("law.ox.ac.uk"), Domain("hist.ox.ac.uk")])
    assert ends == {CHEM: date.max, Domain("law.ox.ac.uk"): date(2025, 3, 16)}


def test_the_last_address_of_a_domain_ends_with_its_mailbox_at_the_latest(store: SqlStore) -> None:
    """2.5: what has no date of its own, or a later one, goes when a disabled mailbox does."""
    last, key = date(2025, 3, 16), "person:1000001:1"
    resting = {"state": AddressState.SUSPENDED, "mailbox_key": key}
    rows = [
        person(ANN, "chem0001"),
        mailbox(key, "chem0001", state=MailboxState.DISABLED, delete_on=last),
        allocation("ann.lee@chem.ox.ac.uk", **resting),
        allocation("ann.shaw@chem.ox.ac.uk", **resting, delete_on=date(2025, 7, 16)),
        allocation("ann.lee@law.ox.ac.uk", **resting, delete_on=date(2025, 2, 1)),
    ]
    store.accept(acceptance(new(*rows)))
    law = Domain("law.ox.ac.uk")
    assert store.domain_ends([CHEM, law]) == {CHEM: last, law: date(2025, 2, 1)}


def test_a_saas_request_is_looked_at_like_a_mailbox(store: SqlStore) -> None:
    """rules.md 2.4: by its day, its owner and its name."""
    (full,) = (row for row in FULL if isinstance(row, Service))
    store.accept(acceptance(new(full)))
    assert store.due(DAY - timedelta(days=1)) == frozenset()
    assert store.due(DAY) == {"box:adminday"}
    assert store.known_boxes() == {"adminday"}
    assert store.boxes_owned_by([ANN]) == {"adminday"}
    assert store.ledger((), ("adminday",)).services == {"adminday": full}
    assert store.ledger((), ("other",)).services == {}
    assert store.services_of({Domain("admin-day.chem.ox.ac.uk"), CHEM}) == [full]
    assert store.services_of({CHEM}) == []
    assert store.services_in({CHEM, Domain("law.ox.ac.uk")}) == {"adminday"}
    assert store.services_in({Domain("law.ox.ac.uk"), Domain("admin.chem.ox.ac.uk")}) == frozenset()


def test_an_intent_is_open_until_an_outcome_of_the_same_step_and_run(store: SqlStore) -> None:
    kinds = [("c1", "r1"), ("c2", "r1"), ("c1", "r2")]
    store.record([entry(Phase.INTENT, change_id=change, run_id=run) for change, run in kinds])
    store.record([entry(Phase.DONE), entry(Phase.WAITING, change_id="c2")])
    assert [(intent.seq, intent.entry.run_id) for intent in store.open_intents()] == [(3, "r2")]
    store.record([entry(Phase.FAILED, run_id="r2")])
    store.record([entry(Phase.INTENT)])
    assert [intent.seq for intent in store.open_intents()] == [7]


def test_the_journal_comes_in_order_with_all_that_was_written(store: SqlStore) -> None:
    full = entry(
        Phase.DONE, before={"a": [1, None]}, after={"b": "\u00e9"}, request_id="q", reason="because", step="add"
    )
    store.accept(acceptance(new(person(ANN))))
    store.record([full, entry(Phase.DONE, change_id="c2", object="mailbox:person:1000001:1")])
    rows = list(store.journal())
    assert [row.seq for row in rows] == [1, 2, 3]
    assert (rows[0].entry.phase, rows[0].entry.object) == (Phase.PROMISE, f"person:{ANN}")
    assert rows[1].entry == full
    assert [row.previous_hash for row in rows] == ["0" * 64, rows[0].hash, rows[1].hash]
    assert [row.seq for row in store.journal(["address:ann.lee@chem.ox.ac.uk"])] == [2]
    assert list(store.journal([])) == []


def test_a_part_of_a_runs_journal_is_read_by_its_phases(store: SqlStore) -> None:
    """As the console shows it: of a hundred thousand rows two hundred."""
    store.accept(acceptance(new(person(ANN))))
    run_id = acceptance().run.run_id
    done = [entry(Phase.DONE, change_id=f"c{number}", run_id=run_id) for number in range(5)]
    store.record([*done, entry(Phase.FAILED, run_id=run_id), entry(Phase.DONE, run_id="another")])
    assert store.phases_of(run_id) == {Phase.PROMISE: 1, Phase.DONE: 5, Phase.FAILED: 1}
    part = store.journal_of(run_id, {Phase.DONE, Phase.FAILED}, 4, 10)
    assert part == [row for row in store.journal(run_id=run_id) if row.entry.phase is not Phase.PROMISE][4:]
    assert [row.entry.change_id for row in store.journal_of(run_id, {Phase.DONE}, 1, 2)] == ["c1", "c2"]
    assert (store.phases_of("none"), store.journal_of("none", set(Phase), 0, 9)) == ({}, [])


def test_an_approval_is_used_once(store: SqlStore) -> None:
    """D28: it lifts the limits for exactly that plan, once."""
    given = Approval(digest="sha256:d", actor="op", at=AT, reason="term ends")
    store.approve(given)
    assert (list(store.approvals("sha256:d")), list(store.approvals("sha256:e"))) == ([given], [])
    store.accept(acceptance(run=run_record(digest="sha256:d")))
    assert list(store.approvals("sha256:d")) == []


def test_an_approval_and_its_use_stand_in_the_chain(store: SqlStore) -> None:
    """D28, interface.md 9: who approved which plan and why cannot be altered unseen; the serial does not rise."""
    store.approve(Approval(digest="sha256:d", actor="op", at=AT, reason="term ends"))
    assert store.serial() == 0
    for _ in range(2):
        store.accept(acceptance(run=run_record(digest="sha256:d")))
    rows = [row.entry for row in store.journal(["approval:sha256:d"])]
    assert [(r.step, r.actor, r.reason, r.run_id) for r in rows] == [
        ("approve", "op", "term ends", ""),
        ("use", acceptance().actor, acceptance().reason or None, run_record().run_id),
    ]
    assert store.verify() == []


def test_what_a_database_refuses_is_said_without_a_traceback(store: SqlStore) -> None:
    with pytest.raises(StateUnavailable) as refused:
        store.accept(acceptance(new(replace(person(ANN), state=None))))  # type: ignore[arg-type]
    assert refused.value.exit_code == 9
    assert store.serial() == 0
