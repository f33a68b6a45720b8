"""Answers about one fact that agree: explain, unit show, simulate and preview of what ends (rules.md 4)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from building.old_tenant import AS_OF, AT, OldTenant

HEAD = "head@chem.ox.ac.uk"


@pytest.fixture
def post(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> OldTenant:
    """CHEM is to be merged into LAW, and has a role address. The student of BALL is about to leave."""
    site = OldTenant(tmp_path, capsys)
    site.data.unit("LAW", "department", "law.ox.ac.uk").domain("law.ox.ac.uk")
    site.data.unit("STAT", "department", "stats.ox.ac.uk", own_mail=True).domain("stats.ox.ac.uk", managed=False)
    site.student("1000001", "ball0001", "Ann Lee", cancelled_on="2025-10-02")
    site.student("1000002", "chem0002", "Bo Chen", "STAT")
    site.data.staff("chem0002", "1000002", "CHEM").nonpersonal_address(HEAD, "CHEM", target="mailbox:chem0002")
    site.data.external_route("bo@stats.ox.ac.uk", "bo@mailhost.stats.example", "1000002")
    site.data.route("ann.lee@balliol.ox.ac.uk", "ann@else.example", "chem0002")
    site.data.reorg("r1", "merge", "2025-10-15", "CHEM", "LAW", 2)
    assert site.with_snapshot("run").code == 0
    return site


def on(site: OldTenant, day: str) -> None:
    snapshot = site.data.write(site.folder / day, f"{day}{AS_OF[10:]}")
    assert site.type("run", "--at", f"{day}{AT[10:]}", "--snapshot", snapshot).code == 0


def explained(site: OldTenant, subject: str, day: str = AT[:10]) -> Any:
    return site.at("explain", subject, "--format", "json", at=f"{day}{AT[10:]}").document


def facts(document: Any, label: str) -> list[tuple[str, str]]:
    return [(one["value"], one["because"]) for one in document["facts"] if one["label"] == label]


def test_the_end_of_an_address_on_no_mailbox_is_told_by_all_who_are_asked(post: OldTenant) -> None:
    """R27, D31: the domain's end is a date of the address, before the merger as after it."""
    for day in ("2025-10-01", "2025-10-15"):
        if day != AT[:10]:
            on(post, day)
        told = [(one["on"], one["rule"]) for one in explained(post, HEAD, day)["upcoming"]]
        days = post.at("simulate", "--until", "2026-03-01", "--format", "json", at=f"{day}{AT[10:]}").document["days"]
        ended = [(one["date"], one["ended"]) for one in days if one["ended"]]
        assert (told, ended) == ([("2025-12-16", "R27")], [("2025-12-16", [HEAD])])
    unit = post.type("unit", "show", "CHEM", "--format", "json").document
    assert unit["domain_state"] == "winddown"
    assert f"{HEAD}  ends 2025-12-16  no notice  CHEM" in post.type("unit", "show", "CHEM").out
    on(post, "2025-12-16")
    assert explained(post, HEAD, "2025-12-16")["upcoming"] == []


def test_an_address_is_explained_with_what_was_found_of_it(post: OldTenant) -> None:
    """R16, R24: a route that is ignored is not told as one that counts."""
    assert facts(explained(post, HEAD), "finding")[0][0] == "ROLE_TO_PERSONAL"
    ann = explained(post, "ann.lee@balliol.ox.ac.uk")
    assert facts(ann, "finding")[0][0] == "NOT_UNIT_IT"
    assert facts(ann, "routed") == [
        ("not to ann@else.example", "set by chem0002 on 2020-01-01; it is ignored, as the finding says")
    ]
    gone = {"destination": "mailbox:gone0001", "set_by": "registration"}
    post.data.change("routing", {"address": "ann.lee@balliol.ox.ac.uk"}, **gone)
    on(post, "2025-10-02")
    ann = explained(post, "ann.lee@balliol.ox.ac.uk", "2025-10-02")
    assert facts(ann, "finding")[0][0] == "DANGLING_ROUTE"
    assert facts(ann, "routed")[0][0] == "not to mailbox:gone0001"


