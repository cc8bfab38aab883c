"""`gate completion`: the script that lets a shell complete the names in this registry."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script for SHELL: commands, options, adapters, channels, policies.

    \b
    bash:  eval "$(gate completion bash)"    in ~/.bashrc
    zsh:   eval "$(gate completion zsh)"     in ~/.zshrc
    fish:  gate completion fish | source     in ~/.config/fish/config.fish
    """
    from gatekeeper.cli import gate

    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"{shell} is not supported.")
    # click asks bash for its version; a script for another machine must not depend on this one.
    maker = found(gate, {}, "gate", "_GATE_COMPLETE")
    click.echo(maker.source_template % maker.source_vars())
