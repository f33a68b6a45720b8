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


COMMANDS: dict[str, Lazily] = {
    "adopt": Lazily("nexusops.cli.adopt:adopt", "Take over the mailboxes that the tenant already has, as they are."),
    "apply": Lazily("nexusops.cli.act:apply", "Carry out exactly a saved plan."),
    "audit": Lazily("nexusops.cli.audit:audit", "What was done to a subject; whether the promises were kept."),
    "cassette": Lazily("nexusops.cli.cassette:cassette", "Record reads of a tenant, without secrets and people."),
    "completion": Lazily("nexusops.cli.completion:completion", "What a shell needs to complete commands."),
    "config": Lazily("nexusops.cli.config:config", "Show the effective configuration and where it comes from."),
    "console": Lazily("nexusops.cli.console:console", "The web console on this machine."),
    "demo": Lazily("nexusops.cli.demo:demo", "The whole story on the embedded tenant, with an invented university."),
    "desk": Lazily("nexusops.cli.desk:desk", "The service desk's actions, with actor and reason."),
    "doctor": Lazily("nexusops.cli.doctor:doctor", "Check configuration, state, snapshot and tenant."),
    "domain": Lazily("nexusops.cli.domain:domain", "Mail domains: their states, their DNS, and what it should hold."),
    "drift": Lazily("nexusops.cli.drift:drift", "Where the tenant differs from the ledger. Repairs nothing."),
    "emulator": Lazily("nexusops.cli.emulator:emulator", "The embedded tenant as a server on this machine."),
    "explain": Lazily("nexusops.cli.explain:explain", "What a person or address is, why, and what happens next."),
    "health": Lazily("nexusops.cli.health:health", "Is the hourly work being done? For monitoring."),
    "history": Lazily("nexusops.cli.history:history", "The latest runs, and what one of them did."),
    "init": Lazily("nexusops.cli.init:init", "Write a commented configuration folder."),
    "jobs": Lazily("nexusops.cli.jobs:jobs", "The jobs, what each may change and which permissions it needs."),
    "notices": Lazily("nexusops.cli.history:notices", "Messages to people: what is owed to whom, and when."),
    "overdue": Lazily("nexusops.cli.history:overdue", "What should have ended by now, and what it waits for."),
    "plan": Lazily("nexusops.cli.plan:plan", "Show what would change. Never writes to the tenant."),
    "resume": Lazily("nexusops.cli.act:resume", "Finish an interrupted run."),
    "routing": Lazily("nexusops.cli.routing:routing", "The routing table for the mail hubs."),
    "run": Lazily("nexusops.cli.act:run", "Plan, check the guards, apply, and send notices."),
    "saas": Lazily("nexusops.cli.saas:saas", "How a product may send mail, from the question to the proof."),
    "schedule": Lazily("nexusops.cli.queue:schedule", "Queue a run of each site every hour."),
    "show": Lazily("nexusops.cli.plan:show", "Print a saved plan."),
    "simulate": Lazily("nexusops.cli.simulate:simulate", "What will happen to whom until a day. Changes nothing."),
    "snapshot": Lazily("nexusops.cli.snapshot:snapshot", "Check or compare registration snapshots."),
    "spf": Lazily("nexusops.cli.spf:spf", "Who may send mail as a domain: check its SPF record."),
    "state": Lazily("nexusops.cli.state:state", "Export everything that nexusops remembers."),
    "undo": Lazily("nexusops.cli.undo:undo", "Show, or carry out, the inverse of a run."),
    "unit": Lazily("nexusops.cli.unit:unit", "Who has addresses in a unit, and what winds down."),
    "worker": Lazily("nexusops.cli.queue:worker", "Carry out queued runs, of one site or many."),
}


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
        with formatter.section("Commands"):
            formatter.write_dl([(name, lazily.help) for name, lazily in sorted(COMMANDS.items())])

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