def test_an_address_in_a_domain_with_mail_of_its_own_leads_to_its_person(post: OldTenant) -> None:
    """D35"""
    said = post.at("explain", "Bo@stats.ox.ac.uk")
    assert said.code == 6
    assert said.err == (
        "bo@stats.ox.ac.uk is no address that is managed here: its domain has mail of its own, "
        "and mail for it goes to bo@mailhost.stats.example.\n"
        "Next: See `nexusops explain 1000002`, whose it is.\n"
    )


def test_who_comes_back_in_a_grace_keeps_the_mailbox(post: OldTenant) -> None:
    """D23: the timers are dropped, and that is something."""
    on(post, "2025-10-02")
    said = post.at("preview", "ball0001", at="2025-10-02T08:00:00Z")
    assert said.out.splitlines()[1:] == ["  Keep the mailbox ball0001: it is no longer to be disabled on 2025-11-02."]


def test_another_status_is_tried_before_it_is_asked_for(post: OldTenant) -> None:
    """R42, R43: what the next runs would do under it, whoever is here; of one that gives none nothing returns."""
    post.student("1000003", "ball0003", "Cy Dunn")
    post.data.change("cards", {"person_id": "1000003"}, status_code="VX")
    on(post, "2025-10-02")
    loses = post.at("preview", "chem0002", "--status", "vx", "--format", "json", at="2025-10-02T09:00:00Z").document
    ends = [(one["on"], one["what"].split(",")[0]) for one in loses["upcoming"] if one["rule"] == "R42"]
    assert ends == [
        ("2025-10-03", "Tell chem0002@nexus.ox.ac.uk that the new status has no mailbox"),
        ("2025-11-02", "Delete the mailbox chem0002"),
    ]
    assert post.at("preview", "ball0003", at="2025-10-02T09:00:00Z").out.splitlines() == [
        "ball0003, with a current card and back in BALL, from the next run on:",
        "  No mailbox: the status VX of their card gives none. Another one: --status CODE.",
    ]
    gets = post.at("preview", "ball0003", "--status", "UG", at="2025-10-02T09:00:00Z").out.splitlines()
    assert gets[:2] == [
        "ball0003, if the status of their card were UG from the next run on:",
        "  2025-10-02  Create the personal mailbox ball0003 for Cy Dunn, signing in as ball0003@nexus.ox.ac.uk (R2)",
    ]
    unknown = post.at("preview", "ball0003", "--status", "EMERITUS", at="2025-10-02T09:00:00Z")
    assert (unknown.code, "with --status: AV, CB," in unknown.err) == (2, True)


def test_who_stands_without_a_mailbox_is_told_why(post: OldTenant) -> None:
    """D26, D46: "it says disabled, but I still work here": a card that is missing was cancelled by nobody."""
    for number, name in enumerate(("Cy Dunn", "Di Eck", "Ed Fry"), start=3):
        post.student(f"100000{number}", f"ball000{number}", name)
    on(post, "2025-10-02")
    post.data.change("cards", {"person_id": "1000003"}, status_code="VX", status_effective_on="2025-10-03")
    post.data.change("cards", {"person_id": "1000004"}, end_date="2025-10-02")
    post.data.remove("cards", person_id="1000005")
    for day in ("2025-10-03", "2025-10-10"):
        on(post, day)
    why = {
        subject: [because for _, because in facts(explained(post, subject, "2025-10-10"), "standing")]
        for subject in ("ball0001", "ball0003", "ball0004", "ball0005")
    }
    assert why == {
        "ball0001": ["the card was cancelled on 2025-10-02"],
        "ball0003": ["the status VX of the card gives no mailbox"],
        "ball0004": ["the card ended on 2025-10-02"],
        "ball0005": ["the registration data have no card of theirs; one that is missing counts as cancelled"],
    }
    missing = facts(explained(post, "ball0005", "2025-10-10"), "mailbox")
    assert [because for _, because in missing] == [
        "the card is missing from the registration data, and counts as cancelled since 2025-10-10"
    ]


