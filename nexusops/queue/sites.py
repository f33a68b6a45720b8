"""The sites that a scheduler or a worker serves, each by its configuration folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path

from nexusops.config import load
from nexusops.errors import UsageError
from nexusops.model.frozen import frozen

_EXAMPLE = 'such as [queue] url = "env:NEXUSOPS_QUEUE" with postgresql://user@host/queue in that variable'


@frozen
class Sites:
    """Site name -> its folder; and the one queue that all of them name, as libpq takes it.

    ``left_out``: folders whose configuration is wrong, with what is. The others do not wait for them.
    """

    folders: Mapping[str, Path]
    queue: str
    left_out: Mapping[Path, UsageError] = field(default_factory=dict)


def sites_of(folders: Sequence[Path]) -> Sites:
    """Raises UsageError where no folder is a configuration, two name one site, or not all name the same queue."""
    found: dict[str, Path] = {}
    queues: set[str] = set()
    wrong: dict[Path, UsageError] = {}
    for folder in folders:
        try:
            name, queue = _read(folder)
        except UsageError as error:
            wrong[folder] = error
            continue
        if name in found:
            raise _twice(name, found[name], folder)
        found[name] = folder.absolute()
        queues.add(queue)
    if wrong and not found:
        raise next(iter(wrong.values()))
    if len(queues) != 1 or "" in queues:
        raise _one_queue()
    return Sites(folders=found, queue=_for_libpq(queues.pop()), left_out=wrong)


def looked_at_again(sites: Sites) -> Sites:
    """With those among the left out ones that somebody has mended."""
    found, wrong = dict(sites.folders), {}
    for folder in sites.left_out:
        try:
            name, queue = _read(folder)
            if name in found:
                raise _twice(name, found[name], folder)
            if _for_libpq(queue) != sites.queue:
                raise _one_queue()
            found[name] = folder.absolute()
        except UsageError as error:
            wrong[folder] = error
    return replace(sites, folders=found, left_out=wrong)


def in_words(sites: Sites) -> Iterator[str]:
    """Who is left out, why, and what to do."""
    for folder, error in sites.left_out.items():
        yield f"{folder}: LEFT OUT, nothing is done for it: {error.message.splitlines()[0]} Next: {error.next_step}"


def _read(folder: Path) -> tuple[str, str]:
    """A site's name and the queue that it names; '' for none."""
    configuration = load(folder)
    queue = configuration.url("queue.url") if configuration.settings.queue.url else ""
    return configuration.site.name, queue


def _twice(name: str, one: Path, other: Path) -> UsageError:
    return UsageError(
        f"{one} and {other} are both the site {name}.",
        next_step="Name each site once: `nexusops worker FOLDER FOLDER`.",
    )


def _one_queue() -> UsageError:
    return UsageError(
        "[queue] url in nexusops.toml: every site must name the queue, and the same one.",
        next_step=f"Add it, {_EXAMPLE}, then start `nexusops worker` or `nexusops schedule` again.",
    )


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
