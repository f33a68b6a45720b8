"""``undo RUN``: exactly the values before the run, held against the data until these change (interface.md 3, 4)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from building.by_hand import exchange
from building.killed import DAYS, KilledSite, differing, first_day, second_day

from nexusops import wiring
from nexusops.cli import call

FIRST, SECOND, _ = DAYS
BO = "1000003"
THIRD = "2025-01-17T09:00:00Z"


@dataclass(frozen=True, slots=True)
class Site:
    """A site after two days' runs, the second of which is undone."""

    killed: KilledSite
    capture: pytest.CaptureFixture[str]
    first: dict[str, Any]

    @property
    def second_run(self) -> str:
        return self.runs()[1]

    def runs(self) -> list[str]:
        with wiring.opened(self.killed.folder / "config") as site:
            return [run.run_id for run in site.ports.store.runs()]

    def undo(self, *words: str, at: str = SECOND) -> tuple[int, str, str]:
        self.capture.readouterr()
        code = call(["--config", str(self.killed.folder / "config"), "undo", *words, "--at", at])
        said = self.capture.readouterr()
        return code, said.out, said.err

    def plan(self, at: str) -> dict[str, Any]:
        self.capture.readouterr()
        assert self.killed.type("plan", at, "--format", "json") == 0
        document: dict[str, Any] = json.loads(self.capture.readouterr().out)
        return document


@pytest.fixture
def site(one_day: KilledSite, second: KilledSite, capsys: pytest.CaptureFixture[str]) -> Site:
    return Site(second, capsys, one_day.outcome())


def ends(site: Site, address: str) -> tuple[str, str | None, str | None, str | None]:
    """State, and the days of wind-down, notice and end."""
    row = next(one for one in site.killed.outcome()["state"]["addresses"] if one["address"] == address)
    return row["state"], row["winddown_on"], row["notice_sent_on"], row["delete_on"]


def tenant(outcome: dict[str, Any]) -> dict[str, Any]:
    """Mailboxes that are there, by person and by name."""
    found: dict[str, Any] = {**outcome["tenant"]["people"], **outcome["tenant"]["boxes"]}
    return {name: box for name, box in found.items() if not box["deleted"]}


def live(outcome: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for row in outcome["state"]["addresses"] if row["state"] != "deleted"]


def changes(document: dict[str, Any]) -> list[tuple[str, str]]:
    """But for the notices to those who left, whom nobody undid."""
    found = [(change["kind"], change["target"]) for change in document["changes"]]
    return [one for one in found if one not in (("SendNotice", "chem-office"), ("SendNotice", "chem0004"))]


def test_what_a_run_did_is_taken_back_to_the_very_values_before_it(site: Site) -> None:
    """interface.md 3, 4: the plan changes nothing; carried out, all is as on the day before."""
    ended = site.killed.outcome()
    code, out, _ = site.undo(site.second_run, "--format", "json")
    plan = json.loads(out)
    assert code == 0
    assert differing(site.killed.outcome(), ended) == {}
    assert changes(plan) == [
        ("EnableMailbox", "chem0003"),
        ("ReviveAddress", "ann.lee2@chem.ox.ac.uk"),
        ("ReviveAddress", "ann.lee@ball.ox.ac.uk"),
        ("ReviveAddress", "ann.lee@chem.ox.ac.uk"),
        ("SetSender", "chem0001"),
        ("SetSender", "chem0002"),
        ("SetSender", "chem0005"),
        ("RemoveAddress", "ann.lee2@law.ox.ac.uk"),
        ("RemoveAddress", "ann.shaw@ball.ox.ac.uk"),
        ("RemoveAddress", "ann.shaw@chem.ox.ac.uk"),
        ("RemoveAddress", "di.eden@stats.ox.ac.uk"),
        ("ClearForward", "chem0005"),
        ("DeleteMailbox", "law0006"),
    ]
    assert {change["rule"] for change in plan["changes"]} == {"undo"}
    assert site.undo(site.second_run, "--apply", "--reason", "wrong feed")[0] == 0
    assert differing(tenant(site.killed.outcome()), tenant(site.first)) == {}
    assert live(site.killed.outcome()) == live(site.first)