def test_a_mailbox_that_waits_for_an_approval_after_its_card_is_overdue(post: OldTenant) -> None:
    """R36, D28: a guard stops the run on the day, and the days go by."""
    post.student("1000003", "ball0003", "Cy Dunn")
    post.data.change("cards", {"person_id": "1000003"}, end_date="2025-10-02")
    on(post, "2025-10-02")
    (post.folder / "config" / "guard.toml").write_text("[limits]\nDestructive = 0\n", "utf-8")
    snapshot = post.data.write(post.folder / "late", f"2025-10-05{AS_OF[10:]}")
    assert post.type("run", "--at", f"2025-10-05{AT[10:]}", "--snapshot", snapshot).code == 4
    late = post.at("overdue", at=f"2025-10-05{AT[10:]}")
    assert (late.code, late.out.splitlines()[1].split()[:6]) == (
        6,
        ["2025-10-03", "2", "days", "late", "mailbox", "is"],
    )
    assert "ball0003" in late.out


def test_a_reorganisation_that_is_refused_does_nothing_and_its_plan_says_so(post: OldTenant) -> None:
    """R53"""
    post.data.reorg("r2", "merge", "2025-10-10", "CHEM", "BALL", 1)
    on(post, "2025-10-02")
    listed = post.at("reorg", "list", at=f"2025-11-02{AT[10:]}").out
    assert "r2  2025-10-10  refused    merge of CHEM into BALL" in listed
    said = post.at("reorg", "plan", "r2", at=f"2025-10-02{AT[10:]}")
    assert said.out.splitlines()[-1] == "It does nothing: registration has to correct it first."
    document = post.at("reorg", "plan", "r2", "--format", "json", at=f"2025-10-02{AT[10:]}").document
    assert (document["ending"], document["guards"], document["moved"], document["notices"]) == ([], [], [], 0)


def test_the_history_of_somebody_who_left_is_not_that_of_who_has_the_address_now(post: OldTenant) -> None:
    """R19: more than six months later it is given to a namesake."""
    for day in ("2025-10-02", "2025-11-02", "2026-01-02"):
        on(post, day)
    post.data.person("1000007", "ball0007").card("1000007", "UG", "Ann", "Lee", "2026-04-03", "2028-09-30")
    post.data.affiliation("1000007", "BALL", "2026-04-03")
    on(post, "2026-04-03")
    assert "ball0007" in explained(post, "ann.lee@balliol.ox.ac.uk", "2026-04-03")["summary"]
    history = explained(post, "ball0001", "2026-04-03")["history"]
    assert {one["at"][:10] for one in history if "is given" in one["what"]} == {"2025-10-01"}


def test_a_history_with_a_notice_and_a_run_in_the_hour_after_it_is_the_same_again(post: OldTenant) -> None:
    """rules.md 4e: runs look at what is due, a replay at everybody; a date noted an hour earlier is no other plan."""
    snapshots = [post.folder / "snapshot"]
    post.student("1000008", "ball0008", "Cy Dunn", "BALL", "LAW")
    for instant in ("2025-10-02T08", "2025-10-03T08", "2025-10-04T08", "2025-10-04T09", "2025-10-05T08"):
        if instant == "2025-10-03T08":
            post.data.change("affiliations", {"person_id": "1000008", "unit_id": "LAW"}, end_date="2025-10-02")
        if instant == "2025-10-05T08":
            post.data.affiliation("1000008", "CHEM", "2025-10-05")
        hour = int(instant[-2:]) - 1
        snapshots.append(post.data.write(post.folder / instant, f"{instant[:11]}{hour:02}:50:00Z"))
        assert post.type("run", "--at", f"{instant}:00:00Z", "--snapshot", snapshots[-1]).code == 0
    said = post.type("replay", *snapshots, "--format", "json")
    assert (said.code, [one["verdict"] for one in said.document["runs"]]) == (0, ["same"] * 6)
