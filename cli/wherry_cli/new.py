"""`wherry new`: a function's folder, or a project's, from a template."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wherry_cli.notes import note, warn

if TYPE_CHECKING:
    from wherry_build.template import Addition

STYLES = ("http", "events", "typed", "async", "stream")


@click.command(
    epilog="""\b
Examples:
  wherry new hello
  wherry new orders --template events
  wherry new hello --path services/
  wherry new --project shop"""
)
@click.argument("name")
@click.option(
    "--template",
    "style",
    type=click.Choice(STYLES),
    default="http",
    show_default=True,
    help="What the function begins as; `wherry template list` says what each is for.",
)
@click.option(
    "--path",
    "parent",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder that the new one is made in [default: functions; of a project: here].",
)
@click.option("--project", "is_project", is_flag=True, help="Make a project with a function in it.")
def command(name: str, style: str, parent: Path | None, is_project: bool) -> None:
    """Make functions/NAME with a handler, its test, its requirements and a README.

    Where there is a wherry.yaml that names its functions, it gets an entry more. With --project
    NAME is a project: a function with its test, wherry.yaml, a workflow that tests, renders and
    builds, and a container to work in. Nothing that exists is written over.
    """
    if is_project:
        _project(name, style=style, parent=parent or Path())
    else:
        _function(name, style=style, parent=parent or Path("functions"))


def _function(name: str, *, style: str, parent: Path) -> None:
    from wherry_build.template import add_function

    added = add_function(name, style=style, parent=parent)
    for made in added.made:
        click.echo(made)
    if added.project_file is not None:
        file = os.path.relpath(added.project_file)
        if added.is_written:
            note(f"added to {file}")
        elif not added.is_taken:
            warn([f"{file} takes the functions of another folder; name {name} under `functions`"])
    note(f"next: wherry run {_quoted(parent / name)}")
    note(f"or:   wherry up{_project_of(added, parent)}")


def _project_of(added: Addition, parent: Path) -> str:
    """What `wherry up` is told so that it serves the new function; nothing for what is here."""
    if added.project_file is not None:
        folder = added.project_file.parent
    else:
        folder = Path() if parent == Path("functions") else parent
    path = os.path.relpath(folder)
    return "" if path == os.curdir else f" {_quoted(path)}"


def _quoted(path: Path | str) -> str:
    return shlex.quote(str(path))


def _project(name: str, *, style: str, parent: Path) -> None:
    from wherry_build.template import scaffold_project

    for file in scaffold_project(name, style=style, parent=parent):
        click.echo(file)
    folder = _quoted(parent / name)
    note(f"next: cd {folder} && wherry run")
    note(f"or:   cd {folder} && wherry up")
