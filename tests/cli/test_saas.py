"""``saas``: what a member of local IT staff types and reads, on the embedded tenant."""

from __future__ import annotations

from pathlib import Path

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
        "next": "Once it is filed as services/adminday.toml, the next run makes the mailbox adminday@foodtech.ox.ac.uk "
        "and gives the application the right to it alone; then try `nexusops saas test adminday`.",
    }


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
