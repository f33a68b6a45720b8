"""``cassette record|verify|scrub``: nothing secret and nobody's datum is left, wherever it stood (interface.md 1)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli.conftest import CommandSite, site

from nexusops.emulator.tenant import EmbeddedTenant
from nexusops.tenant.cassettes import scrubbed, write_lines
from nexusops.tenant.scrubbing import Scrubber

__all__ = ["site"]
SECRET = "Correct-Horse.Battery7"
TOKEN = "eyJhbGciOiJQUzI1NiJ9.eyJhdWQiOiJ4In0.c2lnbmF0dXJl"
GUID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
LINE: dict[str, Any] = {
    "provenance": "tenant",
    "recorded_at": "2026-11-25T08:00:00+00:00",
    "method": "POST",
    "url": "https://graph.example/v1.0/users",
    "request_headers": {},
    "request": None,
    "status": 200,
    "response_headers": {},
    "response": None,
}
PLACES: dict[str, dict[str, Any]] = {
    "a password in a body": {"request": {"passwordProfile": {"password": SECRET}}},
    "a password that is a number": {"request": {"password": 4711}},
    "a secret that was made": {"response": {"secretText": SECRET, "hint": "Cor"}},
    "a form": {"request": f"grant_type=client_credentials&client_secret={SECRET}&scope=x"},
    "an assertion in a form": {"request": f"client_assertion={TOKEN}&scope=x"},
    "a token in an answer": {"response": {"access_token": SECRET, "expires_in": 3599}},
    "a token in a text": {"response": f"refused {TOKEN} here"},
    "a header": {"request_headers": {"Authorization": f"Bearer {SECRET}"}},
    "a cookie": {"response_headers": {"set-cookie": f"session={SECRET}"}},
    "headers as pairs": {"request": {"headers": [["Authorization", f"Bearer {SECRET}"]]}},
    "an item of a batch": {"request": {"requests": [{"headers": {"Authorization": f"Bearer {SECRET}"}, "body": {}}]}},
    "a text that quotes a header": {"response": f"sent: Authorization: Bearer {SECRET}"},
    "an option of the url": {"url": f"https://graph.example/v1.0/users?$skiptoken=1&access_token={SECRET}"},
    "a redirect": {"response_headers": {"location": f"https://graph.example/v1.0/x?sig={SECRET}"}},
    "a link to the next page": {"response": {"@odata.nextLink": f"https://graph.example/x?access_token={SECRET}"}},
    "before the host": {"url": f"https://me:{SECRET}@graph.example/v1.0/users"},
    "JSON in a string": {"response": {"detail": json.dumps({"client_secret": SECRET})}},
    "a private key": {"response": f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----"},
    "a proof": {"request": {"keyCredential": {"type": "X"}, "proof": SECRET}},
    "a parameter of a cmdlet": {"request": {"CmdletInput": {"Parameters": {"Name": "x", "Password": SECRET}}}},
}
PEOPLE: dict[str, dict[str, Any]] = {
    "a user": {"response": {"value": [{"displayName": "Ada Byron", "userPrincipalName": "ada@ox.ac.uk"}]}},
    "more of a user": {"response": {"surname": "Byron", "mobilePhone": "+44 1865 Ada", "extensionAttribute3": "Ada"}},
    "addresses": {"response": {"EmailAddresses": ["SMTP:Ada.Byron@ox.ac.uk", "x500:/o=Exchange/cn=Ada Byron"]}},
    "a path": {"url": "https://graph.example/v1.0/users/ada%40ox.ac.uk/sendMail"},
    "a name in a path": {"url": "https://graph.example/v1.0/users/adabyron"},
    "a filter": {"url": "https://graph.example/v1.0/users?$filter=startswith(displayName,'Ada%20Byron')"},
    "a cmdlet's filter": {"request": {"CmdletInput": {"Parameters": {"Filter": "DisplayName -eq 'Ada Byron'"}}}},
    "a refusal": {"response": {"error": {"message": 'already used by "Ada Byron". Choose another proxy address.'}}},
    "a refusal without quotes of two": {"response": {"error": {"message": "object 'adabyron' couldn't be found"}}},
    "an anchor": {"request_headers": {"x-anchormailbox": "UPN:ada@ox.ac.uk"}},
    "a message": {"request": {"message": {"subject": "For Ada", "body": {"content": "Dear Ada"}}}},
    "a name that a text had before": {
        "response": {"note": "asked by Ada Byron", "value": [{"displayName": "Ada Byron"}]},
    },
    "an id of registration": {"response": {"employeeId": "Byron-4711"}},
}


def written(path: Path, change: dict[str, Any]) -> Path:
    write_lines(path / "raw.jsonl", [{**LINE, **change}])
    return path / "raw.jsonl"


@pytest.mark.parametrize("place", PLACES)
def test_a_secret_is_found_and_taken_out_wherever_it_stands(site: CommandSite, place: str) -> None:
    raw = written(site.folder, PLACES[place])
    assert site.type("cassette", "verify", raw).code == 6
    clean = site.folder / "clean.jsonl"
    assert site.type("cassette", "scrub", raw, clean).code == 0
    text = clean.read_text("utf-8")
    assert [told for told in (SECRET, TOKEN, "4711") if told in text] == []
    faults = site.type("cassette", "verify", clean, "--format", "json").document["faults"]
    # Headers that are not kept are a fault even without their value.
    assert [one for one in faults if "is not among the headers" not in one["fault"]] == []


@pytest.mark.parametrize("place", PEOPLE)
def test_nobody_is_left_in_what_a_real_tenant_said(tmp_path: Path, place: str) -> None:
    text = json.dumps(scrubbed(written(tmp_path, PEOPLE[place])))
    assert [told for told in ("Ada", "Byron", "ada@", "adabyron", "4711") if told in text] == []


def test_what_belongs_together_stays_together(tmp_path: Path) -> None:
    user = {"id": GUID, "displayName": "Ada Byron", "userPrincipalName": "ada@ox.ac.uk"}
    (line,) = scrubbed(written(tmp_path, {"response": {"note": "Ada Byron <ada@ox.ac.uk>", **user}}))
    found = line["response"]
    assert found["note"] == f"{found['displayName']} <{found['userPrincipalName']}>"
    assert found["id"] == GUID


def test_reads_of_a_tenant_are_recorded_clean(site: CommandSite) -> None:
    assert site.on_day_one("run").code == 0
    state = site.type("state", "export", "--format", "json").document
    person = state["people"][0]
    file = site.folder / "reads.jsonl"
    said = site.type("cassette", "record", file, "--person", person["person_id"], "--mailbox", "postmaster")
    assert said.code == 0, said.err
    assert said.out.startswith("8 exchanges in ")
    assert site.type("cassette", "verify", file).code == 0
    text = file.read_text("utf-8")
    assert [told for told in (person["username"], person["person_id"], "@aldgate", "Bearer") if told in text] == []
    assert '"CmdletName": "Get-Mailbox"' in text
    assert '"status": 200' in text


def test_the_cassettes_that_we_keep_are_clean(site: CommandSite) -> None:
    kept = sorted((Path(__file__).parents[2] / "cassettes").rglob("*.jsonl"))
    said = site.type("cassette", "verify", *kept)
    assert (said.code, said.out) == (0, "All are clean.\n")


@pytest.mark.parametrize("text", ["[" * 100_000, '{"request": ' + "[" * 900 + "]" * 900 + "}"], ids=["broken", "whole"])
def test_a_recording_that_is_nested_beyond_measure_is_none(site: CommandSite, text: str) -> None:
    """It may come from anywhere: a mistake (2), and no defect."""
    file = site.folder / "deep.jsonl"
    file.write_text(f"{text}\n", "utf-8")
    for words in (("verify", file), ("scrub", file, site.folder / "clean.jsonl")):
        said = site.type("cassette", *words)
        assert said.code in (2, 6)
        assert "defect" not in said.err


def test_a_file_that_is_no_recording_is_a_usage_error(site: CommandSite) -> None:
    assert site.type("cassette", "scrub", site.folder / "none.jsonl", site.folder / "to.jsonl").code == 2


@pytest.mark.parametrize("words", [("record",), ("scrub", "raw.jsonl")], ids=["record", "scrub"])
def test_a_recording_is_written_over_another_only_where_that_is_asked_for(
    site: CommandSite, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(site.folder)
    written(site.folder, {})
    kept = Path("kept.jsonl")
    kept.write_text("kept\n", "utf-8")
    said = site.type("cassette", *words, kept)
    assert (said.code, kept.read_text("utf-8")) == (2, "kept\n")
    assert said.err == "kept.jsonl is there already.\nNext: Name another file, or use --replace to write it anew.\n"
    assert site.type("cassette", *words, kept, "--replace").code == 0
    assert '"provenance"' in kept.read_text("utf-8")
    assert site.type("cassette", *words, "/dev/null", "--replace").code == 2


def test_a_recording_that_fails_leaves_what_was_there_and_no_part(site: CommandSite) -> None:
    kept = site.folder / "kept.jsonl"
    kept.write_text("kept\n", "utf-8")
    (site.folder / "state").mkdir()
    with EmbeddedTenant.open(site.folder / "state" / "tenant.db") as tenant:
        refusal = {"error": {"code": "Authorization_RequestDenied", "message": "Insufficient privileges."}}
        fault = {"match": {"path": "/users"}, "kind": "status", "status": 403, "body": refusal, "times": 99}
        tenant.set_faults([fault])
    said = site.type("cassette", "record", kept, "--whole", "--replace")
    assert (said.code, kept.read_text("utf-8")) == (8, "kept\n")
    assert list(site.folder.glob(".*")) == []


def test_a_recording_into_no_folder_is_a_usage_error(site: CommandSite) -> None:
    said = site.type("cassette", "record", site.folder / "nowhere" / "reads.jsonl")
    assert said.code == 2
    assert said.err.startswith(f"The recording cannot be written to {site.folder}/nowhere/reads.jsonl: ")


@pytest.mark.timeout(60)
def test_a_long_text_is_gone_through_once() -> None:
    """What something before the service answers, such as a page with an image in it: it took hours."""
    for text in ("x" * 400_000, "a." * 200_000):
        assert Scrubber(people=True).text(text) == text
