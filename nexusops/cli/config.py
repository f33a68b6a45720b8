"""``config show``: each effective value, and where it came from."""

from __future__ import annotations

import click

from nexusops.cli import options
from nexusops.cli.entry import Call


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


def _shown(value: object) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)
