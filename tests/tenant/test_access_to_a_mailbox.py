"""tenant-api.md 4.10 to 4.13: an application may use one mailbox, by RBAC for Applications, and no other."""

from __future__ import annotations

import stat
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from building.certificates import in_base64, self_signed
from building.embedded import SETTINGS, Room, box, creation
from cryptography.hazmat.primitives.asymmetric import ec

from nexusops.model.changes import GrantAccess, RevokeAccess, Why
from nexusops.model.steps import GRANT_STEPS, REVOKE_STEPS

OWN, OTHER = box("adminday"), box("other")
WHY = Why(subject="adminday", rule="R61", because="a test")


def granting(connection: str = "exo", **columns: Any) -> GrantAccess:
    return GrantAccess(mailbox=OWN, why=WHY, connection=connection, **columns)


def revoking(connection: str = "exo") -> RevokeAccess:
    return RevokeAccess(mailbox=OWN, why=WHY, connection=connection)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = Room(tmp_path / "tenant.db", settings=replace(SETTINGS, handover=str(tmp_path / "handover")))
    for on in (OWN, OTHER):
        made.perform(creation(on))
    yield made
    made.tenant.close()


def handed_over(tmp_path: Path) -> dict[str, Any]:
    return tomllib.loads((tmp_path / "handover" / "adminday.toml").read_text("utf-8"))


def objects(room: Room, kind: str) -> list[dict[str, Any]]:
    return [dict(one) for one in room.service._book.page(kind)]


def roles(room: Room) -> set[tuple[str, str]]:
    """(role, mailbox scope) of every assignment."""
    scopes = {one["Name"]: one["RecipientFilter"] for one in objects(room, "scope")}
    return {(one["Role"], scopes[one["CustomResourceScope"]]) for one in objects(room, "roleAssignment")}


def filter_of(room: Room) -> str:
    return f"ExternalDirectoryObjectId -eq '{room.service._book.holder('adminday@admin.ox.ac.uk')}'"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (granting(), {"Application Mail.Send"}),
        (granting(receives=True), {"Application Mail.Send", "Application Mail.ReadWrite"}),
        (granting("ms_smtp"), {"Application SMTP.SendAsApp"}),
    ],
    ids=["sends", "receives", "smtp"],
)
def test_the_right_is_limited_to_the_one_mailbox(room: Room, change: GrantAccess, expected: set[str]) -> None:
    """R61, R63: by a scope that only this mailbox passes, with nothing consented in Entra for the whole tenant."""
    assert room.results(change) == ["done"] * len(GRANT_STEPS)
    assert roles(room) == {(role, filter_of(room)) for role in expected}
    (app,) = (one for one in objects(room, "application") if one.get("uniqueName") == "nexusops-saas-adminday")
    (principal,) = room.service._book.find("servicePrincipal", "appId", app["appId"])
    assert room.service._book.find("assignment", "principalId", principal["id"]) == []
    assert app["signInAudience"] == "AzureADMyOrg"


def test_smtp_is_switched_on_for_this_mailbox_alone(room: Room) -> None:
    """R63, 4.10: and only where the product sends through it."""
    room.perform(granting("ms_smtp"))
    found = {one["Name"]: one["_cas"]["SmtpClientAuthenticationDisabled"] for one in objects(room, "mailbox")}
    assert found == {"adminday": False, "other": None}
    room.perform(revoking("ms_smtp"))
    room.perform(granting("exo"))
    assert {one["_cas"]["SmtpClientAuthenticationDisabled"] for one in objects(room, "mailbox")} == {None}


def test_a_second_time_nothing_is_written(room: Room) -> None:
    room.perform(granting("ms_smtp"))
    before = room.writes()
    assert room.results(granting("ms_smtp")) == ["done"] * len(GRANT_STEPS)
    assert [one for one in room.writes()[len(before) :] if not one.startswith("Test-")] == []


