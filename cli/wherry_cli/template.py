"""`wherry template`: what faas-cli builds functions from."""

from __future__ import annotations

from pathlib import Path

import click

from wherry_cli.notes import note
from wherry_cli.tables import print_table


@click.group(
    epilog="""\b
Examples:
  wherry template list
  wherry template export
  wherry template export deploy/ python3-wherry-events"""
)
def command() -> None:
    """The templates: what `wherry new` begins with, and what faas-cli builds from."""


@command.command("list")
@click.option(
    "--output",
    "-o",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How the list is printed.",
)
def list_(form: str) -> None:
    """List the templates and what each is for."""
    from wherry_build.template import TEMPLATES

    if form == "json":
        import json

        told = [
            {"template": each.style, "lang": each.language, "purpose": each.purpose}
            for each in TEMPLATES
        ]
        click.echo(json.dumps(told, indent=2))
        return
    rows = [(each.style, each.language, each.purpose) for each in TEMPLATES]
    print_table(("TEMPLATE", "LANG", "FOR"), rows)


@command.command(
    epilog="""\b
Examples:
  wherry template export
  wherry template export deploy/
  wherry template export . events typed --force"""
)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path())
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--buildkit",
    "has_mounts",
    is_flag=True,
    help="Write Dockerfiles for BuildKit alone: they keep pip's cache and take build secrets.",
)
@click.option("--force", is_flag=True, help="Write over files that no export has left there.")
def export(folder: Path, names: tuple[str, ...], has_mounts: bool, force: bool) -> None:
    """Write the templates called NAME, or all, into FOLDER/template for faas-cli.

    FOLDER is where faas-cli is run; without one it is this folder. Each template carries the
    runtime as a wheel, so a build needs the package index and nothing else. Files of an earlier
    export are brought up to date; others are left alone.
    """
    from wherry_build.template import export_templates

    done = export_templates(folder, names, has_mounts=has_mounts, force=force)
    for path in done.folders:
        click.echo(path)
    written, removed = len(done.written), len(done.removed)
    note(f"{written} files written, {removed} removed, {done.unchanged} unchanged")
    if done.written:
        note("next: faas-cli new NAME --lang LANG")
