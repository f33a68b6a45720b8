"""docs/carry_over.py: from SQLite to PostgreSQL, with everything that the state holds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from building.documented import REPOSITORY
from building.killed import DAYS, KilledSite, differing

SCRIPT = REPOSITORY / "docs" / "carry_over.py"
SQLITE = 'url = "sqlite:///state/nexusops.db"'


def carried(site: KilledSite, url: str) -> tuple[int, str]:
    command = [sys.executable, str(SCRIPT), str(site.folder / "config"), url]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == ""
    return done.returncode, done.stderr


def test_a_state_goes_on_in_postgresql_as_it_was_in_sqlite(postgres_database: str, tmp_path: Path) -> None:
    """The document, the journal's chain, the routing table; the next days; a killed run, too; and never twice."""
    site = KilledSite.made(tmp_path / "site")
    assert site.type("run", DAYS[0]) == 0
    assert site.kill(DAYS[1], 5)
    stayed, main = site.copied(tmp_path / "stayed"), site.folder / "config" / "nexusops.toml"
    before = site.outcome()
    assert carried(site, postgres_database) == (0, "")
    main.write_text(main.read_text("utf-8").replace(SQLITE, f'url = "{postgres_database}"'), "utf-8")
    assert differing(site.outcome(), before) == {}
    for day in DAYS[1:]:
        assert (site.type("run", day), stayed.type("run", day)) == (0, 0)
    assert differing(site.outcome(), stayed.outcome()) == {}
    code, said = carried(stayed, postgres_database)
    assert (code, said.strip().endswith("holds a state already. Name an empty database.")) == (1, True)
