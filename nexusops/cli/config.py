"""``config show``: each effective value, and where it came from; ``config at``: which were in force on a day."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import click

from nexusops.cli import options
from nexusops.cli.entry import Call
from nexusops.errors import Refused


@click.group()
def config() -> None:
    """The configuration folder."""


@config.command("show")
@options.format_option()
@click.pass_obj
def show(call: Call, form: str) -> int:
    """Each effective value and where it came from; secrets only as set or not set."""
    from nexusops.config import load

    loaded = load(call.folder)
    services = [{"request_id": one.request_id, "service_name": one.service_name} for one in loaded.services.values()]
    if form == "json":
        import json

        rows = [{"file": one.file, "key": one.key, "value": one.value, "from": one.origin} for one in loaded.shown]
        document = {"folder": str(loaded.folder.absolute()), "settings": rows, "services": services}
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
        return 0
    click.echo(f"# {loaded.folder.absolute()}")
    file = ""
    for setting in loaded.shown:
        if setting.file != file:
            file = setting.file
            click.echo(f"\n[{file}]")
        click.echo(f"{setting.key:<36} = {_shown(setting.value):<40} # {setting.origin}")
    for one in loaded.services.values():
        click.echo(f"\n[services/{one.request_id}.toml]")
        click.echo(f"{one.service_name}, requested by {one.requester} of {one.unit_id}")
    return 0


@config.command("at")
@click.argument("day", type=options.Day(), metavar="DATE")
@options.format_option()
@click.pass_obj
def at_date(call: Call, day: date, form: str) -> int:
    """Which policy was in force on DATE: every key and value of the last run that had accepted a snapshot by its end.

    Example: nexusops config at 2025-10-01
    """
    import json

    from nexusops import wiring

    with wiring.opened(call.folder) as site:
        end = datetime.combine(day, time(23, 59, 59), ZoneInfo(site.ports.policy.time.zone))
        run = site.ports.store.run_in_force(end)
    if run is None:
        raise Refused(f"No run had accepted a snapshot by {day}.", next_step="See `nexusops history`.")
    values = {"policy.toml": json.loads(run.policy_text or "{}"), "nexusops.toml": _first(run.config_text)}
    if form == "json":
        told = {"run_id": run.run_id, "at": run.at.isoformat().replace("+00:00", "Z"), "version": run.program_version}
        click.echo(json.dumps({"date": day.isoformat(), "run": told, "values": values}, ensure_ascii=False, indent=2))
        return 0
    click.echo(f"# on {day}: run {run.run_id[:12]} of {run.at:%Y-%m-%d %H:%M} UTC, nexusops {run.program_version}")
    for file, keys in values.items():
        click.echo(f"\n[{file}]")
        for key, value in keys.items():
            click.echo(f"{key:<36} = {_shown(value)}")
    return 0


def _first(text: str) -> dict[str, object]:
    """The settings, in front of the guard's limits in what a run keeps."""
    import json

    found: dict[str, object] = json.JSONDecoder().raw_decode(text or "{}")[0]
    return found


def _shown(value: object) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)
