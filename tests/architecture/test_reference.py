"""The reference documentation is made from the source, and every command explains itself."""

from __future__ import annotations

import re
import shlex

import click
import pytest
from reference import FOLDER, PAGES, every_command, help_of

from nexusops.cli.entry import program
from nexusops.cli.examples import EXAMPLES, IN_BRIEF

COMMANDS = {" ".join(path): (path, command) for path, command in every_command()}


@pytest.mark.parametrize("name", PAGES)
def test_the_reference_is_current(name: str) -> None:
    page = FOLDER / name
    assert page.exists(), "make reference"
    assert page.read_text("utf-8") == PAGES[name](), "make reference"


@pytest.mark.parametrize("words", [words for words in COMMANDS if words])
def test_every_command_has_a_sentence_its_options_and_an_example_that_it_takes(words: str) -> None:
    path, command = COMMANDS[words]
    text = help_of(path, command)
    sentence = (command.help or "").strip().splitlines()[0]
    assert sentence[0].isupper()
    assert "." in (command.help or "")
    unsaid = [option.name for option in command.params if isinstance(option, click.Option) and not option.help]
    assert unsaid == []
    if not isinstance(command, click.Group):
        _, _, example = " ".join(text.split()).partition("Example: ")
        assert example.startswith(("nexusops", 'eval "$(nexusops')), f"{words} has no example"
    if words in EXAMPLES:
        _understood(shlex.split(EXAMPLES[words])[1:])


def test_every_key_of_the_configuration_and_every_kind_of_change_says_what_it_is() -> None:
    rows = [row for row in PAGES["configuration.md"]().splitlines() if row.startswith("| `")]
    assert len(rows) > 100
    assert [row for row in rows if row.endswith("|  |") or re.search(r"\| D\d\d\.( One of.*)? \|$", row)] == []
    assert "| ``" not in PAGES["codes.md"]()


def test_examples_are_of_commands_that_there_are() -> None:
    assert set(EXAMPLES) - set(COMMANDS) == set()


def test_no_line_of_a_list_of_commands_is_cut_off_at_eighty_columns() -> None:
    assert set(IN_BRIEF) - set(COMMANDS) == set()
    for path, command in COMMANDS.values():
        if isinstance(command, click.Group):
            listed = command.get_help(
                click.Context(command, info_name=" ".join(path), terminal_width=80, help_option_names=["-h", "--help"])
            )
            assert [line for line in listed.splitlines() if line.endswith("...") and "Usage:" not in line] == []


def _understood(words: list[str]) -> None:
    """Raises where the command line is not what the command takes; nothing is run."""
    context = program.make_context("nexusops", words)
    command: click.Command = program
    rest = [*context._protected_args, *context.args]
    while isinstance(command, click.Group):
        name, beneath, rest = command.resolve_command(context, rest)
        assert beneath is not None
        command, context = beneath, beneath.make_context(name, list(rest), parent=context)
        rest = [*context._protected_args, *context.args]
