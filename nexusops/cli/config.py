"""``config show``: each effective value, and where it came from; ``config at``: those of a day."""

from __future__ import annotations

from collections.abc import Mapping
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
    """What was in force on DATE: every key and value of the last run by its end; what is another now is marked.

    Example: nexusops config at 2025-10-01
    """
    from nexusops import wiring

    with wiring.opened(call.folder) as site:
        end = datetime.combine(day, time(23, 59, 59), ZoneInfo(site.ports.policy.time.zone))
        run = site.ports.store.run_in_force(end)
        texts = site.ports.texts
    if run is None:
        raise Refused(f"No run had accepted a snapshot by {day}.", next_step="See `nexusops history`.")
    values = _files(run.policy_text, run.config_text, run.services_text)
    now = _files(texts.policy, texts.config, texts.services)
    if form == "json":
        import json

        told = {"run_id": run.run_id, "at": run.at.isoformat().replace("+00:00", "Z"), "version": run.program_version}
        document = {"date": day.isoformat(), "run": told, "values": values, "changed_since": _changed(values, now)}
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
        return 0
    click.echo(f"# on {day}: run {run.run_id[:12]} of {run.at:%Y-%m-%d %H:%M} UTC, nexusops {run.program_version}")
    other = {(one["file"], one["key"]): one["now"] for one in _changed(values, now)}
    for file, keys in values.items():
        click.echo(f"\n[{file}]")
        for key, value in keys.items():
            mark = f"   # now {_shown(other[file, key])}" if (file, key) in other else ""
            click.echo(f"{key:<36} = {_shown(value)}{mark}")
    return 0


def _files(policy: str, config: str, services: str) -> dict[str, dict[str, object]]:
    """What a run keeps, file by file; the guard's limits stand behind the settings."""
    import json

    read = json.JSONDecoder().raw_decode
    settings, end = read(config or "{}")
    limits = config[end:].strip()
    files = {"policy.toml": policy, "guard.toml": limits}
    found: dict[str, dict[str, object]] = {name: json.loads(text or "{}") for name, text in files.items()}
    requests = {f"services/{name}.toml": values for name, values in json.loads(services or "{}").items()}
    return {**found, "nexusops.toml": settings, **requests}


def _changed(
    values: Mapping[str, Mapping[str, object]], now: Mapping[str, Mapping[str, object]]
) -> list[dict[str, object]]:
    """What is another value now, or stands nowhere any more (None)."""
    return [
        {"file": file, "key": key, "then": value, "now": now.get(file, {}).get(key)}
        for file, keys in values.items()
        for key, value in keys.items()
        if now.get(file, {}).get(key) != value
    ]


def _shown(value: object) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)