def test_a_sender_of_an_own_mail_domain_comes_back_with_its_forward(site: Site) -> None:
    """3.7, R58: it is none of the mailbox's addresses, and may send; the forward alone would take all mail away."""
    site.killed.export(THIRD, second_day().remove("sender_choices", person_id="1000005"))
    assert site.killed.type("run", THIRD) == 0
    assert tenant(site.killed.outcome())["1000005"]["primary"] != "di.eden@stats.ox.ac.uk"
    assert site.undo(site.runs()[2], "--apply", "--reason", "wrong feed", at=THIRD)[0] == 0
    assert site.killed.type("run", THIRD) == 0
    kept = tenant(site.killed.outcome())["1000005"]
    assert (kept["primary"], kept["forward"] is not None) == ("di.eden@stats.ox.ac.uk", True)


def test_what_was_undone_is_not_done_again_until_the_rows_change(site: Site) -> None:
    """architecture.md, Holds: not by the next runs, whatever they look at; then by the first whose rows differ."""
    assert site.undo(site.second_run, "--apply", "--actor", "ann", "--reason", "wrong feed")[0] == 0
    assert site.killed.type("run", SECOND) == 0
    assert differing(tenant(site.killed.outcome()), tenant(site.first)) == {}
    again = site.plan(THIRD)
    assert changes(again) == []
    held = {f["subject"]: f["message"] for f in again["findings"] if f["code"] == "UNDONE"}
    assert sorted(held) == ["1000001", "1000002", "1000003", "1000005", "1000006"]
    assert held["1000003"] == "kept as ann undid it (the mailbox), until registration says something new"
    assert site.killed.type("run", THIRD, "--refresh", "full") == 0
    assert changes(site.plan(THIRD)) == []
    newer = second_day()
    newer.change("cards", {"person_id": "1000001"}, end_date="2027-09-30")
    site.killed.export("2025-01-17T10:00:00Z", newer)
    assert changes(site.plan("2025-01-17T10:00:00Z")) == [
        ("AddAddress", "ann.shaw@ball.ox.ac.uk"),
        ("AddAddress", "ann.shaw@chem.ox.ac.uk"),
        ("SetSender", "chem0001"),
        ("WindDownAddress", "ann.lee@ball.ox.ac.uk"),
        ("WindDownAddress", "ann.lee@chem.ox.ac.uk"),
    ]


def test_a_new_choice_of_sender_ends_the_hold(site: Site) -> None:
    assert site.undo(site.second_run, "--apply")[0] == 0
    assert site.killed.type("run", SECOND) == 0
    newer = second_day()
    newer.change("sender_choices", {"person_id": "1000005"}, chosen_at="2025-01-17T07:00:00Z")
    site.killed.export(THIRD, newer)
    assert changes(site.plan(THIRD)) == [("SetSender", "chem0005"), ("SetForward", "chem0005")]


def test_who_was_told_of_an_end_that_is_undone_is_told_so_by_the_next_run(site: Site) -> None:
    """D23: one message, once; nobody is told who had heard nothing yet."""
    assert site.killed.type("run", THIRD) == 0
    assert site.undo(site.second_run, "--apply", at=THIRD)[0] == 0
    site.killed.export("2025-01-17T10:00:00Z", second_day())
    assert site.killed.type("run", "2025-01-17T10:00:00Z") == 0
    told = [n for n in site.killed.outcome()["state"]["notices"] if n["kind"] == "winddown_cancelled"]
    assert [(n["person_id"], n["addresses"], n["sent_on"]) for n in told] == [
        ("1000001", ["ann.lee@ball.ox.ac.uk", "ann.lee@chem.ox.ac.uk"], "2025-01-17"),
        ("1000002", ["ann.lee2@chem.ox.ac.uk"], "2025-01-17"),
    ]
    assert changes(site.plan("2025-01-17T10:00:00Z")) == []
    assert sum(n["kind"] == "winddown" for n in site.killed.outcome()["state"]["notices"]) == 2


