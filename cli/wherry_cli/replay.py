"""`wherry replay`: gives an event to its broker once more."""

from __future__ import annotations

from urllib.parse import quote

import click

from wherry_cli.platforms import (
    Place,
    complete_events,
    output_option,
    platform_options,
    print_json,
)


@click.command(
    epilog="""\b
Examples:
  wherry replay 2e45798967faecf6d57d43df
  wherry replay 2e45798967faecf6d57d43df --trigger orders-accept"""
)
@click.argument("event_id", shell_complete=complete_events)
@click.option("--trigger", metavar="NAME", help="Only to this trigger, whether it takes it or not.")
@platform_options
@output_option
def command(event_id: str, trigger: str | None, place: Place, is_json: bool) -> int:
    """Give the event EVENT_ID to its broker again, with the id and the data that it had.

    Triggers are asked as they are now. The key of the new entry is printed.
    """
    body = {} if trigger is None else {"trigger": trigger}
    path = f"/system/events/{quote(event_id, safe='')}/replay"
    key = place.api(hint="wherry events").ask("POST", path, body=body)["key"]
    print_json({"key": key}) if is_json else click.echo(key)
    return 0
