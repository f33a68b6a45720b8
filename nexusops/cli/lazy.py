"""A click group whose commands are imported when they are called, so that ``--help`` imports none of them."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, NamedTuple

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class Lazily(NamedTuple):
    """Where a command stands (module:attribute), and its line in the list of commands."""

    target: str
    help: str


SECTIONS: dict[str, dict[str, Lazily]] = {
    "Every hour": {
        "run": Lazily("nexusops.cli.act:run", "Plan, check the guards, apply, and send notices."),
        "plan": Lazily("nexusops.cli.plan:plan", "Show what would change. Never writes to the tenant."),
        "show": Lazily("nexusops.cli.plan:show", "Print a saved plan."),
        "apply": Lazily("nexusops.cli.act:apply", "Carry out exactly a saved plan."),
        "resume": Lazily("nexusops.cli.act:resume", "Finish an interrupted run."),
        "undo": Lazily("nexusops.cli.undo:undo", "Show, or carry out, the inverse of a run."),
        "routing": Lazily("nexusops.cli.routing:routing", "The routing table for the mail hubs."),
        "health": Lazily("nexusops.cli.health:health", "Is the hourly work being done? For monitoring."),
    },
    "Questions": {
        "explain": Lazily("nexusops.cli.explain:explain", "What a person or address is, why, and what happens next."),
        "preview": Lazily("nexusops.cli.explain:preview", "What somebody who left would get on coming back today."),
        "unit": Lazily("nexusops.cli.unit:unit", "Who has addresses in a unit, and what winds down."),
        "reorg": Lazily("nexusops.cli.reorg:reorg", "What a merge or split of units will do to whom. Changes nothing."),
        "history": Lazily("nexusops.cli.history:history", "The latest runs, and what one of them did."),
        "audit": Lazily("nexusops.cli.audit:audit", "What was done to a subject; whether the promises were kept."),
        "notices": Lazily("nexusops.cli.notices:notices", "Messages to people: what is owed to whom, and when."),
        "overdue": Lazily("nexusops.cli.overdue:overdue", "What should have ended by now, and what it waits for."),
        "simulate": Lazily("nexusops.cli.simulate:simulate", "What will happen to whom until a day. Changes nothing."),
        "replay": Lazily("nexusops.cli.replay:replay", "Whether the history made anew is the same. Changes nothing."),
        "drift": Lazily("nexusops.cli.drift:drift", "Where the tenant differs from the ledger. Repairs nothing."),
    },
    "The service desk, products and DNS": {
        "desk": Lazily("nexusops.cli.desk:desk", "The service desk's actions, with actor and reason."),
        "saas": Lazily("nexusops.cli.saas:saas", "How a product may send mail, from the question to the proof."),
        "domain": Lazily("nexusops.cli.domain:domain", "Mail domains: their states, their DNS, what it should hold."),
        "spf": Lazily("nexusops.cli.spf:spf", "Who may send mail as a domain: check its SPF record."),
    },
    "What comes in, what is kept, what is set": {
        "snapshot": Lazily("nexusops.cli.snapshot:snapshot", "Check or compare registration snapshots."),
        "state": Lazily("nexusops.cli.state:state", "Export everything that nexusops remembers."),
        "config": Lazily("nexusops.cli.config:config", "Show the effective configuration and where it comes from."),
        "jobs": Lazily("nexusops.cli.jobs:jobs", "The jobs, what each may change and which permissions it needs."),
    },
    "Setting up": {
        "init": Lazily("nexusops.cli.init:init", "Write a commented configuration folder."),
        "doctor": Lazily("nexusops.cli.doctor:doctor", "Check configuration, state, snapshot and tenant."),
        "adopt": Lazily("nexusops.cli.adopt:adopt", "Take over the mailboxes that the tenant has, as they are."),
        "console": Lazily("nexusops.cli.console:console", "The web console on this machine."),
        "schedule": Lazily("nexusops.cli.queue:schedule", "Queue a run of each site every hour."),
        "worker": Lazily("nexusops.cli.queue:worker", "Carry out queued runs, of one site or many."),
        "completion": Lazily("nexusops.cli.completion:completion", "What a shell needs to complete commands."),
    },
    "Trying out and testing": {
        "demo": Lazily("nexusops.cli.demo:demo", "The whole story with an invented university and tenant."),
        "emulator": Lazily("nexusops.cli.emulator:emulator", "The embedded tenant as a server on this machine."),
        "cassette": Lazily("nexusops.cli.cassette:cassette", "Record reads of a tenant, without secrets and people."),
    },
}
"""As `nexusops --help` lists them, by what they are for."""
COMMANDS = {name: lazily for commands in SECTIONS.values() for name, lazily in commands.items()}


class LazyGroup(click.Group):
    """Lists its commands from the table; imports one only when it is called."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        lazily = COMMANDS.get(cmd_name)
        if lazily is None:
            return None
        from nexusops.cli.examples import illustrated

        module, attribute = lazily.target.split(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return illustrated(command, cmd_name)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """As click does, without importing every command for its line of help."""
        from click.shell_completion import CompletionItem

        found = [name for name in sorted(COMMANDS) if name.startswith(incomplete)]
        named = [CompletionItem(name, help=COMMANDS[name].help) for name in found]
        return [*named, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Under their headings, all in one column."""
        width = max(map(len, COMMANDS))
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), lazily.help) for name, lazily in commands.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with the nearest command named where there is none of that name."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            ctx.fail(f"There is no command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)
