"""`wherry completion`: the script that teaches a shell our commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command(
    epilog="""\b
Examples:
  source <(wherry completion bash)
  wherry completion fish > ~/.config/fish/completions/wherry.fish"""
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script of SHELL."""
    made = get_completion_class(shell)
    if made is None:
        raise click.UsageError(f"no completion for {shell!r}")
    click.echo(made(ctx.find_root().command, {}, "wherry", "_WHERRY_COMPLETE").source())
