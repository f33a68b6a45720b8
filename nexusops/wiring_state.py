"""Where the state is: opened to work with, or looked into as it stands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from nexusops.config import Configuration, load
from nexusops.errors import UsageError

if TYPE_CHECKING:
    from nexusops.store.sql import SqlStore


def open_store_of(configuration: Configuration) -> SqlStore:
    """The state. Raises StateUnavailable where it cannot be read, UsageError where it holds another site."""
    from nexusops.store import open_store

    return open_store(
        configuration.url("state.url"), site=configuration.settings.site.name, base_dir=configuration.folder.absolute()
    )


@contextmanager
def looked_into(folder: Path, *, site: str) -> Iterator[SqlStore]:
    """The state of this site as it stands, only to read: nothing is made or migrated.

    Raises UsageError where the folder configures another site or none, or the state is another one's; StateUnavailable
    where there is none of this version, or it does not answer.
    """
    from nexusops.store import read_store

    configuration = load(folder)
    if configuration.settings.site.name != site:
        raise UsageError(
            f"{folder} configures {configuration.settings.site.name}, not {site}.",
            next_step="Name the folder of that site with --config.",
        )
    store = read_store(configuration.url("state.url"), site=site, base_dir=configuration.folder.absolute())
    try:
        yield store
    finally:
        store.close()
