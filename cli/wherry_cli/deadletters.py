"""`wherry deadletters`: deliveries that were given up, looked at, replayed or let go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from wherry_cli.arguments import event_body, limit_option, read_attributes, read_data
from wherry_cli.explanation import print_explanation, triggers_beside
from wherry_cli.notes import note
from wherry_cli.platforms import ListGroup, Place, output_option, platform_options, print_json
from wherry_cli.tables import moment, print_table, text

if TYPE_CHECKING:
    from wherry_local.admin.api import AdminApi


@click.group(
    cls=ListGroup,
    epilog="""\b
Examples:
  wherry deadletters
  wherry deadletters show 12
  wherry deadletters replay 12
  wherry deadletters replay 12 -d @mended.json
  wherry deadletters discard 12""",
)
def command() -> None:
    """List the deliveries that were given up; show, replay or discard one by its NUMBER."""


@command.command("list", epilog="Example:\n\n  wherry deadletters list --trigger orders-accept")
@click.option("--trigger", metavar="NAME", help="Only those of this trigger.")
@limit_option
@platform_options
@output_option
def list_(trigger: str | None, limit: int, place: Place, is_json: bool) -> int:
    """List them, the newest first."""
    query = {"trigger": trigger, "limit": limit}
    told = place.api(hint="wherry deadletters").ask("GET", "/system/dead-letters", query=query)
    if is_json:
        print_json(told)
        return 0
    if not told["deadLetters"]:
        note("no dead letters")
        return 0
    print_table(
        ("NUMBER", "GIVEN UP", "TRIGGER", "EVENT", "TYPE", "TRIES", "STATUS", "WHY"),
        [
            (
                text(each["number"]),
                moment(each["diedAt"]),
                text(each["trigger"]),
                text(each["event"]),
                text(each["type"]),
                text(each["tries"]),
                text(each["status"] or ""),
                text(each["reason"]),
            )
            for each in told["deadLetters"]
        ],
        right=(0, 5),
    )
    return 0


@command.command(epilog="Example:\n\n  wherry deadletters show 12")
@click.argument("number")
@platform_options
@output_option
def show(number: str, place: Place, is_json: bool) -> int:
    """Show the event of a dead letter, and every try."""
    api = place.api(hint="wherry deadletters")
    letter, event = _found(api, number)
    if is_json:
        print_json({**letter, "message": event})
    else:
        print_explanation(event, triggers_beside(event, api))
    return 0


@command.command(
    epilog="""\b
Examples:
  wherry deadletters replay 12
  wherry deadletters replay 12 -a subject=A-1 -d @mended.json"""
)
@click.argument("number")
@click.option("--data", "-d", help="Other data; @FILE reads a file, @- the standard input.")
@click.option(
    "--attribute",
    "-a",
    "more",
    multiple=True,
    metavar="NAME=VALUE",
    help="Another value of an attribute; repeatable.",
)
@platform_options
@output_option
def replay(
    number: str, data: str | None, more: tuple[str, ...], place: Place, is_json: bool
) -> int:
    """Give its event to the trigger again, as it was or with other data."""
    api, body = place.api(hint="wherry deadletters"), {}
    if data is not None or more:
        _, event = _found(api, number)
        body = event_body({**event["attributes"], **read_attributes(more)}, read_data(data))
    path = f"/system/dead-letters/{quote(number, safe='')}/replay"
    key = api.ask("POST", path, body=body)["key"]
    print_json({"key": key}) if is_json else click.echo(key)
    return 0


@command.command(epilog="Example:\n\n  wherry deadletters discard 12")
@click.argument("number")
@platform_options
@output_option
def discard(number: str, place: Place, is_json: bool) -> int:
    """Let go of a dead letter; its event stays in the history."""
    place.api(hint="wherry deadletters").ask(
        "DELETE", f"/system/dead-letters/{quote(number, safe='')}"
    )
    if is_json:
        print_json({"number": number, "result": "discarded"})
    else:
        note(f"{number}: discarded")
    return 0


def _found(api: AdminApi, number: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A dead letter, and its event."""
    letter = api.ask("GET", f"/system/dead-letters/{quote(number, safe='')}")
    return letter, api.ask("GET", f"/system/events/{quote(letter['event'], safe='')}")
