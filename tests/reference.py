"""docs/reference/: commands, configuration and codes, made from the source: ``make reference``."""

from __future__ import annotations

import ast
import re
import sys
import typing
from collections.abc import Iterator, Mapping
from dataclasses import fields
from inspect import getdoc, getsource
from pathlib import Path
from types import ModuleType

import click

from nexusops import errors
from nexusops.cli.entry import program
from nexusops.config import policy as choices
from nexusops.config import schema
from nexusops.model import policy
from nexusops.model.changes import PROMISES, Kind
from nexusops.plan.guard import DESTRUCTIVE_KINDS

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "reference"
MADE = "Made from the source by `make reference`; a test fails where it is not current.\n"
_CODE = re.compile(r'"([A-Z]{2,}(?:_[A-Z0-9]+)+|LOOP|PTR|SYNTAX|UNDONE)"')
WIDTH = 100


def every_command(
    command: click.Command = program, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Each command of the tree with its words, groups before what is in them."""
    yield path, command
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            beneath = command.get_command(click.Context(command), name)
            assert beneath is not None
            yield from every_command(beneath, (*path, name))


def help_of(path: tuple[str, ...], command: click.Command) -> str:
    """A command's help as it is printed, at one width whatever the terminal."""
    name = " ".join(("nexusops", *path))
    names = ["-h", "--help"]
    context = click.Context(
        command, info_name=name, terminal_width=WIDTH, max_content_width=WIDTH, help_option_names=names
    )
    text = command.get_help(context)
    return "\n".join(line.rstrip() for line in text.splitlines())


def commands() -> str:
    parts = [f"# Commands\n\n{MADE}"]
    for path, command in every_command():
        parts.append(f"## `{' '.join(('nexusops', *path))}`\n\n```text\n{help_of(path, command)}\n```\n")
    return "\n".join(parts)


def configuration() -> str:
    parts = [f"# Configuration\n\n{MADE}"]
    parts.append("`nexusops config show` prints each effective value and where it came from.\n")
    parts.append(_tables("nexusops.toml", schema, schema.Settings, schema.CHOICES))
    parts.append(_tables("policy.toml", policy, policy.Policy, choices.CHOICES))
    parts.append(_GUARD)
    return "\n".join(parts)


_GUARD = """## guard.toml

| key | what it is |
|---|---|
| `[limits]` `Destructive` | how many destructive changes pass in one run: a number, a share (`"2%"`), or `{ count = 50, percent = 2.0 }`, whichever is more; the default is that of `[guard]` in policy.toml |
| `[limits]` `TakenOver` | how many mailboxes the tenant may have where the state has no history; default 10 (docs/operations.md) |
| `[limits]` a kind of change | the same for that kind alone, such as `DisableMailbox = 10` |
| `[limits]` `"unit:CHEM"` | the same for the destructive changes of one unit's people and mailboxes |
| `[roles]` `security` | who may use `desk disable --override`; none named: anybody |
| `[roles]` `postmaster`, `desk`, `auditor` | who may what in the console ([console.md](../console.md)), by username |
| `[approval]` `approvers` | so many people must approve a plan that the guard stopped; more than one, and `--accept` is not enough; 1 |
"""  # noqa: E501


def _tables(file: str, module: ModuleType, root: type, words: Mapping[str, tuple[str, ...]]) -> str:
    parts = [f"## {file}\n"]
    for section, kind in typing.get_type_hints(root).items():
        said, own = _told(module, kind)
        parts.append(f"### `[{section}]`\n")
        if said and not said.startswith(f"{kind.__name__}("):
            parts.append(f"{' '.join(said.split())}\n")
        parts.append("| key | default | what it is |\n|---|---|---|")
        for key in fields(kind):
            value = getattr(kind(), key.name)
            allowed = words.get(f"{section}.{key.name}")
            what = " ".join(filter(None, (own.get(key.name, ""), f"One of: {', '.join(allowed)}." if allowed else "")))
            parts.append(f"| `{key.name}` | `{_value(value)}` | {what} |")
        parts.append("")
    return "\n".join(parts)


def _told(module: ModuleType, kind: type) -> tuple[str, dict[str, str]]:
    """What the source says of a table, and of each of its keys: the sentence below the field."""
    tree = ast.parse(getsource(module))
    found = next(node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == kind.__name__)
    own: dict[str, str] = {}
    for field, beneath in zip(found.body, found.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(beneath, ast.Expr):
            text = getattr(beneath.value, "value", "")
            own[ast.unparse(field.target)] = " ".join(str(text).split()).replace("|", "\\|")
    return ast.get_docstring(found) or "", own


def _value(value: object) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else f"{value}"


def codes() -> str:
    parts = [f"# Codes\n\n{MADE}", "## Exit codes\n", "| code | means | raised as |\n|---|---|---|"]
    parts.append("| 0 | done, or nothing to do | |")
    tree = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.NexusopsError)]
    for kind in sorted(tree, key=lambda kind: kind.exit_code):
        base = kind is errors.NexusopsError
        said = "A defect in nexusops." if base else " ".join((getdoc(kind) or "").split()).replace("|", "\\|")
        parts.append(f"| {kind.exit_code} | {said} | `{kind.__name__}` |")
    parts.append("| 10 | changes are pending (only `plan --detailed-exitcode`) | |\n| 130 | interrupted | |\n")
    parts.append("## Kinds of change\n\nThe guard's group `Destructive` counts those that are marked.\n")
    parts.append("| kind | what is done | destructive |\n|---|---|---|")
    for one in Kind:
        marked = "yes" if one in DESTRUCTIVE_KINDS else ""
        promise = "; the ledger alone is changed" if one in PROMISES else ""
        parts.append(f"| `{one.value}` | {_DONE[one]}{promise} | {marked} |")
    parts.append("\n## Codes of findings, refusals and answers\n")
    parts.append("| code | what it means and what to do stands in |\n|---|---|")
    texts = {name: (ROOT / "docs" / name).read_text("utf-8") for name in _EXPLAINING}
    for code in _found():
        where = [f"[{name}](../{name})" for name, text in texts.items() if f"`{code}`" in text]
        parts.append(f"| `{code}` | {', '.join(where)} |")
    return "\n".join(parts) + "\n"


