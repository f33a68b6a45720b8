"""The state: the ledger, the journal and everything else that must survive, in SQLite or PostgreSQL.

schema.py    the tables
mapping.py   dataclasses to table rows and back
opening.py   place, schema version, site; migrations
reading.py   slices of the ledger
writing.py   acceptance and records, with the journal
staging.py   the snapshots that are kept
chain.py     the journal's hash chain
conflicts.py a row that may be there already; ready.py: statements made once
guarding.py  what the journal keeps of the guard
lock.py      one run at a time
export.py    the document of `state export`
forbidden.py what must never stand in the ledger

sql.py, the Store of ports.py, is made of

connecting.py one transaction at a time, for all of them
running.py    what a run reads and writes
routing.py    the routing table that is kept
looking.py    what staff ask
answering.py  what people and monitoring ask
auditing.py   what auditors ask; astray.py: rows that are not as the journal last wrote them
keeping.py    what adapters remember
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy.engine import URL, Engine

    from nexusops.store.sql import SqlStore


def open_store(url: str, *, site: str, base_dir: Path) -> SqlStore:
    """The state of one site. A relative ``sqlite:///`` path is taken from ``base_dir``, the configuration folder.

    Raises UsageError (another site's), StateUnavailable (a newer one, no database, or it does not answer).
    """
    from nexusops.store.opening import located, prepared

    return _opened(located(url, base_dir), lambda engine: prepared(engine, site))


def read_store(url: str, *, site: str, base_dir: Path) -> SqlStore:
    """The same as it stands, only to read: nothing is made or migrated. Raises StateUnavailable, too, where there is no
    state, or an older one.
    """
    from nexusops.store.opening import read_only, standing

    return _opened(read_only(url, base_dir), lambda engine: standing(engine, site))


def _opened(url: URL, check: Callable[[Engine], None]) -> SqlStore:
    """What is refused is closed again."""
    from nexusops.store.opening import engine_for
    from nexusops.store.sql import SqlStore

    engine = engine_for(url)
    try:
        check(engine)
    except BaseException:
        engine.dispose()
        raise
    return SqlStore(engine)
