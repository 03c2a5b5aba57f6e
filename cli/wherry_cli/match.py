"""`wherry match`: which triggers an event would go to, and why not to the others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from wherry_cli.arguments import read_attributes
from wherry_cli.notes import note

if TYPE_CHECKING:
    from wherry_build.project.cesql import Attributes
    from wherry_local.broker.matching import Match

_LIMIT_BYTES = 16 * 1024 * 1024


@click.command(
    epilog="""\b
Examples:
  wherry match --type com.acme.order.placed
  wherry match services/ --type com.acme.order.placed --source /eu/shop -a tenant=blue
  wherry match --event order.json --broker slow -o json"""
)
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option("--type", "event_type", help="The event's type.")
@click.option("--source", help="The event's source [default: /wherry/match].")
@click.option("--subject", help="The event's subject.")
@click.option(
    "--attribute", "-a", "more", multiple=True, metavar="NAME=VALUE", help="Any other; repeatable."
)
@click.option(
    "--event",
    "file",
    type=click.File("rb"),
    help="File with a CloudEvent as JSON; - is the standard input.",
)
@click.option("--broker", default="default", show_default=True, help="Broker that has the event.")
@click.option(
    "--env", "environment", metavar="NAME", default="", help="Environment of wherry.yaml."
)
@click.option(
    "-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True
)
def command(
    path: Path,
    event_type: str | None,
    source: str | None,
    subject: str | None,
    more: tuple[str, ...],
    file: BinaryIO | None,
    broker: str,
    environment: str,
    output: str,
) -> int:
    """Show which triggers of the project at PATH an event would go to, and why not to the others.

    Nothing is sent and nothing runs: the filters are asked as Knative asks them, those of
    wherry.yaml and those that follow from what handlers declare. Ends with 0 where a trigger takes
    the event, 1 where none does.
    """
    from wherry_build.project import read_project
    from wherry_build.project.specification import ProjectSpecification
    from wherry_build.project.triggers import triggers
    from wherry_local.broker.matching import matches, of_broker

    said = {"type": event_type, "source": source, "subject": subject}
    attributes = _attributes(file.read(_LIMIT_BYTES) if file is not None else None, said, more)
    project = read_project(path, environment=environment)
    specification = project.specification or ProjectSpecification()
    asked = of_broker(triggers(specification.triggers, project.functions), broker)
    found = list(matches(asked, attributes))
    if output == "json":
        click.echo(json.dumps([_document(each) for each in found]))
    else:
        for each in found:
            click.echo(_line(each))
        if not found:
            note(f"no trigger is of the broker {broker!r}")
    return 0 if any(each.verdict.passes for each in found) else 1


def _attributes(
    content: bytes | None, said: dict[str, str | None], more: tuple[str, ...]
) -> Attributes:
    """The attributes of the event in `content`, if any, and on top of them those that are said."""
    found: dict[str, str | int | bool] = {} if content is None else _of_event(content)
    found |= {name: value for name, value in said.items() if value is not None}
    found |= read_attributes(more)
    if "type" not in found:
        raise click.UsageError("an event has a type: give --type or --event")
    return {"specversion": "1.0", "id": "1", "source": "/wherry/match", **found}


def _of_event(content: bytes) -> dict[str, str | int | bool]:
    from wherry.cloudevents import decode_structured
    from wherry.errors import EventError

    try:
        decode_structured("application/cloudevents+json", content)
    except EventError as error:
        raise click.UsageError(f"--event: {error}") from None
    said: dict[str, str | int | bool | None] = json.loads(content)
    return {
        name: value
        for name, value in said.items()
        if value is not None and name not in {"data", "data_base64"}
    }


def _document(match: Match) -> dict[str, object]:
    return {
        "trigger": match.name,
        "function": match.trigger.function,
        "matches": match.verdict.passes,
        "clause": match.verdict.clause,
        "reason": match.verdict.reason,
    }


def _line(match: Match) -> str:
    if match.verdict.passes:
        mark = click.style("yes", fg="green")
        return f"{mark}  {match.name}: to {match.trigger.function}{match.trigger.path or ''}"
    mark = click.style("no", fg="yellow")
    return f"{mark}   {match.name}: {match.verdict.clause}: {match.verdict.reason}"
