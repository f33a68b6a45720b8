"""What a command that acts leaves for monitoring, however it ends: metrics in a file, and OpenTelemetry where a site
wants it (docs/monitoring.md). Nothing here names a person or an address.

acts.py   what a run says of itself in its log lines, counted
otlp.py   the export: one trace and the metrics of one command
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path

from nexusops import clock, wiring
from nexusops.config import Configuration, load
from nexusops.errors import NexusopsError, StateUnavailable, UsageError
from nexusops.model.frozen import frozen
from nexusops.model.health import Health
from nexusops.report.health import metrics_text, unread_text
from nexusops.telemetry.acts import Acts, counted
from nexusops.wiring import Wired

Told = Callable[[str], None]


@dataclass(slots=True)
class Ending:
    """How a command that acts ended; 1 until it says so."""

    code: int = 1

    def end(self, code: int) -> int:
        self.code = code
        return code


@frozen
class Ended:
    """One command that acted: what, in whose site, when it began and ended, with which exit code."""

    site: str
    command: str
    program_version: str
    began: datetime
    ended: datetime
    code: int
    acts: Acts
    health: Health | None
    """None: the state could not be read."""


@contextmanager
def site_of(folder: Path, told: Told, *, snapshot: Path | None = None) -> Iterator[Wired]:
    """The site, for a command that acts: where its state cannot be opened, the metrics say so, too (interface.md 2)."""
    with ExitStack() as closing:
        try:
            site = closing.enter_context(wiring.opened(folder, snapshot=snapshot))
        except StateUnavailable as error:
            configuration = load(folder)
            if configuration.settings.metrics.textfile:
                _textfile(configuration, unread_text(configuration.site.name, error.exit_code), told)
            raise
        yield site


@contextmanager
def measured(site: Wired, at: datetime, command: str, told: Told) -> Iterator[Ending]:
    """Around a command that acts. What cannot be left behind is told, and changes nothing about how it ended.

    Raises UsageError where an export is configured and the packages for it are not installed.
    """
    wanted = bool(site.configuration.settings.otel.endpoint)
    if wanted and find_spec("opentelemetry.exporter") is None:
        raise UsageError(
            "[otel] endpoint is set, and the packages of the export are not installed.",
            next_step="Install them with `pip install 'nexusops[otel]'`, or take the setting away.",
        )
    ending, began = Ending(), clock.now()
    with counted(wanted) as acts:
        try:
            yield ending
        except NexusopsError as error:
            ending.code = error.exit_code
            raise
        finally:
            _leave(site, at, command, began, ending.code, acts, told)


def _leave(site: Wired, at: datetime, command: str, began: datetime, code: int, acts: Acts, told: Told) -> None:
    settings = site.configuration.settings
    if not settings.metrics.textfile and not settings.otel.endpoint:
        return
    health = _health(site, at, told)
    if settings.metrics.textfile:
        end = _certificate_end(site.configuration)
        text = metrics_text(health, code, end) if health is not None else unread_text(site.ports.site.name, code)
        _textfile(site.configuration, text, told)
    if settings.otel.endpoint:
        from nexusops.telemetry.otlp import export

        ended = Ended(
            site=site.ports.site.name,
            command=command,
            program_version=site.ports.program_version,
            began=began,
            ended=clock.now(),
            code=code,
            acts=acts,
            health=health,
        )
        if not export(ended, site.configuration):
            told("The telemetry was not taken: see whether the collector at [otel] endpoint answers.")


def _health(site: Wired, at: datetime, told: Told) -> Health | None:
    from nexusops.pipeline.health import health

    try:
        return health(site.ports, at=at)
    except NexusopsError as error:
        told(f"The metrics say nothing of the state: {error}")
        return None


def _certificate_end(configuration: Configuration) -> datetime | None:
    """None also where its file cannot be read: whoever signs in with it says so."""
    try:
        return wiring.sign_in_end(configuration)
    except NexusopsError:
        return None


def _textfile(configuration: Configuration, text: str, told: Told) -> None:
    """For node_exporter's textfile collector: whole, or as it was."""
    from nexusops.codec import write_whole

    path = configuration.path(configuration.settings.metrics.textfile)
    try:
        write_whole(text, path, "metrics", named_by="as [metrics] textfile in nexusops.toml")
    except NexusopsError as error:
        told(f"The metrics were not written: {error}")
