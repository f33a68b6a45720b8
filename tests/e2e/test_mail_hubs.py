"""The routing table in the hands of real mail hubs: Exim looks addresses up in it, and so does Postfix."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from conftest import needs

from nexusops.model.routing import RouteEntry, RoutingBuild, RoutingTable
from nexusops.report.routing import routing_written

POSTFIX = Path(os.environ.get("NEXUSOPS_POSTFIX", "/usr/local/lib/nexusops-postfix"))
"""Postfix taken out of its package, since it cannot be installed beside Exim."""
LOCALS = (
    "mary.brown",
    "mary.brown2",
    "jean-luc.picard",
    "x.y",
    "1.2",
    "a" * 31 + "." + "b" * 32,
    "domestic_bursar",
    "o'neill",
    "it+help",
    "r&d",
    "50%",
    "a=b",
    "why?",
    "and/or",
    "tilde~",
    "c{u}rly",
    "dollar$1",
    "star*",
    "hash#tag",
)
TABLE = {f"{local}@chem.ox.ac.uk": f"chem{number:04}@nexus.ox.ac.uk" for number, local in enumerate(LOCALS)} | {
    "chem0001@nexus.ox.ac.uk": "chem0001@nexus.ox.ac.uk",
    "away@chem.ox.ac.uk": "jo+list@mailhost.stats.example",
    "press@chem.ox.ac.uk": "mary.brown@chem.ox.ac.uk",
}
ENDS = TABLE | {"press@chem.ox.ac.uk": TABLE["mary.brown@chem.ox.ac.uk"]}
"""Where each address ends: hubs look an address up again until it goes nowhere else."""

EXIM = r"""
primary_hostname = hub.example
spool_directory = {folder}
log_file_path = {folder}/%slog
keep_environment =
begin routers
table:
  driver = redirect
  domains = chem.ox.ac.uk : nexus.ox.ac.uk
  data = ${{lookup{{$local_part@$domain}}lsearch{{{folder}/table}}}}
nexus:
  driver = accept
  domains = ! chem.ox.ac.uk
  transport = away
begin transports
away:
  driver = appendfile
  file = /dev/null
"""


def _written(form: str) -> str:
    entries = tuple(RouteEntry(address, to) for address, to in sorted(TABLE.items()))
    build = RoutingBuild(at=datetime(2025, 10, 1, 8, tzinfo=UTC), before_at=None, signature="")
    written = routing_written(RoutingTable(build=build, entries=entries), form)
    assert written.left_out == ()
    return written.text


def _ends(said: str) -> dict[str, str | None]:
    """What ``exim -bt`` says: an address that was asked for, and where it ends (None: nowhere)."""
    found: dict[str, str | None] = {}
    for block in re.split(r"\n(?! )", said.rstrip()):
        first, *rest = block.splitlines()
        came = [line.removeprefix("    <-- ") for line in rest if line.startswith("    <-- ")]
        end = first.split()[0]
        found[came[-1] if came else end] = None if "undeliverable" in first else end
    return found


@pytest.fixture
def hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that a hub may read, though it may run as somebody else."""
    folder = tmp_path_factory.mktemp("hub")
    for place in (folder, *folder.parents):
        if place.is_relative_to(tmp_path_factory.getbasetemp().parent) and place.stat().st_uid == os.getuid():
            place.chmod(place.stat().st_mode | 0o011)
    return folder


def test_exim_sends_each_address_where_the_table_says(hub: Path) -> None:
    """interface.md 3: ``address: destination``, as an lsearch file; what is not in it is refused."""
    exim = shutil.which("exim4") or shutil.which("exim", path=f"{os.environ['PATH']}:/usr/sbin")
    if exim is None:
        needs("Exim is not installed")
    (hub / "table").write_text(_written("exim"))
    (hub / "exim.conf").write_text(EXIM.format(folder=hub))
    for file in hub.iterdir():
        file.chmod(0o644)
    asked = [*TABLE, "nobody.here@chem.ox.ac.uk"]
    said = subprocess.run([exim, "-C", hub / "exim.conf", "-bt", *asked], capture_output=True, text=True, check=False)
    assert (_ends(said.stdout), said.stderr) == ({**ENDS, "nobody.here@chem.ox.ac.uk": None}, "")


@pytest.mark.parametrize("kind", ["texthash", "hash"])
def test_postfix_sends_each_address_where_the_table_says(kind: str, hub: Path) -> None:
    """interface.md 3: two words a line, as a text file and as an indexed one."""
    postmap = shutil.which("postmap", path=f"{os.environ['PATH']}:/usr/sbin") or str(POSTFIX / "usr/sbin/postmap")
    if not Path(postmap).exists():
        needs("Postfix is not installed, nor taken out of its package")
    (hub / "table").write_text(_written("postfix"))
    (hub / "main.cf").write_text("mail_owner = nobody\nsetgid_group = mail\ndefault_privs = daemon\n")
    libraries = {"LD_LIBRARY_PATH": str(POSTFIX / "usr/lib/postfix")} if postmap.startswith(str(POSTFIX)) else {}

    def ask(*words: str, stdin: str = "") -> str:
        done = subprocess.run(
            [postmap, "-c", hub, *words], input=stdin, capture_output=True, text=True, check=True,
            env={**os.environ, **libraries},
        )  # fmt: skip
        assert done.stderr == ""
        return done.stdout

    if kind == "hash":
        ask(f"hash:{hub}/table")
    asked = "".join(f"{address}\n" for address in [*TABLE, "nobody.here@chem.ox.ac.uk"])
    said = ask("-q", "-", f"{kind}:{hub}/table", stdin=asked)
    assert dict(line.split("\t") for line in said.splitlines()) == TABLE