def test_the_secret_is_in_the_file_and_nowhere_else(room: Room, tmp_path: Path) -> None:
    """R64: handed over for its reader alone; never in an outcome, or in what the service was asked."""
    outcomes = room.perform(granting())
    found = handed_over(tmp_path)
    secret = found.pop("client_secret")
    (app,) = (one for one in objects(room, "application") if one.get("uniqueName"))
    (known,) = app["passwordCredentials"]
    assert found == {
        "mailbox": "adminday@admin.ox.ac.uk",
        "connection": "exo",
        "tenant_id": room.service.tenant_id,
        "client_id": app["appId"],
        "key_id": known["keyId"],
        "ends_on": known["endDateTime"][:10],
    }
    assert secret == known["secretText"]
    assert secret not in repr(outcomes)
    assert secret not in repr(room.service.requests())
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "handover", *(tmp_path / "handover").iterdir())]
    assert modes == [0o700, 0o600]


def test_a_secret_that_no_file_holds_is_taken_back(room: Room, tmp_path: Path) -> None:
    """4.13: a lost answer, or a crash before the file was written, leaves no secret that nobody has."""
    room.perform(granting(), "application")
    room.faults({"match": {"path": "addPassword"}, "kind": "drop_after"})
    assert room.results(granting(), "credential") == ["failed"]
    assert room.results(granting(), "credential") == ["done"]
    (app,) = (one for one in objects(room, "application") if one.get("uniqueName"))
    assert [one["keyId"] for one in app["passwordCredentials"]] == [handed_over(tmp_path)["key_id"]]


def test_a_new_secret_leaves_the_old_one_until_it_ends(room: Room, tmp_path: Path) -> None:
    """2.4: renewed once; the product works on with what it has."""
    room.perform(granting())
    old = handed_over(tmp_path)
    aged(room, "2026-01-31T00:00:00Z")
    renewal = granting(signs_in_until=date(2026, 1, 31), renew=True)
    assert room.results(renewal, "credential") == ["done"]
    new = handed_over(tmp_path)
    (app,) = (one for one in objects(room, "application") if one.get("uniqueName"))
    assert [one["keyId"] for one in app["passwordCredentials"]] == [old["key_id"], new["key_id"]]
    before = room.writes()
    assert room.results(renewal, "credential") == ["done"]
    assert room.writes() == before


def sign_ins(room: Room) -> tuple[list[str], list[str]]:
    """The ids of its secrets, and the thumbprints of its certificates."""
    (app,) = (one for one in objects(room, "application") if one.get("uniqueName"))
    keys = [one["customKeyIdentifier"] for one in app["keyCredentials"]]
    return [one["keyId"] for one in app["passwordCredentials"]], keys


def stranger(room: Room) -> None:
    """Somebody who had the secret gave the application another one."""
    (app,) = (one for one in objects(room, "application") if one.get("uniqueName"))
    room.tenant._run(
        room.tenant._graph.send("POST", f"/applications/{app['id']}/addPassword", {"passwordCredential": {}})
    )


def test_what_leaked_ends_once_the_new_secret_is_handed_over(room: Room, tmp_path: Path) -> None:
    """Make before break; what a stranger added ends with it, and a repetition takes nothing more."""
    room.perform(granting())
    old = handed_over(tmp_path)
    aged(room, "2026-01-31T00:00:00Z")
    stranger(room)
    revocation = granting(signs_in_until=date(2026, 1, 31), renew=True, withdraw=True)
    outcomes = room.perform(revocation)
    assert [one.step for one in outcomes] == [*GRANT_STEPS, "withdrawal"]
    new = handed_over(tmp_path)
    assert (sign_ins(room), new["key_id"] != old["key_id"]) == (([new["key_id"]], []), True)
    assert outcomes[-1].message == "2 withdrawn"
    assert new["client_secret"] not in repr(outcomes)
    assert room.results(replace(revocation, renew=False), "withdrawal") == ["done"]
    assert sign_ins(room) == ([new["key_id"]], [])


