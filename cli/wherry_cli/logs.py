"""`wherry logs`: what the functions wrote, and what the platform says of them."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta, timezone
from typing import Any

import click

from wherry_cli.platforms import Place, complete_functions, output_option, platform_options
from wherry_cli.tables import moment, text

_AGE = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+", re.ASCII)
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", re.ASCII)
_UNIT_S = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_NO_INSTANCE = "-"
"""Instance of what the platform itself says of a function, by the function's name here."""
_COLOURS = ("cyan", "magenta", "green", "yellow", "blue")


@click.command(
    epilog="""\b
Examples:
  wherry logs -f
  wherry logs hello --tail 20
  wherry logs hello --since 5m --grep refused
  wherry logs --call 5f0c9a2e-8a3b-4b6e-9c55-0d3d4f6f2a11"""
)
@click.argument("name", required=False, shell_complete=complete_functions)
@click.option("-f", "--follow", is_flag=True, help="Go on with what is written from now on.")
@click.option("--since", metavar="TIME", help="Only what is newer: 30s, 5m, 2h, or RFC 3339.")
@click.option("--tail", type=click.IntRange(0), help="Only so many of the newest lines.")
@click.option("--call", "call_id", metavar="ID", help="Only lines of this call.")
@click.option("--grep", "contains", metavar="TEXT", help="Only lines that contain TEXT.")
@platform_options
@output_option
def command(
    name: str | None,
    follow: bool,
    since: str | None,
    tail: int | None,
    call_id: str | None,
    contains: str | None,
    place: Place,
    is_json: bool,
) -> int:
    """Print the log of the function NAME, or of all: time, replica and line.

    With --follow it goes on until Ctrl-C, and ends when the platform does. As JSON it is an object
    a line.
    """
    if tail == 0:  # the API takes 0 for all of them
        if not follow:
            return 0
        since, tail = "0s", None
    asked = {
        "name": name,
        "since": _since(since),
        "tail": tail,
        "follow": "true" if follow else "false",
        "callId": call_id,
        "contains": contains,
    }
    for line in place.api(hint="wherry list").lines("/system/logs", query=asked):
        click.echo(json.dumps(line) if is_json else _shown(line))
    return 0


def _since(said: str | None) -> str | None:
    """An age or a time, as the gateway takes it."""
    if said is None:
        return None
    if _AGE.fullmatch(said):
        age_s = sum(float(number) * _UNIT_S[unit] for number, unit in _PART.findall(said))
        return _written(datetime.now(timezone.utc) - timedelta(seconds=age_s))
    try:
        at = datetime.fromisoformat(said.replace("Z", "+00:00"))
    except ValueError:
        raise click.UsageError(
            f"--since: got {said!r}, expected an age as 5m or a time as 2026-11-23T12:00:00Z"
        ) from None
    return _written(at.astimezone(timezone.utc))


def _written(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _shown(line: dict[str, Any]) -> str:
    instance = line.get("instance") or _NO_INSTANCE
    if instance == _NO_INSTANCE:
        instance = line["name"]
    colour = _COLOURS[sum(line["name"].encode()) % len(_COLOURS)]
    at = moment(line.get("timestamp"))
    said = line["text"].replace("\t", "    ")
    return f"{at}  {click.style(text(instance), fg=colour)}  {text(said)}"
