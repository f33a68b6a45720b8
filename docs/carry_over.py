"""Carries a state over from SQLite to an empty PostgreSQL database: docs/operations.md says when, and what to do then.

    python carry_over.py FOLDER postgresql+psycopg://nexusops@/nexusops

FOLDER is the configuration, whose [state] url still names the SQLite file. That file is only read.
"""

import sys
from pathlib import Path

from sqlalchemy import func, select

from nexusops.config import load
from nexusops.errors import NexusopsError
from nexusops.store import open_store
from nexusops.store.schema import approvals, findings, locks, metadata

NUMBERED = (findings, approvals)
"""PostgreSQL numbers their rows itself, and must know how far it is."""


def carry_over(folder: Path, target: str) -> str:
    site = load(folder)
    old = open_store(site.url("state.url"), site=site.site.name, base_dir=folder.absolute())
    new = open_store(target, site=site.site.name, base_dir=folder.absolute())
    if (old.engine.dialect.name, new.engine.dialect.name) != ("sqlite", "postgresql"):
        return "The configuration must name a state in SQLite, and the target must be PostgreSQL."
    if new.runs() or new.serial():
        return f"{new.engine.url.database} holds a state already. Name an empty database."
    with old.lock("carry over"), old.engine.connect() as source, new.engine.begin() as into:
        for table in metadata.sorted_tables:
            if table is locks:
                continue
            columns = [column for column in table.columns if table not in NUMBERED or column.name != "id"]
            into.execute(table.delete())
            rows = source.execution_options(yield_per=500).execute(select(*columns).order_by(*table.primary_key))
            for part in rows.mappings().partitions():
                into.execute(table.insert(), [dict(row) for row in part])
            counts = [one.execute(select(func.count()).select_from(table)).scalar() for one in (source, into)]
            if counts[0] != counts[1]:
                raise SystemExit(f"{table.name}: {counts[0]} rows, and {counts[1]} arrived. Nothing was carried over.")
    return "" if old.verify() == new.verify() == [] else "The journal is not whole: see `nexusops audit verify`."


if __name__ == "__main__":
    try:
        sys.exit(carry_over(Path(sys.argv[1]), sys.argv[2]) or None)
    except NexusopsError as error:
        sys.exit(str(error))
