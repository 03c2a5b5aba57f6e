"""`wherry new`: a function's folder from a template."""

from __future__ import annotations

from pathlib import Path

import click

from wherry_cli.notes import note


@click.command(
    epilog="""\b
Examples:
  wherry new hello
  wherry new orders --template events
  wherry new hello --path services/"""
)
@click.argument("name")
@click.option(
    "--template",
    "style",
    type=click.Choice(["http", "events", "typed", "stream"]),
    default="http",
    show_default=True,
    help="What the function begins as.",
)
@click.option(
    "--path",
    "parent",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("functions"),
    show_default=True,
    help="Folder that the function's own is made in.",
)
def command(name: str, style: str, parent: Path) -> None:
    """Make functions/NAME with a handler, its test, its requirements and a README.

    Nothing that exists is written over.
    """
    from wherry_build.template import scaffold

    made = scaffold(name, style=style, parent=parent)
    for file in made:
        click.echo(file)
    note(f"next: wherry run {parent / name}")
