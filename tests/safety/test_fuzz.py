"""Whatever stands in an input: no traceback, no change that nobody asked for, an exit code of the contract.

A few inputs of each sort in the suite; NEXUSOPS_FUZZ=2000 (``make fuzz``) tries so many of each sort.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from building import fuzzed
from building.fuzzed import ends
from building.killed import DAYS, KilledSite
from hypothesis import given, settings
from hypothesis import strategies as st

from nexusops.codec import load_plan
from nexusops.model.tenant import Wanted
from nexusops.wiring import opened

TRIES = int(os.environ.get("NEXUSOPS_FUZZ", "8"))
TABLES = ("persons.csv", "cards.csv", "affiliations.csv", "units.csv", "manifest.json")
WORDS = (
    "plan",
    "explain",
    "--at",
    "undo",
    "audit",
    "desk",
    "state",
    "show",
    "routing",
    "spf",
    "saas",
    "--format",
    "json",
)
FUZZ = settings(fuzzed.FUZZ, max_examples=TRIES)
pytestmark = pytest.mark.timeout(600 + 5 * TRIES)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
SCRAPS = st.sampled_from(
    [
        b"\x00",
        b"\r",
        b"\n\n",
        b"\xff\xfe",
        b"9" * 400,
        b"[" * 5000,
        b'{"a":' * 5000,
        *(Path(__file__).parent / "scraps.txt").read_bytes().splitlines(),
    ]
)


@st.composite
def broken(draw: st.DrawFn, whole: bytes) -> bytes:
    """A file with up to four places cut out, doubled, or replaced by a scrap."""
    found = whole
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(found)))
        end = min(len(found), start + draw(st.sampled_from([0, 1, 2, 5, 20, 200])))
        found = found[:start] + draw(SCRAPS | st.binary(max_size=6) | st.just(found[start:end] * 2)) + found[end:]
    return found


@pytest.fixture(scope="module")
def site(one_day: KilledSite, tmp_path_factory: pytest.TempPathFactory) -> KilledSite:
    """A site with a plan saved, which no broken input may change."""
    found = one_day.copied(tmp_path_factory.mktemp("fuzz") / "site")
    assert found.type("plan", DAYS[1], "--out", str(found.folder / "plan.json")) == 0
    return found


@pytest.fixture(scope="module")
def untouched(site: KilledSite) -> Callable[[], bool]:
    """Whether tenant and ledger are still those of the first day."""

    def now() -> Any:
        with opened(site.folder / "config") as wired:
            store = wired.ports.store
            return store.serial(), len(list(store.journal())), wired.ports.tenant().read(Wanted(everything=True))

    before = now()
    return lambda: bool(now() == before)


@FUZZ
@given(data=st.data())
def test_a_broken_plan_file_does_nothing(data: st.DataObject, site: KilledSite, untouched: Callable[[], bool]) -> None:
    whole = (site.folder / "plan.json").read_bytes()
    path = site.folder / "broken.json"
    path.write_bytes(data.draw(broken(whole)))
    config = ["--config", str(site.folder / "config")]
    shown = ends(*config, "show", str(path))
    # What was broken may have been blank space, or a key beside those that count: then it is the plan that it was.
    if shown != 0 or what_it_does(path) != what_it_does(site.folder / "plan.json"):
        assert ends(*config, "apply", str(path), "--at", DAYS[1]) in (2, 7)
    assert untouched()


def what_it_does(path: Path) -> Any:
    plan = load_plan(path)
    return plan.digest, plan.changes, plan.site, plan.today, plan.ledger_serial, plan.snapshot_sha256


@FUZZ
@given(document=JSON)
def test_any_other_document_is_no_plan(document: Any, site: KilledSite) -> None:
    path = site.folder / "any.json"
    path.write_text(json.dumps(document), "utf-8")
    assert ends("show", str(path)) == 2


@FUZZ
@given(data=st.data(), name=st.sampled_from(["nexusops.toml", "policy.toml", "guard.toml", "services/a.toml"]))
def test_a_broken_configuration_changes_nothing(
    data: st.DataObject, name: str, site: KilledSite, untouched: Callable[[], bool]
) -> None:
    folder = site.folder / "broken"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(site.folder / "config", folder)
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    whole = path.read_bytes() if path.exists() else REQUEST
    path.write_bytes(data.draw(broken(whole)))
    snapshot = str(site.folder / DAYS[1][:10])
    ends("--config", str(folder), "config", "show")
    ends("--config", str(folder), "plan", "--at", DAYS[1], "--snapshot", snapshot)
    if name.startswith("services"):
        ends("--config", str(folder), "saas", "advise", "a", "--at", DAYS[1])


REQUEST = b"""service_name = "Admin Day"
unit_id = "CHEM"
requester = "chem0005"
provider = "Admin Day Ltd"
oxford_domain_needed = true
direction = "send"
supports_exo = true
supports_ms_smtp = true
auth = "oauth2"
mode_wanted = "auto"
from_local = "adminday"
owner_person_id = "1000004"
daily_volume = 200
"""


@FUZZ
@given(
    data=st.data(), name=st.sampled_from(["persons.csv", "cards.csv", "affiliations.csv", "units.csv", "manifest.json"])
)
def test_a_broken_snapshot_is_refused_or_read(
    data: st.DataObject, name: str, site: KilledSite, untouched: Callable[[], bool]
) -> None:
    folder = site.folder / "snapshot"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(site.folder / DAYS[1][:10], folder)
    path = folder / name
    path.write_bytes(data.draw(broken(path.read_bytes())))
    ends("--config", str(site.folder / "config"), "snapshot", "check", str(folder))
    assert ends("--config", str(site.folder / "config"), "plan", "--at", DAYS[1], "--snapshot", str(folder)) in (
        0,
        3,
        4,
    )
    assert untouched()


ZONE = b"""$ORIGIN ox.ac.uk.
$TTL 3600
@ IN SOA ns.ox.ac.uk. hostmaster.ox.ac.uk. 1 2 3 4 5
@ IN MX 10 oxmail.ox.ac.uk.
@ IN TXT "v=spf1 include:_spf.ox.ac.uk ~all"
_spf IN TXT "v=spf1 ip4:129.67.1.0/24 a mx ptr exists:%{i}.ox.ac.uk redirect=spf2.ox.ac.uk"
spf2 IN TXT "v=spf1 -all"
"""


@FUZZ
@given(data=st.data())
def test_a_broken_zone_file_is_judged_or_refused(data: st.DataObject, site: KilledSite) -> None:
    path = site.folder / "zone"
    path.write_bytes(data.draw(broken(ZONE)))
    words = ["--config", str(site.folder / "config"), "spf", "lint", "ox.ac.uk", "--zone", str(path)]
    assert ends(*words, "--format", "json") in (0, 2, 6, 8)


@FUZZ
@given(
    words=st.lists(st.text(max_size=12) | st.sampled_from(["plan", "run", "--at", "undo", "audit", "desk"]), max_size=5)
)
def test_any_words_are_a_usage_error_or_an_answer(
    words: list[str], site: KilledSite, untouched: Callable[[], bool]
) -> None:
    if "run" not in words and "demo" not in words:
        ends("--config", str(site.folder / "config"), *words)


def test_what_would_take_for_ever_or_breaks_a_parser_is_refused(site: KilledSite) -> None:
    """A line of a zone may ask for more names than there is memory for; brackets may be nested without an end."""
    config = ["--config", str(site.folder / "config")]
    zone = site.folder / "zone"
    for line in ("$GENERATE 1-100000000 x$ IN TXT a", f"$GENERATE 1-{'9' * 5000} x$ IN TXT a"):
        zone.write_text(f"$ORIGIN ox.ac.uk.\n{line}\n", "utf-8")
        assert ends(*config, "spf", "lint", "ox.ac.uk", "--zone", str(zone)) == 2
    zone.write_text('$ORIGIN ox.ac.uk.\n$GENERATE 1-254 x$ A 192.0.2.$\n@ TXT "v=spf1 -all"\n', "utf-8")
    assert ends(*config, "spf", "lint", "ox.ac.uk", "--zone", str(zone)) in (0, 6)
    deep = site.folder / "deep"
    shutil.copytree(site.folder / "config", deep)
    (deep / "policy.toml").write_text("a = " + "[" * 50_000, "utf-8")
    assert ends("--config", str(deep), "plan", "--at", DAYS[1]) == 2
