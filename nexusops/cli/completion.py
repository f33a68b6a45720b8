"""``completion``: what a shell needs to complete nexusops' commands and options."""

from __future__ import annotations

import click

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_NEXUSOPS_COMPLETE"


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> int:
    """Print the script that lets SHELL complete commands and options.

    \b
    bash   nexusops completion bash > ~/.local/share/bash-completion/completions/nexusops
    zsh    nexusops completion zsh > "${fpath[1]}/_nexusops"
    fish   nexusops completion fish > ~/.config/fish/completions/nexusops.fish

    Example: eval "$(nexusops completion bash)"
    """
    from click.shell_completion import get_completion_class

    from nexusops.cli.entry import program

    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"There is no completion for {shell}.")
    click.echo(found(program, {}, "nexusops", VARIABLE).source())
    return 0
