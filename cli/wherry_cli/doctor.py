"""`wherry doctor`: what is installed, what is missing, and what to type."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from wherry_build.doctor import Finding

_COLOURS = {"ok": "green", "absent": "yellow", "fault": "red"}


@click.command(
    epilog="""\b
Examples:
  wherry doctor
  wherry doctor --online
  wherry doctor functions/hello --json"""
)
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option(
    "--env", "environment", metavar="NAME", default="", help="Environment of wherry.yaml."
)
@click.option("--online", is_flag=True, help="Ask the package indexes whether they answer, too.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(path: Path, environment: str, online: bool, as_json: bool) -> int:
    """Look at this machine and the project at PATH, and say what to type where something is amiss.

    Nothing is changed, and without --online nothing is asked of a network. What is absent is needed
    by some work only, and named with it; a fault ends the command with exit code 1.
    """
    from wherry_build.doctor import Asked, State, examine

    found = examine(Asked(path=path, environment=environment, is_online=online))
    if as_json:
        findings = list(found)
        faults = [each for each in findings if each.state is State.FAULT]
        told = {"ok": not faults, "findings": [_told(each) for each in findings]}
        click.echo(json.dumps(told, indent=2))
        return 1 if faults else 0
    area, faults = "", []
    for each in found:
        if each.area != area:
            click.echo(click.style(each.area, bold=True))
            area = each.area
        _print(each)
        if each.state is State.FAULT:
            faults.append(each)
    click.echo(f"{len(faults)} to be mended" if faults else "nothing to be mended")
    return 1 if faults else 0


def _told(finding: Finding) -> dict[str, str]:
    return {
        "area": finding.area,
        "name": finding.name,
        "state": finding.state.value,
        "said": finding.said,
        "purpose": finding.purpose,
        "hint": finding.hint,
    }


def _print(finding: Finding) -> None:
    state = click.style(f"{finding.state.value:<6}", fg=_COLOURS[finding.state.value])
    first, *rest = finding.said.splitlines() or [""]
    click.echo(f"  {state}  {finding.name}: {first}")
    for line in rest:
        click.echo(f"          {line}")
    if finding.state.value != "ok" and finding.purpose:
        click.echo(f"          for {finding.purpose}")
    if finding.hint:
        click.echo(f"          {click.style('hint:', fg='cyan')} {finding.hint}")