_EXPLAINING = ("findings.md", "domains.md", "saas.md", "adopting.md", "runbook.md")
_DONE: Mapping[Kind, str] = {
    Kind.CREATE_MAILBOX: "user, licence and mailbox of a person, or a shared mailbox of a unit, are made",
    Kind.ENABLE_MAILBOX: "a disabled mailbox can sign in, send and receive again",
    Kind.DISABLE_MAILBOX: "it can no longer sign in, send or receive; its content is kept",
    Kind.DELETE_MAILBOX: "it goes, with its addresses; for thirty days it can be restored",
    Kind.RESTORE_MAILBOX: "a deleted mailbox comes back with its content",
    Kind.ADD_ADDRESS: "a mailbox receives at one more address",
    Kind.WIND_DOWN_ADDRESS: "an address receives until a day, and no longer sends",
    Kind.REVIVE_ADDRESS: "an address that was winding down, suspended or deleted is its owner's again",
    Kind.REMOVE_ADDRESS: "an address whose day has come is taken off its mailbox",
    Kind.SET_SENDER: "a mailbox sends as another of its addresses",
    Kind.SET_FORWARD: "a mailbox forwards to the unit's own mail",
    Kind.CLEAR_FORWARD: "it does so no longer",
    Kind.SEND_NOTICE: "somebody, or a unit's IT staff, is told what will end, and when",
    Kind.GRANT_ACCESS: "a product's application may use one mailbox",
    Kind.REVOKE_ACCESS: "it may no longer",
    Kind.PUBLISH_RECORDS: "the DNS records of a service domain are published, or handed on for it",
    Kind.RETIRE_RECORDS: "they are taken back",
}


def _found() -> list[str]:
    """Every code that the source knows."""
    parts = ("registration", "plan", "rules", "pipeline", "dns")
    pages = (path for part in parts for path in (ROOT / "nexusops" / part).rglob("*.py"))
    return sorted({code for path in pages for code in _CODE.findall(path.read_text("utf-8"))})


PAGES = {"commands.md": commands, "configuration.md": configuration, "codes.md": codes}


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, made in PAGES.items():
        (FOLDER / name).write_text(made(), "utf-8")
        sys.stdout.write(f"{FOLDER.relative_to(ROOT) / name}\n")


if __name__ == "__main__":
    main()
