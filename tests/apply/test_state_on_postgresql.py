"""The same days with the state in PostgreSQL: killed, finished, and the same in the end as with SQLite."""

from __future__ import annotations

from pathlib import Path

from building.killed import DAYS, KilledSite, differing

URL = 'url = "sqlite:///state/nexusops.db"'


def test_three_days_on_postgresql_end_as_on_sqlite_killed_or_not(postgres_database: str, tmp_path: Path) -> None:
    plain, killed = KilledSite.made(tmp_path / "plain"), KilledSite.made(tmp_path / "killed")
    main = killed.folder / "config" / "nexusops.toml"
    text = main.read_text("utf-8")
    assert URL in text
    main.write_text(text.replace(URL, f'url = "{postgres_database}"'), "utf-8")
    for day, point in zip(DAYS, (7, 5, 2), strict=True):
        assert plain.type("run", day) == 0
        assert killed.kill(day, point)
        assert killed.type("run", day) == 0
    assert differing(killed.outcome(), plain.outcome()) == {}