def test_a_wind_down_that_comes_back_after_it_was_called_off_begins_anew(site: Site) -> None:
    """R46, R47: the owner was told that the address stays, so what had been announced before is no notice any more."""
    told, after = "2025-01-17T10:00:00Z", "2025-01-18T08:00:00Z"
    assert site.killed.type("run", THIRD) == 0
    assert site.undo(site.second_run, "--apply", at=THIRD)[0] == 0
    site.killed.export(told, second_day())
    assert site.killed.type("run", told) == 0
    undo = site.runs()[-2]
    assert site.undo(undo, "--apply", at=told)[0] == 0
    assert ends(site, "ann.lee2@chem.ox.ac.uk") == ("winddown", "2025-01-17", None, "2025-03-18")
    site.killed.export(after, second_day())
    assert site.killed.type("run", after) == 0
    assert ends(site, "ann.lee2@chem.ox.ac.uk") == ("winddown", "2025-01-17", "2025-01-18", "2025-03-18")


def test_an_address_that_an_undo_keeps_in_its_wind_down_is_announced_and_ends(site: Site) -> None:
    """R41, R47: its owner is not told that it stays, and it does not receive for ever."""
    back = second_day()
    back.change("affiliations", {"person_id": "1000002", "unit_id": "CHEM"}, end_date="")
    for day in (THIRD, "2025-01-20T08:00:00Z", "2025-01-21T08:00:00Z", "2025-03-21T08:00:00Z"):
        site.killed.export(day, second_day() if day == THIRD else back)
        assert site.killed.type("run", day) == 0
        if day == "2025-01-20T08:00:00Z":
            assert site.undo(site.runs()[-1], "--apply", at=day)[0] == 0
    assert ends(site, "ann.lee2@chem.ox.ac.uk") == ("deleted", "2025-01-20", "2025-01-21", "2025-03-21")
    mine = [n for n in site.killed.outcome()["state"]["notices"] if n["person_id"] == "1000002"]
    assert [(n["kind"], n["sent_on"]) for n in mine if "winddown" in n["kind"]] == [
        ("winddown", "2025-01-17"),
        ("winddown_cancelled", "2025-01-20"),
        ("winddown", "2025-01-21"),
    ]


def test_an_address_whose_end_was_undone_does_not_end_again_by_itself(site: Site) -> None:
    """Architecture.md, Holds: it stays until its rows change, although its day is over."""
    for day in (THIRD, "2025-03-17T08:00:00Z", "2025-03-18T08:00:00Z"):
        site.killed.export(day, second_day())
        assert site.killed.type("run", day) == 0
        if day == "2025-03-17T08:00:00Z":
            assert ends(site, "ann.lee2@chem.ox.ac.uk")[0] == "deleted"
            assert site.undo(site.runs()[-1], "--apply", at=day)[0] == 0
    assert ends(site, "ann.lee2@chem.ox.ac.uk")[0] == "winddown"


def test_an_address_that_an_undo_keeps_is_suspended_with_its_mailbox(site: Site) -> None:
    """R36: a card's end is nothing that was undone; the address went on receiving, on a mailbox that was disabled."""
    assert site.undo(site.second_run, "--apply", "--reason", "wrong feed")[0] == 0
    site.killed.export("2026-10-01T09:00:00Z", second_day())
    assert site.killed.type("run", "2026-10-01T09:00:00Z") == 0
    rows = {row["address"]: row["state"] for row in live(site.killed.outcome()) if row["mailbox"] == "chem0001"}
    assert rows == dict.fromkeys(
        ("ann.lee@ball.ox.ac.uk", "ann.lee@chem.ox.ac.uk", "chem0001@nexus.ox.ac.uk"), "suspended"
    )


def test_of_an_address_that_an_undo_keeps_nobody_is_told_that_it_ends(site: Site) -> None:
    """R47, D04: not under `same_day` either, where the notice falls due with the wind-down."""
    assert site.undo(site.second_run, "--apply")[0] == 0
    policy = site.killed.folder / "config" / "policy.toml"
    policy.write_text('[notice]\npolicy = "same_day"\n', encoding="utf-8")
    site.killed.export(THIRD, second_day())
    assert changes(site.plan(THIRD)) == []


def test_a_merger_that_was_undone_and_is_announced_anew_takes_place(site: Site) -> None:
    """Architecture.md, Holds: what registration says of a person's unit is news to the person's hold, too."""
    assert site.undo(site.second_run, "--apply")[0] == 0
    assert site.killed.type("run", SECOND) == 0
    site.killed.export(THIRD, second_day().reorg("r1", "merge", "2025-01-17", "CHEM", "STAT"))
    held = {finding["subject"] for finding in site.plan(THIRD)["findings"] if finding["code"] == "UNDONE"}
    assert not held & {"1000001", "1000002"}


