"""The sites that a scheduler or a worker serves, each by its configuration folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from nexusops.config import load
from nexusops.errors import UsageError
from nexusops.model.frozen import frozen

_EXAMPLE = 'such as [queue] url = "env:NEXUSOPS_QUEUE" with postgresql://user@host/queue in that variable'


@frozen
class Sites:
    """Site name -> its folder; and the one queue that all of them name, as libpq takes it."""

    folders: Mapping[str, Path]
    queue: str


def sites_of(folders: Sequence[Path]) -> Sites:
    """Raises UsageError where a folder is no configuration, two name one site, or not all name the same queue."""
    found: dict[str, Path] = {}
    queues: set[str] = set()
    for folder in folders:
        configuration = load(folder)
        name = configuration.site.name
        if name in found:
            raise UsageError(
                f"{found[name]} and {folder} are both the site {name}.",
                next_step="Name each site once: `nexusops worker FOLDER FOLDER`.",
            )
        found[name] = folder.absolute()
        queues.add(configuration.url("queue.url") if configuration.settings.queue.url else "")
    if len(queues) != 1 or "" in queues:
        raise UsageError(
            "[queue] url in nexusops.toml: every site must name the queue, and the same one.",
            next_step=f"Add it, {_EXAMPLE}, then start `nexusops worker` or `nexusops schedule` again.",
        )
    return Sites(folders=found, queue=_for_libpq(queues.pop()))


def _for_libpq(url: str) -> str:
    scheme, _, rest = url.partition("://")
    if scheme not in ("postgresql", "postgresql+psycopg"):
        raise UsageError(
            "[queue] url: the queue needs PostgreSQL.",
            next_step=f"Name a database, {_EXAMPLE}, then start `nexusops worker` or `nexusops schedule` again.",
        )
    if rest.partition("/")[0].count("@") > 1:  # libpq would take the rest of a password for the host, and tell it
        raise UsageError(
            "[queue] url: an @ in the password must be written %40.",
            next_step=f"Correct it, {_EXAMPLE}, then start `nexusops worker` or `nexusops schedule` again.",
        )
    return f"postgresql://{rest}"
