"""``saas``: what a member of local IT staff types and reads, on the embedded tenant."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from subprocess import PIPE

from building.patience import PATIENCE
from cli.conftest import CommandSite

AT = ("--at", "2025-10-01T08:00:00Z")
EXAMPLE = "adminday.toml.example"


def file(site: CommandSite, request_id: str, **columns: str | bool | int) -> Path:
    """Files the example request under this id, with these columns in place of its own."""
    services = site.folder / "services"
    lines = (services / EXAMPLE).read_text("utf-8").splitlines()
    for key, value in columns.items():
        shown = str(value).lower() if isinstance(value, bool) else value if isinstance(value, int) else f'"{value}"'
        lines = [f"{key} = {shown}" if line.startswith(f"{key} =") else line for line in lines]
    path = services / f"{request_id}.toml"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def test_an_approved_request_ends_with_0(site: CommandSite) -> None:
    """interface.md 7: the whole document, asked before anything was ever run."""
    file(site, "adminday")
    said = site.type("saas", "advise", "adminday", *AT, "--snapshot", site.day_one, "--format", "json")
    assert said.code == 0
    assert said.document == {
        "request_id": "adminday",
        "path": "mailbox",
        "connection": "exo",
        "outcome": "approved",
        "codes": [],
        "reasons": [
            (
                "Admin Day can connect to Exchange Online, so a mailbox of its own is the best way: it sends and "
                "receives there like everybody else, and no DNS has to change."
            )
        ],
        "from_address": "adminday@foodtech.ox.ac.uk",
        "next": "The first run that finds it as services/adminday.toml makes the mailbox adminday@foodtech.ox.ac.uk "
        "and gives the application the right to it alone; then try `nexusops saas test adminday`.",
    }


LIVE = (
    "It has been live since 2025-10-01: the mailbox adminday sends as adminday@foodtech.ox.ac.uk, and its application "
    "signs in until "
)
REVIEW = "Its review is due on 2026-10-01: `nexusops saas verify adminday` proves it again."


def next_step(site: CommandSite, request: str | Path) -> str:
    said: str = site.type("saas", "advise", request, "--at", "2025-10-02T08:00:00Z", "--format", "json").document[
        "next"
    ]
    return re.sub(r"signs in until \d{4}-\d\d-\d\d[.] ", "signs in until ", said)


def test_of_what_is_live_it_is_said_what_there_is_and_what_the_next_run_does(site: CommandSite) -> None:
    """rules.md 2.4."""
    file(site, "adminday")
    assert site.on_day_one("run").code == 0
    assert next_step(site, "adminday") == f"{LIVE}The next run has nothing to do for it. {REVIEW}"
    file(site, "adminday", direction="send_receive")
    lets = "will let an application use the mailbox adminday, and no other, through Exchange Online"
    assert next_step(site, "adminday") == f"{LIVE}The next run {lets}. {REVIEW}"
    asked = file(site, "adminday").rename(site.folder.parent / "adminday.toml")
    file(site, "adminday", direction="send_receive")
    assert next_step(site, asked) == f"{LIVE}The next run has nothing to do for it. {REVIEW}"
    file(site, "adminday", auth="basic")
    cure = "Ask the provider to sign in with OAuth 2, or let it send from its own domain."
    assert next_step(site, "adminday") == f"{cure} {LIVE}The next run has nothing to do for it. {REVIEW}"
    file(site, "adminday", from_local="other")
    kept = "it keeps adminday@foodtech.ox.ac.uk; for other@foodtech.ox.ac.uk retire it and file another request"
    assert f"ADDRESS_KEPT: {kept}." in next_step(site, "adminday")


def test_of_what_is_retired_it_is_said_what_is_taken_away(site: CommandSite) -> None:
    """rules.md 2.4, live to retiring."""
    file(site, "adminday")
    site.on_day_one("run")
    site.type("saas", "retire", "adminday", "--actor", "desk", "--reason", "dropped", *AT)
    assert next_step(site, "adminday") == (
        "Its retirement was asked for on 2025-10-01. The next run will take the mailbox adminday away from its "
        "application, then delete the mailbox adminday."
    )
    site.on_day_one("run")
    assert next_step(site, "adminday") == (
        "It was retired on 2025-10-01, and stays so: file another request under another id. The next run has nothing "
        "to do for it."
    )


def test_of_a_domain_that_is_not_proved_yet_it_is_said_how_it_is(site: CommandSite) -> None:
    """rules.md 2.4, provisioning to live."""
    file(site, "mailshot", **DOMAIN_REQUEST)
    site.on_day_one("run")
    assert next_step(site, "mailshot") == (
        "It is being set up: the DNS records of mail-shot.foodtech.ox.ac.uk were handed over as zone lines. The next "
        "run has nothing to do for it. When the DNS has its records, `nexusops saas verify mailshot` proves it; then "
        "set the product to send as office@mail-shot.foodtech.ox.ac.uk."
    )


def test_anything_else_ends_with_6(site: CommandSite) -> None:
    """interface.md 7: from the last accepted run, of which the ledger knows who has which address."""
    assert site.on_day_one("run").code == 0
    neither: dict[str, str | bool] = {"supports_exo": False, "supports_ms_smtp": False}
    table: tuple[tuple[dict[str, str | bool], str, list[str]], ...] = (
        ({"auth": "basic"}, "refused", ["BASIC_AUTH"]),
        ({"mode_wanted": "dept_include"}, "refused", ["SPF_DEPT_INCLUDE"]),
        ({"requester": "chem0001"}, "refused", ["NOT_UNIT_IT"]),
        ({"unit_id": "NONE"}, "refused", ["NOT_UNIT_IT"]),
        (neither, "needs_info", ["SPF_APPROVER"]),
        ({"owner_person_id": "1000037"}, "refused", ["OWNER_INELIGIBLE"]),
        ({"from_local": "dorothy.baker"}, "needs_info", ["ADDRESS_TAKEN"]),
    )
    for columns, outcome, codes in table:
        path = file(site, "elsewhere", **columns).rename(site.folder.parent / "elsewhere.toml")
        said = site.type("saas", "advise", path, *AT, "--format", "json")
        assert (said.code, said.document["outcome"], said.document["codes"]) == (6, outcome, codes)


def test_a_request_that_cannot_be_read_holds_back_itself_only(site: CommandSite) -> None:
    """rules.md 3.12, D29: a finding of plan and run, an error of saas commands on it; the others go on."""
    file(site, "adminday")
    file(site, "other", auth="kerberos")
    said = site.on_day_one("run", "--format", "json")
    assert said.code == 0
    unread = site.type("saas", "verify", "other", *AT)
    assert (unread.code, "services/other.toml: auth: expected" in unread.err) == (6, True)
    faults = [one for one in said.document["findings"] if one["code"] == "SAAS_FIELD"]
    assert [(one["subject"], "services/other.toml: auth: expected" in one["message"]) for one in faults] == [
        ("other", True)
    ]
    assert "adminday" in [box["name"] for box in site.type("state", "export", "--format", "json").document["mailboxes"]]
    refused = site.type("saas", "advise", "other", *AT)
    assert (refused.code, refused.out) == (2, "")
    assert "expected oauth2 | basic, found 'kerberos'" in refused.err


def test_a_mailbox_stays_while_its_request_cannot_be_read(site: CommandSite) -> None:
    """D29: a typing error in a file ends nothing."""
    path = file(site, "adminday")
    site.on_day_one("run")
    whole = path.read_text("utf-8")
    path.write_text("service_name =", "utf-8")
    plan = site.on_day_two("plan", "--format", "json").document
    assert not [one for one in plan["changes"] if one["subject"] == "adminday"]
    path.write_text(whole, "utf-8")
    assert not [
        one for one in site.on_day_two("plan", "--format", "json").document["findings"] if one["subject"] == "adminday"
    ]


def test_an_unknown_request_names_the_nearest(site: CommandSite) -> None:
    file(site, "adminday")
    said = site.type("saas", "advise", "admindya", *AT)
    assert (said.code, said.out) == (2, "")
    assert "The nearest one is adminday." in said.err
    nowhere = site.type("saas", "advise", "elsewhere.toml", *AT)
    assert (nowhere.code, "Name a request by its id" in nowhere.err) == (2, True)


DOMAIN_REQUEST: dict[str, str | bool | int] = {
    "service_name": "Mail Shot",
    "supports_exo": False,
    "supports_ms_smtp": False,
    "spf_approver": "food0007",
    "provider_include": "spf.mailshot.example",
    "from_local": "office",
}
SPF = "v=spf1 include:_spf.ox.ac.uk include:spf.mailshot.example -all"


def test_the_plan_of_one_request_is_its_part_of_the_whole(site: CommandSite) -> None:
    """interface.md 7: for a domain the records, for a mailbox its making and the right to it; it can be applied."""
    file(site, "adminday")
    file(site, "mailshot", **DOMAIN_REQUEST)
    site.on_day_one("run", "mailboxes")
    whole = site.on_day_two("plan", "--format", "json").document
    part = site.on_day_two("saas", "plan", "mailshot", "--format", "json")
    assert part.code == 0
    (change,) = part.document["changes"]
    assert change["kind"] == "PublishRecords"
    assert change["becomes"] == {
        "domain": "mail-shot.foodtech.ox.ac.uk",
        "records": [
            {"type": "TXT", "name": "mail-shot.foodtech.ox.ac.uk", "value": SPF},
            {"type": "MX", "name": "mail-shot.foodtech.ox.ac.uk", "value": "10 oxmail.ox.ac.uk."},
        ],
        "as": "zone_lines",
    }
    assert change in whole["changes"]
    assert [one["code"] for one in part.document["findings"]] == ["DNS_UNKNOWN"]
    out = site.folder.parent / "part.json"
    other = site.on_day_two("saas", "plan", "adminday", "--format", "json", "--out", out).document
    assert [(one["kind"], one["becomes"]) for one in other["changes"]] == [
        ("GrantAccess", {"mailbox": "adminday", "connection": "exo"})
    ]
    assert site.type("apply", out, "--at", "2025-10-02T08:00:00Z").code == 0
    assert (other["publishing"], other["spf"]) == ([], [])
    later = site.on_day_two("saas", "plan", "mailshot", "--format", "json").document
    shown = site.on_day_two("saas", "plan", "mailshot").out
    assert [f"\n{text}" in shown for text in later["publishing"]] == [True]
    assert f'"{SPF}"' in later["publishing"][0]


def test_the_plan_of_one_request_rests_on_the_last_accepted_snapshot(site: CommandSite) -> None:
    """interface.md 1: only plan and run read a new one; an hour later there may be none that is fresh enough."""
    assert site.on_day_one("run").code == 0
    file(site, "mailshot", **DOMAIN_REQUEST)
    said = site.type("saas", "plan", "mailshot", "--at", "2025-10-01T11:00:00Z", "--format", "json")
    assert (said.code, [one["kind"] for one in said.document["changes"]]) == (0, ["PublishRecords"])


def test_cambridge_gets_the_text_of_a_ticket(site: CommandSite) -> None:
    """R78, R88, T13: TXT and MX are not delegated; DKIM and DMARC are asked for in the same way."""
    settings = site.folder / "nexusops.toml"
    cambridge = 'profile = "cambridge"\nparent_domain = "ox.ac.uk"'
    text = settings.read_text("utf-8").replace('profile = "oxford"', cambridge)
    hosts = 'site_include = "mx.cam.ac.uk"\nstandard_mx = "10 mx.cam.ac.uk."'
    settings.write_text(text.replace("[dns]", f"[dns]\n{hosts}"), "utf-8")
    file(site, "mailshot", **DOMAIN_REQUEST, bounce_mx="mx.mailshot.example")
    said = site.on_day_one("saas", "plan", "mailshot")
    subject = "Subject: mail domain mail-shot.foodtech.ox.ac.uk: please add these records"
    assert f"{subject}\nTo: ip-register@uis.cam.ac.uk\n" in said.out
    assert "so nothing else of its DNS is changed (our request mailshot).\n" in said.out
    assert '"v=spf1 include:mx.cam.ac.uk include:spf.mailshot.example ?all"' in said.out
    assert "10 mx.mailshot.example." in said.out


def test_a_request_is_written_and_answered(site: CommandSite) -> None:
    """rules.md 4b: request id, the address, the next step; what exists is not written over."""
    words = ("--service-name", "Mail Shot", "--unit", "FOOD", "--requester", "food0007", "--provider", "Mail Shot Ltd")
    more = ("--own-domain", "--exo", "--no-ms-smtp", "--owner", "1000042")
    site.day_one.rename(site.folder / "snapshot")
    said = site.type("saas", "request", *words, *more, *AT)
    assert said.code == 0
    assert said.out.startswith(f"Filed as {site.folder / 'services' / 'mail-shot.toml'}.\n\nApproved\n")
    assert site.type("saas", "advise", "mail-shot", *AT, "--format", "json").document["outcome"] == "approved"
    assert site.type("saas", "request", *words, *more, *AT).code == 2
    again = site.type("saas", "request", *words, *more, *AT, "--replace", "--from-local", "hello", "--format", "json")
    assert (again.code, again.document["file"]) == (0, f"{site.folder / 'services' / 'mail-shot.toml'}")
    wrong = site.type("saas", "request", *words, *more, *AT, "--id", "other", "--from-local", "no reply")
    assert (wrong.code, (site.folder / "services" / "other.toml").exists()) == (2, False)
    assert "--unit" in site.type("saas", "request", "--service-name", "X").err


def test_a_request_names_unit_and_owner_as_people_do(begun: CommandSite) -> None:
    """R62: they know a domain and a username; the file has ids. A unit that is none is no matter of who asks."""
    words = ("--service-name", "Mail Shot", "--requester", "FOOD0007", "--provider", "Mail Shot Ltd", "--oxford-domain")
    more = ("--exo", "--no-ms-smtp", "--owner", "Food0042", *AT)
    assert "\n\nApproved\n" in begun.type("saas", "request", *words, "--unit", "foodtech.ox.ac.uk", *more).out
    filed = tomllib.loads((begun.folder / "services" / "mail-shot.toml").read_text("utf-8"))
    assert [filed[key] for key in ("unit_id", "requester", "owner_person_id")] == ["FOOD", "food0007", "1000042"]
    assert begun.type("saas", "request", *words, "--unit", "Food", "--id", "b", *more).code == 0
    unknown = begun.type("saas", "request", *words, "--unit", "Technology", "--id", "c", *more)
    assert (unknown.code, "It may be FOOD (Food Technology): name it with --unit." in unknown.err) == (2, True)
    assert not (begun.folder / "services" / "c.toml").exists()


def test_a_mistaken_request_is_withdrawn_before_a_run_sees_it(begun: CommandSite) -> None:
    file(begun, "mistake", requester="chem0011")
    said = begun.type("saas", "retire", "mistake", "--reason", "a mistake", *AT)
    assert (said.code, "take services/mistake.toml away" in said.err) == (6, True)
    nothing = begun.type("saas", "plan", "mistake", *AT).out.splitlines()
    assert nothing[-1] == "Next: What the findings name waits for somebody; a run has nothing to do."


def test_a_request_is_listed_handed_over_and_retired(site: CommandSite) -> None:
    """2.4, D31: wishes that the next run carries out; nothing is left, and a second run has nothing to do."""
    file(site, "adminday")
    file(site, "faulty", auth="kerberos")
    site.on_day_one("run")
    rows = {one["request_id"]: one for one in site.type("saas", "list", "--format", "json").document["requests"]}
    assert (rows["adminday"]["state"], rows["adminday"]["owner"]) == ("live", "1000042")
    assert (rows["faulty"]["state"], "auth: expected" in rows["faulty"]["problem"]) == ("faulty", True)
    assert site.type("saas", "handover", "adminday", "--to", "food0007", *AT).code == 0
    assert site.type("saas", "handover", "adminday", "--to", "nobody", *AT).code == 6
    assert site.on_day_two("run").code == 0
    rows = {one["request_id"]: one for one in site.type("saas", "list", "--format", "json").document["requests"]}
    assert (rows["adminday"]["owner"], rows["adminday"]["owner_username"]) == ("1000007", "food0007")
    assert "FOOD  food0007  adminday@foodtech.ox.ac.uk" in site.type("saas", "list").out
    assert site.type("saas", "retire", "adminday", "--reason", "dropped", "--at", "2025-10-02T08:10:00Z").code == 0
    for words in (("retire", "adminday"), ("handover", "adminday", "--to", "food0007"), ("renew", "adminday")):
        said = site.type("saas", *words, *AT)
        assert (said.code, said.err.splitlines()[0]) == (6, "adminday is retiring already.")
    assert site.type("saas", "retire", "nothing", *AT).code == 6
    plan = site.on_day_two("plan", "--format", "json").document
    assert [one["kind"] for one in plan["changes"]] == ["RevokeAccess", "DeleteMailbox"]
    assert site.on_day_two("run").code == 0
    assert site.on_day_two("plan", "--format", "json").document["changes"] == []
    rows = {one["request_id"]: one for one in site.type("saas", "list", "--format", "json").document["requests"]}
    assert rows["adminday"]["state"] == "retired"
    said = site.type("audit", "adminday", "--format", "json").document["rows"]
    assert ("services:adminday", "dropped") in {(one["object"], one["reason"]) for one in said}


def test_advice_asks_the_dns_that_is_configured(site: CommandSite) -> None:
    """D39, D40, R84: a provider whose record is broken is shown to it first; a name that is there is not taken."""
    zone = site.folder / "zone.txt"
    settings = site.folder / "nexusops.toml"
    settings.write_text(settings.read_text("utf-8").replace("[dns]", '[dns]\nzone_file = "zone.txt"'), "utf-8")
    file(site, "mailshot", **DOMAIN_REQUEST)
    oxford = '$ORIGIN ox.ac.uk.\n_spf IN TXT "v=spf1 ip4:129.67.0.0/16 ~all"\n'
    good = '$ORIGIN mailshot.example.\nspf IN TXT "v=spf1 ip4:192.0.2.0/24 -all"\n'

    def ask(text: str) -> tuple[int, str, list[str]]:
        zone.write_text(text, "utf-8")
        said = site.on_day_one("saas", "advise", "mailshot", "--format", "json")
        return said.code, said.document["outcome"], said.document["codes"]

    assert ask(oxford + good) == (0, "approved", [])
    assert ask(oxford) == (6, "needs_info", ["INCLUDE_NO_SPF"])
    assert ask(good) == (6, "needs_info", ["INCLUDE_NO_SPF"])
    told = site.on_day_one("saas", "advise", "mailshot", "--format", "json").document
    assert "_spf.ox.ac.uk has no SPF record" in told["reasons"][0]
    assert "the postmaster those of the University" in told["next"]  # it is no fault of the provider's
    taken = "$ORIGIN foodtech.ox.ac.uk.\nmail-shot IN A 192.0.2.1\n"
    assert ask(oxford + good + taken) == (6, "needs_info", ["DOMAIN_TAKEN"])


def test_on_a_terminal_only_what_matters_is_asked(site: CommandSite) -> None:
    """interface.md 7: the questions follow from the answers; a real terminal, of which the program reads."""
    site.day_one.rename(site.folder / "snapshot")
    answers = ["Survey", "FOOD", "food0007", "Survey Ltd", "n"]
    controller, terminal = pty.openpty()
    command = [sys.executable, "-m", "nexusops", "--config", str(site.folder), "saas", "request", *AT]
    try:
        with subprocess.Popen(command, stdin=terminal, stdout=PIPE, stderr=PIPE, text=True) as asking:
            os.write(controller, "".join(f"{answer}\n" for answer in answers).encode())
            out, err = asking.communicate(timeout=PATIENCE)
    finally:
        os.close(controller)
        os.close(terminal)
    assert asking.returncode == 0, err
    assert "Approved" in out
    assert err.count(": ") == len(answers)
    text = (site.folder / "services" / "survey.toml").read_text("utf-8")
    assert "oxford_domain_needed = false" in text


def test_a_secret_that_leaked_is_withdrawn_and_the_new_one_works(site: CommandSite) -> None:
    """The wish names the command that does not wait; then only what was handed over lets the product in."""
    file(site, "adminday")
    assert site.on_day_one("run").code == 0
    path = site.folder / "state" / "handover" / "adminday.toml"
    leaked = path.read_text("utf-8")
    reason = ("--actor", "desk", "--reason", "it leaked")
    told = site.type("saas", "renew", "adminday", "--revoke", *reason, *AT)
    assert (told.code, "`nexusops run saas_mailboxes`" in told.out) == (0, True)
    site.type("saas", "renew", "adminday", *reason, *AT)
    (change,) = site.on_day_two("plan", "saas_mailboxes", "--format", "json").document["changes"]
    assert change["becomes"] == {"mailbox": "adminday", "connection": "exo", "renew": True, "withdraw": True}
    assert (change["rule"], change["because"]) == ("R64", "desk asked for something new to sign in with: it leaked")
    assert "a new secret was asked for" in site.type("explain", "adminday", *AT).out
    assert site.on_day_two("run", "saas_mailboxes").code == 0
    assert site.type("explain", "adminday", *AT).code == 0
    assert site.type("saas", "test", "adminday", *AT).code == 0
    new = path.read_text("utf-8")
    path.write_text(leaked, "utf-8")
    refused = site.type("saas", "test", "adminday", *AT)
    assert (refused.code, "AADSTS7000215" in refused.out) == (6, True)
    path.write_text(new, "utf-8")
    assert site.on_day_two("run", "saas_mailboxes", "--format", "json").document["done"] == {}


def test_a_new_secret_is_handed_over_once(site: CommandSite) -> None:
    """2.4: also where it ends on the very day on which the old one does, as one does that leaks on its first day."""
    file(site, "adminday")
    assert site.on_day_one("run").code == 0
    asked = site.type("saas", "renew", "adminday", "--actor", "desk", "--reason", "it leaked", *AT)
    assert asked.code == 0
    first, second = (site.on_day_two("run", "saas_mailboxes", "--format", "json").document for _ in range(2))
    assert (first["done"].get("GrantAccess"), second["done"].get("GrantAccess")) == (1, None)


def test_of_two_new_requests_for_one_address_the_later_hears_what_the_run_will_say(site: CommandSite) -> None:
    """R25, 2.4: the run sees the earlier id first, unless that is refused; the advice says so before."""

    def advised() -> tuple[int, list[str]]:
        said = site.type("saas", "advise", "beta", *AT, "--snapshot", site.day_one, "--format", "json")
        return said.code, said.document["codes"]

    file(site, "alpha", auth="basic")
    file(site, "beta")
    assert advised() == (0, [])
    file(site, "alpha")
    assert advised() == (6, ["ADDRESS_TAKEN"])
    assert site.on_day_one("run").code == 0
    boxes = site.type("state", "export", "--format", "json").document["mailboxes"]
    assert [box["name"] for box in boxes if box["kind"] == "saas"] == ["alpha"]
    assert advised() == (6, ["ADDRESS_TAKEN"])