def test_an_undo_is_undone_and_the_next_run_goes_its_way(site: Site) -> None:
    ended = site.killed.outcome()
    assert site.undo(site.second_run, "--apply")[0] == 0
    assert site.undo(site.runs()[-1], "--apply")[0] == 0
    assert site.killed.type("run", SECOND) == 0
    assert differing(tenant(site.killed.outcome()), tenant(ended)) == {}
    assert live(site.killed.outcome()) == live(ended)
    assert changes(site.plan(THIRD)) == [("SendNotice", "chem0001"), ("SendNotice", "chem0002")]


def test_a_disabled_mailbox_comes_back_with_the_protocols_and_the_hiding_that_it_had(
    fresh: KilledSite, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """tenant-api.md 12, 5: the journalled values, not the defaults, even where the disabling was interrupted."""
    killed = fresh
    own = {"ImapEnabled": False, "PopEnabled": False}
    exchange(killed, BO, "Set-CASMailbox", **own)
    exchange(killed, BO, "Set-Mailbox", HiddenFromAddressListsEnabled=True)
    killed.export(SECOND, first_day().change("cards", {"person_id": BO}, end_date="2025-01-15"))
    # Its last four transactions: intent and outcome of the protocols, intent and outcome of the hiding.
    protocols = killed.copied(tmp_path / "counted").transactions(SECOND) - 3
    assert killed.kill(SECOND, protocols)
    with wiring.opened(killed.folder / "config") as opened:
        assert {intent.entry.step for intent in opened.ports.store.open_intents()} == {"protocols"}
    # The write itself went through, and its outcome was never noted.
    exchange(killed, BO, "Set-CASMailbox", OWAEnabled=False, MAPIEnabled=False)
    site = Site(killed, capsys, {})
    assert site.killed.type("run", SECOND) == 0
    assert exchange(site.killed, BO, "Get-CASMailbox")[0]["OWAEnabled"] is False
    assert site.undo(site.second_run, "--apply")[0] == 0
    flags = exchange(site.killed, BO, "Get-CASMailbox")[0]
    assert {name: flags[name] for name in (*own, "OWAEnabled")} == {**own, "OWAEnabled": True}
    assert exchange(site.killed, BO, "Get-Mailbox")[0]["HiddenFromAddressListsEnabled"] is True


def test_a_mailbox_that_answers_while_it_is_disabled_has_its_own_reply_back_afterwards(
    fresh: KilledSite, capsys: pytest.CaptureFixture[str]
) -> None:
    """D08, accept_autoreply; tenant-api.md 4.15: the text of the policy to everybody, then what its owner had set."""
    killed = fresh
    (killed.folder / "config" / "policy.toml").write_text(
        '[disabled]\ninbound = "accept_autoreply"\nreply = "Nobody reads this mailbox."\n', encoding="utf-8"
    )
    own = {"ExternalMessage": "Away until May.", "AutoReplyState": "Scheduled"}
    times = {"StartTime": "2025-01-02T00:00:00Z", "EndTime": "2025-05-01T00:00:00Z"}
    exchange(killed, BO, "Set-MailboxAutoReplyConfiguration", **own, **times)
    before = exchange(killed, BO, "Get-MailboxAutoReplyConfiguration")[0]
    killed.export(SECOND, first_day().change("cards", {"person_id": BO}, end_date="2025-01-15"))
    site = Site(killed, capsys, {})
    assert site.killed.type("run", SECOND, "--accept", "Destructive=1") == 0
    found = exchange(killed, BO, "Get-MailboxAutoReplyConfiguration")[0]
    text = "Nobody reads this mailbox."
    assert (found["AutoReplyState"], found["ExternalAudience"]) == ("Enabled", "All")
    assert (found["InternalMessage"], found["ExternalMessage"]) == (text, text)
    assert site.undo(site.second_run, "--apply")[0] == 0
    assert exchange(killed, BO, "Get-MailboxAutoReplyConfiguration")[0] == before