def test_a_withdrawal_that_broke_off_leaves_the_one_that_was_handed_over(room: Room, tmp_path: Path) -> None:
    """The run died after the hand-over, and somebody took the file away before the next one."""
    room.perform(granting())
    aged(room, "2026-01-31T00:00:00Z")
    room.perform(granting(signs_in_until=date(2026, 1, 31), renew=True), "credential")
    new = handed_over(tmp_path)
    (tmp_path / "handover" / "adminday.toml").unlink()
    goes_on = granting(signs_in_until=date.fromisoformat(new["ends_on"]), withdraw=True)
    assert room.results(goes_on) == ["done"] * 5
    assert sign_ins(room) == ([new["key_id"]], [])


def test_nothing_is_withdrawn_where_the_new_one_is_not_there(room: Room) -> None:
    room.perform(granting())
    secrets = sign_ins(room)
    assert room.results(granting(certificate=certificate(), withdraw=True), "withdrawal") == ["set_aside"]
    assert sign_ins(room) == secrets


def test_of_certificates_only_the_one_that_is_filed_stays(room: Room) -> None:
    own = certificate()
    room.perform(granting(certificate=certificate()))
    stranger(room)
    assert room.results(granting(certificate=own, withdraw=True)) == ["done"] * 5
    secrets, keys = sign_ins(room)
    assert (secrets, len(keys)) == ([], 1)


def test_a_secret_whose_file_is_gone_stays_with_its_product(room: Room, tmp_path: Path) -> None:
    """2.4: another direction grants anew, and must not take away what the product signs in with."""
    room.perform(granting())
    aged(room, "2026-01-31T00:00:00Z")
    (tmp_path / "handover" / "adminday.toml").unlink()
    again = granting(receives=True, signs_in_until=date(2026, 1, 31))
    assert room.results(again) == ["done"] * len(GRANT_STEPS)
    (app,) = (one for one in objects(room, "application") if one.get("uniqueName"))
    assert len(app["passwordCredentials"]) == 1
    assert not (tmp_path / "handover" / "adminday.toml").exists()


def aged(room: Room, until: str) -> None:
    """The application's secret ends then."""
    book = room.service._book
    (app,) = (one for one in objects(room, "application") if one.get("uniqueName"))
    secrets = [{**one, "endDateTime": until} for one in app["passwordCredentials"]]
    room.service._write(lambda: book.put("application", app["id"], {**app, "passwordCredentials": secrets}))


def test_a_certificate_makes_no_secret(room: Room, tmp_path: Path) -> None:
    """R64: the product's own certificate, whose last day is kept; no file is written."""
    der = certificate()
    (*_, outcome) = room.perform(granting(certificate=der))
    (app,) = (one for one in objects(room, "application") if one.get("uniqueName"))
    assert ([one["key"] for one in app["keyCredentials"]], app["passwordCredentials"]) == ([der], [])
    assert outcome.after is not None
    assert outcome.after["ends_on"] == app["keyCredentials"][0]["endDateTime"][:10]
    assert not (tmp_path / "handover").exists()
    before = room.writes()
    room.perform(granting(certificate=der), "credential")
    assert room.writes() == before


def test_an_application_with_a_right_to_everything_is_set_aside(room: Room) -> None:
    """4.12: consented in Entra, the scope would be worthless."""
    room.perform(granting(), "application")
    (app,) = (one for one in objects(room, "application") if one.get("uniqueName"))
    (principal,) = room.service._book.find("servicePrincipal", "appId", app["appId"])
    held = {"id": "a1", "principalId": principal["id"], "resourceId": "r", "appRoleId": "x"}
    room.service._write(lambda: room.service._book.put("assignment", "a1", held))
    (outcome,) = room.perform(granting(), "application")
    assert outcome.result == "set_aside"
    assert "whole tenant" in outcome.message


@pytest.mark.parametrize(
    ("means", "result"),
    [
        ("CustomAttribute15 -eq 'all'", "set_aside"),
        ("{own} -or Alias -like 'a*'", "set_aside"),
        ("({own}) -or (Alias -like 'a*')", "set_aside"),
        ("(({own}))", "done"),
    ],
)
def test_a_scope_of_that_name_that_means_something_else_is_set_aside(room: Room, means: str, result: str) -> None:
    """R62: whoever widened it would have the application read others' mail; Exchange may add brackets."""
    room.perform(granting(), "application", "scope")
    own = dict(objects(room, "scope")[0])
    scope = own | {"RecipientFilter": means.format(own=own["RecipientFilter"])}
    room.service._write(lambda: room.service._book.put("scope", scope["Name"].lower(), scope))
    (outcome,) = room.perform(granting(), "scope")
    assert outcome.result == result
    assert (scope["RecipientFilter"] in outcome.message) is (result == "set_aside")


