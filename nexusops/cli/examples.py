"""One example for every command whose own help has none, shown below its options."""

from __future__ import annotations

from collections.abc import Mapping

import click

_DESK = '--actor olive --reason "asked by phone"'
EXAMPLES: Mapping[str, str] = {
    "apply": "nexusops apply plan.json --accept Destructive=61",
    "cassette scrub": "nexusops cassette scrub recorded.jsonl clean.jsonl",
    "cassette verify": "nexusops cassette verify clean.jsonl",
    "config show": "nexusops --config site config show",
    "console": "nexusops console --port 8080",
    "demo": "nexusops demo --keep tour",
    "desk decide-name": f"nexusops desk decide-name n17 accept {_DESK}",
    "desk disable": f"nexusops desk disable ball1234 {_DESK}",
    "desk exempt-forward": f"nexusops desk exempt-forward stat0001 {_DESK}",
    "desk handover": f"nexusops desk handover chem-office --to chem0042 {_DESK}",
    "desk shorten-winddown": f"nexusops desk shorten-winddown ann.lee@chem.ox.ac.uk --on 2025-10-31 {_DESK}",
    "desk undo-disable": f"nexusops desk undo-disable ball1234 {_DESK}",
    "desk unexempt-forward": f"nexusops desk unexempt-forward stat0001 {_DESK}",
    "doctor": "nexusops --config site doctor",
    "emulator serve": "nexusops emulator serve --path tenant.db --port 8443 --tls",
    "init": "nexusops init site",
    "jobs list": "nexusops jobs list",
    "resume": "nexusops resume",
    "routing build": "nexusops routing build --format exim --out /etc/exim4/nexus.routes",
    "run": "nexusops run mailboxes addresses senders",
    "saas handover": f"nexusops saas handover adminday --to food0032 {_DESK}",
    "saas list": "nexusops saas list",
    "saas plan": "nexusops saas plan adminday",
    "saas renew": f"nexusops saas renew adminday --revoke {_DESK}",
    "saas retire": f"nexusops saas retire adminday {_DESK}",
    "saas test": "nexusops saas test adminday --to somebody@food.ox.ac.uk",
    "saas verify": "nexusops saas verify adminday",
    "schedule": "nexusops schedule",
    "show": "nexusops show plan.json --format html",
    "snapshot check": "nexusops snapshot check snapshots/2025-10-01",
    "snapshot diff": "nexusops snapshot diff snapshots/2025-10-01 snapshots/2025-10-02",
    "state export": "nexusops state export --format json",
    "state journal": "nexusops state journal",
    "worker": "nexusops worker",
}


def illustrated(command: click.Command, path: str) -> click.Command:
    """The command, and those beneath it, with their examples."""
    if isinstance(command, click.Group):
        for name, beneath in command.commands.items():
            illustrated(beneath, f"{path} {name}")
    elif path in EXAMPLES and "Example:" not in (command.help or ""):
        command.epilog = f"Example: {EXAMPLES[path]}"
    return command
