"""`wherry plugin`: makes `faas-cli wherry ...` run this command."""

from __future__ import annotations

from pathlib import Path

import click

from wherry_cli.notes import note


@click.group(epilog="Examples:\n\n  wherry plugin install")
def command() -> None:
    """Make `faas-cli wherry ...` run this command."""


@command.command()
@click.option("--force", is_flag=True, help="Take the place of another's plugin of that name.")
def install(force: bool) -> None:
    """Write ~/.openfaas/plugins/wherry, which runs this installation of Wherry.

    faas-cli finds it there. After Wherry has been installed elsewhere, run this again.
    """
    from wherry_build.remote import plugin

    click.echo(plugin.install(Path.home(), plugin.this_command(), is_forced=force))
    note("next: faas-cli wherry --help")


@command.command()
def uninstall() -> None:
    """Delete ~/.openfaas/plugins/wherry, if `wherry plugin install` made it."""
    from wherry_build.remote import plugin

    click.echo(plugin.uninstall(Path.home()))


@command.command("list")
def list_() -> None:
    """List faas-cli's plugins, and what ours runs."""
    from wherry_build.remote import plugin

    for each in plugin.installed(Path.home()):
        click.echo(f"{each.file}: {each.runs}" if each.is_ours else str(each.file))