def test_another_connection_takes_the_old_role_away(room: Room) -> None:
    """Least privilege: what the new connection does not need goes."""
    room.perform(granting(receives=True))
    room.perform(granting("ms_smtp"))
    assert roles(room) == {("Application SMTP.SendAsApp", filter_of(room))}


def test_taking_it_away_leaves_nothing_and_can_be_undone_exactly(room: Room, tmp_path: Path) -> None:
    """4.13: the application is soft-deleted, and comes back with what it signs in with."""
    room.perform(granting("ms_smtp"))
    before, secret = roles(room), handed_over(tmp_path)["client_secret"]
    assert room.results(revoking("ms_smtp")) == ["done"] * len(REVOKE_STEPS)
    assert (roles(room), objects(room, "scope"), objects(room, "exchangePrincipal")) == (set(), [], [])
    assert not [one for one in objects(room, "application") if one.get("uniqueName")]
    assert room.results(revoking("ms_smtp")) == ["done"] * len(REVOKE_STEPS)
    assert room.results(granting("ms_smtp")) == ["done"] * len(GRANT_STEPS)
    (app,) = (one for one in objects(room, "application") if one.get("uniqueName"))
    assert roles(room) == before
    assert [one["secretText"] for one in app["passwordCredentials"]] == [secret]


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
@pytest.mark.parametrize(
    "match",
    [
        {"method": "POST", "path": "/v1.0/applications"},
        {"method": "POST", "path": "/v1.0/servicePrincipals"},
        {"cmdlet": "New-ServicePrincipal"},
        {"cmdlet": "New-ManagementScope"},
        {"cmdlet": "New-ManagementRoleAssignment"},
        {"cmdlet": "Set-CASMailbox"},
    ],
    ids=lambda match: match.get("cmdlet") or match["path"].rpartition("/")[2],
)
def test_a_write_whose_answer_was_lost_is_settled_by_reading(room: Room, match: dict[str, str], kind: str) -> None:
    """interface.md 9: done in the end, and made once."""
    room.faults({"match": match, "kind": kind})
    assert room.results(granting("ms_smtp")) == ["done"] * len(GRANT_STEPS)
    assert room.unspent() == []
    made = {kind: len(objects(room, kind)) for kind in ("exchangePrincipal", "scope", "roleAssignment")}
    assert made == {"exchangePrincipal": 1, "scope": 1, "roleAssignment": 1}
    assert len([one for one in objects(room, "application") if one.get("uniqueName")]) == 1


def certificate() -> str:
    """A product's certificate, as base64 of its DER."""
    now = datetime.now(UTC)
    return in_base64(self_signed(ec.generate_private_key(ec.SECP256R1()), now, now + timedelta(days=365)))


def test_the_jobs_own_permissions_are_enough(tmp_path: Path) -> None:
    """Least privilege of the job saas_mailboxes: what it declares, and nothing else, opens all of its steps."""
    from jobs.saas_mailboxes import job

    settings = replace(SETTINGS, handover=str(tmp_path / "handover"))
    everything = Room(tmp_path / "tenant.db", settings=settings)
    everything.perform(creation(OWN))
    everything.tenant.close()
    grants = [*job.graph, *(name for name in job.exchange if name != "Mail Recipients")]
    room = Room(tmp_path / "tenant.db", settings=settings, grants=grants)
    assert room.results(granting("ms_smtp")) == ["done"] * len(GRANT_STEPS)
    assert room.results(revoking("ms_smtp")) == ["done"] * len(REVOKE_STEPS)
    assert room.results(granting("ms_smtp")) == ["done"] * len(GRANT_STEPS)
    room.tenant.close()
