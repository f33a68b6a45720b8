"""The plan document (interface.md 4): what it looks like, and that it loses nothing."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from building.plans import changes_of, personal, plan_of, plans, why
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nexusops.codec import decode_plan, dump_plan, encode_plan, load_plan
from nexusops.errors import StalePlan, UsageError
from nexusops.model.changes import CreateMailbox, Kind, kind_of
from nexusops.model.findings import Finding
from nexusops.model.ids import PersonId
from nexusops.model.plan import Plan, Planned

EXAMPLE: dict[str, Any] = {
    "format": 1,
    "at": "2025-10-01T08:00:00Z",
    "today": "2025-10-01",
    "site": "oxford-test",
    "ledger_serial": 41,
    "counts": {"CreateMailbox": 1},
    "changes": [
        {
            "id": "c1",
            "kind": "CreateMailbox",
            "job": "mailboxes",
            "target": "ball1234",
            "subject": "1000001",
            "was": None,
            "becomes": {"user_principal_name": "ball1234@nexus.ox.ac.uk"},
            "because": "the card is current and its status UG entitles to a mailbox",
            "rule": "R2",
            "undo": "exact",
            "after": [],
        }
    ],
    "findings": [{"code": "NAME_NOT_LATIN", "subject": "1000009", "message": "…", "severity": "warning"}],
    "guard": {"tripped": [], "counts": {"Destructive": 0}, "limits": {"Destructive": 50}},
    "estimate": {"graph_writes": 2, "exchange_writes": 2, "seconds": 1.1},
}


def the_example() -> Plan:
    change = CreateMailbox(
        mailbox=personal("ball1234", "1000001"),
        why=why("1000001", "R2", EXAMPLE["changes"][0]["because"], ("cards", "c1")),
        user_principal_name="ball1234@nexus.ox.ac.uk",
        display_name="Mary Brown",
        person_id=PersonId("1000001"),
        unit_id=None,
        owner_person_id=None,
        address=None,
    )
    finding = Finding(code="NAME_NOT_LATIN", subject="1000009", message="…")
    return plan_of([Planned(id="c1", job="mailboxes", change=change)], findings=(finding,))


def stands_in(expected: Any, given: Any) -> Any:
    """``given`` without the keys that ``expected`` does not have."""
    if isinstance(expected, dict):
        return {key: stands_in(value, given[key]) for key, value in expected.items()}
    if isinstance(expected, list):
        return [stands_in(one, other) for one, other in zip(expected, given, strict=True)]
    return given


def test_the_document_is_the_one_that_the_interface_shows() -> None:
    """interface.md 4."""
    document = encode_plan(the_example())
    assert stands_in(EXAMPLE, document) == EXAMPLE
    assert document["snapshot"] == {"as_of": "2025-10-01T07:50:00Z", "sha256": "5f" * 32}
    assert document["changes"][0]["becomes"] == {  # type: ignore[index,call-overload]
        "user_principal_name": "ball1234@nexus.ox.ac.uk",
        "display_name": "Mary Brown",
    }


@given(plans)
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_a_plan_comes_back_from_its_document_as_it_was(plan: Plan) -> None:
    """Law of architecture.md: decode(encode(plan)) == plan, through real JSON text."""
    assert decode_plan(json.loads(json.dumps(encode_plan(plan)))) == plan


@pytest.mark.parametrize("kind", list(Kind))
@given(choice=st.data())
@settings(max_examples=15, deadline=None)
def test_every_kind_comes_back_as_it_was(kind: Kind, choice: st.DataObject) -> None:
    plan = plan_of([Planned(id="c1", job="a-job", change=choice.draw(changes_of(kind)))])
    document = encode_plan(plan)
    assert kind_of(plan.changes[0].change) is kind
    assert document["counts"] == {kind.value: 1}
    assert decode_plan(document) == plan


def test_a_plan_file_is_utf8_indented_by_one_and_ends_with_a_newline(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    dump_plan(the_example(), path)
    text = path.read_bytes().decode("utf-8")
    assert text.startswith('{\n "format": 1,\n "plan_id": "01J8ZK3M5Q",\n "digest": ')
    assert text.endswith("}\n")
    assert "…" in text
    assert load_plan(path) == the_example()
    assert [one.name for one in tmp_path.iterdir()] == ["plan.json"]


def test_a_plan_can_be_written_to_what_is_no_ordinary_file() -> None:
    dump_plan(the_example(), Path("/dev/null"))
    assert Path("/dev/null").is_char_device()


def test_an_instant_is_written_in_utc_whatever_its_offset_was() -> None:
    """interface.md 1: instants RFC 3339 in UTC with Z."""
    summer = timezone(timedelta(hours=1))
    plan = the_example()
    moved = replace(plan, at=plan.at.astimezone(summer))
    assert encode_plan(moved)["at"] == "2025-10-01T08:00:00Z"


def without(*path: str | int) -> dict[str, Any]:
    document = copy.deepcopy(encode_plan(the_example()))
    _walk(document, path[:-1]).pop(path[-1])
    return document


def with_other(value: Any, *path: str | int) -> dict[str, Any]:
    document = copy.deepcopy(encode_plan(the_example()))
    _walk(document, path[:-1])[path[-1]] = value
    return document


def _walk(document: Any, path: tuple[str | int, ...]) -> Any:
    for key in path:
        document = document[key]
    return document


REFUSED = {
    "no object": ([], "the document: Expected `object`, got `array`"),
    "no format": (without("format"), "the document: Object missing required field `format`"),
    "another format": (with_other(2, "format"), "format: 2 was found, and this program reads format 1"),
    "no digest": (without("digest"), "the document: Object missing required field `digest`"),
    "no counts": (without("counts"), "counts: this key is missing"),
    "no subject": (without("changes", 0, "subject"), "changes[0]: Object missing required field `subject`"),
    "no target": (without("changes", 0, "target"), "changes[0].target: this key is missing"),
    "unknown kind": (with_other("MakeTea", "changes", 0, "kind"), "changes[0].kind: Invalid enum value 'MakeTea'"),
    "serial as text": (with_other("41", "ledger_serial"), "ledger_serial: Expected `int`, got `str`"),
    "serial as yes": (with_other(True, "ledger_serial"), "ledger_serial: Expected `int`, got `bool`"),
    "no date": (with_other("tomorrow", "today"), "today: Invalid RFC3339 encoded date"),
    "no offset": (with_other("2025-10-01T08:00:00", "at"), "at: an instant without its offset; expected UTC with Z"),
    "a field of the change": (
        with_other(None, "changes", 0, "detail", "display_name"),
        "changes[0].detail.display_name: Expected `str`, got `null`",
    ),
    "a field deep in it": (
        with_other("shed", "changes", 0, "detail", "mailbox", "kind"),
        "changes[0].detail.mailbox.kind: Invalid enum value 'shed'",
    ),
    "a finding": (with_other("dire", "findings", 0, "severity"), "findings[0].severity: Invalid enum value 'dire'"),
    "a limit": (with_other("many", "guard", "limits", "Destructive"), "guard.limits[...]: Expected `int`, got `str`"),
}


@pytest.mark.parametrize(("document", "said"), REFUSED.values(), ids=REFUSED)
def test_a_document_that_is_no_plan_is_refused_with_the_key_path(document: Any, said: str) -> None:
    """interface.md 1: exit 2 names the file, the key path and what was expected."""
    with pytest.raises(UsageError) as refused:
        decode_plan(document)
    assert refused.value.exit_code == 2
    assert refused.value.message == f"This is not a plan: {said}."


@pytest.mark.parametrize(
    ("document", "path"),
    [
        (with_other({"user_principal_name": "me@nexus.ox.ac.uk"}, "changes", 0, "becomes"), "changes[0].becomes"),
        (with_other("food0007", "changes", 0, "target"), "changes[0].target"),
        (with_other("none", "changes", 0, "undo"), "changes[0].undo"),
        (with_other({"CreateMailbox": 2}, "counts"), "counts.CreateMailbox"),
    ],
)
def test_what_a_person_reads_must_be_what_would_be_carried_out(document: Any, path: str) -> None:
    """An altered plan must not show one thing and do another: it is no longer the one approved (interface.md 1: 7)."""
    with pytest.raises(StalePlan, match="altered") as refused:
        decode_plan(document)
    assert path in refused.value.message


def test_two_changes_of_one_id_are_refused() -> None:
    planned = the_example().changes[0]
    with pytest.raises(UsageError, match=r"changes\[1\].id: 'c1' stands there a second time"):
        decode_plan(encode_plan(plan_of([planned, planned])))


def test_a_further_key_is_no_error() -> None:
    """interface.md, first paragraph: additive changes are free."""
    document = encode_plan(the_example())
    assert decode_plan({**document, "note": "checked by Ann"}) == the_example()


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000], ids=["empty", "cut", "not UTF-8", "deep"])
def test_a_file_that_is_no_json_is_refused_by_name(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(content)
    with pytest.raises(UsageError) as refused:
        load_plan(path)
    assert f"{path} is not a JSON document in UTF-8" in refused.value.message
    assert "nexusops plan --out" in refused.value.next_step


def test_a_file_that_is_no_plan_is_refused_by_name_and_key_path(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(without("changes", 0, "rule")), encoding="utf-8")
    with pytest.raises(UsageError) as refused:
        load_plan(path)
    assert refused.value.message == (f"{path}: This is not a plan: changes[0]: Object missing required field `rule`.")


def test_a_missing_file_and_a_folder_that_is_none_are_usage_errors(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        load_plan(tmp_path / "none.json")
    with pytest.raises(UsageError, match=r"cannot be written to .*: No such file"):
        dump_plan(the_example(), tmp_path / "none" / "plan.json")
