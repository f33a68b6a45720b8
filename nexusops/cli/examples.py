"""One example for every command whose own help has none, shown below its options.

And the line in its group of each command whose first sentence has no room in 80 columns.
"""

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
    "desk release": f"nexusops desk release ball1234 {_DESK}",
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


IN_BRIEF: Mapping[str, str] = {
    "cassette scrub": "Replace every secret and personal datum of a recording.",
    "cassette verify": "Is there a secret or a personal datum in a recording?",
    "config at": "Which configuration was in force on a date.",
    "config show": "Each value in force, and where it came from.",
    "desk exempt-forward": "Keep a person's mail in the mailbox: no forward.",
    "desk shorten-winddown": "End an address in wind-down on a given day.",
    "desk undo-disable": "Enable a mailbox that the desk disabled.",
    "domain list": "The domains, with their state and the addresses left.",
    "emulator serve": "Serve it on this machine until SIGTERM.",
    "notices due": "Who is owed which notice, and when.",
    "reorg list": "The reorganisations, with their days.",
    "reorg plan": "Who gets which address, and what winds down until when.",
    "saas list": "Every request: its way, its state, and what is wrong.",
    "saas plan": "What the next run would set up for a request.",
    "saas renew": "Hand a new secret over: the old one ends, or leaked.",
    "saas retire": "End it: the next run takes away what it sends with.",
    "saas test": "Send one message as the product would.",
    "saas verify": "Prove that it works, and can do no more than it should.",
    "snapshot check": "Is a snapshot consistent in itself?",
    "state journal": "Every row of the journal, for keeping.",
    "unit show": "Who has addresses in a unit, and what winds down.",
}


def illustrated(command: click.Command, path: str) -> click.Command:
    """The command, and those beneath it, with their examples and lines."""
    command.short_help = IN_BRIEF.get(path, command.short_help)
    if isinstance(command, click.Group):
        for name, beneath in command.commands.items():
            illustrated(beneath, f"{path} {name}")
    elif path in EXAMPLES and "Example:" not in (command.help or ""):
        command.epilog = f"Example: {EXAMPLES[path]}"
    return command
