"""``replay``: whether the history, made anew from the same snapshots, comes to the same plans and the same state."""

from __future__ import annotations

from pathlib import Path

import click

from nexusops.cli import options
from nexusops.cli.entry import Call
from nexusops.errors import FINDINGS


@click.command()
@click.argument("snapshots", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, file_okay=False))
@options.format_option()
@click.pass_obj
def replay(call: Call, snapshots: tuple[Path, ...], form: str) -> int:
    """Make the whole history anew, in an empty state, from the SNAPSHOTs that the runs rested on, and compare.

    What the program decided must come out the same: every plan's digest, and the state at the end. Each run is decided
    under the policy and the requests that it kept; nexusops.toml is the one in force now. What people decided, and how
    steps in the tenant ended, is taken from the journal. Neither the site's state nor the tenant is touched. Ends with
    6 where anything differs, or a snapshot is missing.

    Example: nexusops replay /srv/snapshots/2025-10-*
    """
    import tempfile

    from nexusops import wiring
    from nexusops.cli.printing import look, steps_shown
    from nexusops.pipeline.replay.runs import replay as replayed
    from nexusops.report.replay import replay_json, replay_text
    from nexusops.store import open_store

    with wiring.opened(call.folder) as site, tempfile.TemporaryDirectory(prefix="nexusops-") as place:
        site_name = site.ports.site.name
        sources = [wiring.registration_of(site.configuration, folder) for folder in snapshots]
        with steps_shown("Replaying") as step:
            known = {source.read().record.sha256: source for source in sources}
            store = open_store("sqlite:///replay.db", site=site_name, base_dir=Path(place))
            try:
                found = replayed(site.ports, store, known, told=step)
            finally:
                store.close()
    click.echo(replay_json(found) if form == "json" else replay_text(found, look()), nl=False)
    return 0 if found.same else FINDINGS
