"""`wherry calls`: the asynchronous calls of a platform."""

from __future__ import annotations

from urllib.parse import quote

import click

from wherry_cli.arguments import limit_option, state_option
from wherry_cli.asynchronous import print_call
from wherry_cli.notes import note
from wherry_cli.platforms import (
    ListGroup,
    Place,
    complete_functions,
    output_option,
    platform_options,
    print_json,
)
from wherry_cli.tables import moment, print_table, state, text


@click.group(
    cls=ListGroup,
    epilog="""\b
Examples:
  wherry calls
  wherry calls list --function thumbnail --state dead
  wherry calls show 5f0c9a2e-8a3b-4b6e-9c55-0d3d4f6f2a11
  wherry calls cancel 5f0c9a2e-8a3b-4b6e-9c55-0d3d4f6f2a11
  wherry calls replay 5f0c9a2e-8a3b-4b6e-9c55-0d3d4f6f2a11""",
)
def command() -> None:
    """List the asynchronous calls; show, cancel or replay one by its ID."""


@command.command("list", epilog="Example:\n\n  wherry calls list --state dead")
@click.option(
    "--function", metavar="NAME", shell_complete=complete_functions, help="Only calls of this one."
)
@state_option("Only calls in this state.")
@limit_option
@platform_options
@output_option
def list_(
    function: str | None, wanted_state: str | None, limit: int, place: Place, is_json: bool
) -> int:
    """List them, the newest first."""
    query = {"function": function, "state": wanted_state, "limit": limit}
    told = place.api(hint="wherry calls").ask("GET", "/system/calls", query=query)
    if is_json:
        print_json(told)
        return 0
    if not told["calls"]:
        note("no calls; wherry invoke NAME --async")
        return 0
    print_table(
        ("AT", "ID", "FUNCTION", "STATE", "TRIES", "STATUS", "CALLBACK"),
        [
            (
                moment(each["acceptedAt"]),
                text(each["id"]),
                text(each["function"]),
                state(each["state"]),
                text(each["tries"]),
                text(each["status"] or ""),
                text(each["callback"] or ""),
            )
            for each in told["calls"]
        ],
        right=(4,),
    )
    return 0


@command.command(epilog="Example:\n\n  wherry calls show 5f0c9a2e-8a3b-4b6e-9c55-0d3d4f6f2a11")
@click.argument("call_id", metavar="ID")
@platform_options
@output_option
def show(call_id: str, place: Place, is_json: bool) -> int:
    """Show how a call stands, and its answer; ends with 0 where that is 2xx."""
    call = place.api(hint="wherry calls").ask("GET", f"/async-function/{quote(call_id, safe='')}")
    return print_call(call, is_json=is_json)


@command.command(epilog="Example:\n\n  wherry calls cancel 5f0c9a2e-8a3b-4b6e-9c55-0d3d4f6f2a11")
@click.argument("call_id", metavar="ID")
@platform_options
@output_option
def cancel(call_id: str, place: Place, is_json: bool) -> int:
    """Give up a call that has not been made yet."""
    place.api(hint="wherry calls").ask("DELETE", f"/async-function/{quote(call_id, safe='')}")
    print_json({"id": call_id, "result": "cancelled"}) if is_json else note(f"{call_id}: cancelled")
    return 0


@command.command(epilog="Example:\n\n  wherry calls replay 5f0c9a2e-8a3b-4b6e-9c55-0d3d4f6f2a11")
@click.argument("call_id", metavar="ID")
@platform_options
@output_option
def replay(call_id: str, place: Place, is_json: bool) -> int:
    """Make a call once more; the id of the new call is printed."""
    again = place.api(hint="wherry calls").ask(
        "POST", f"/system/calls/{quote(call_id, safe='')}/replay"
    )["id"]
    print_json({"id": again}) if is_json else click.echo(again)
    return 0
