"""`wherry events`: the events that brokers accepted, and what became of each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import click

from wherry_cli.arguments import limit_option, state_option
from wherry_cli.explanation import print_explanation, triggers_beside
from wherry_cli.notes import note
from wherry_cli.platforms import (
    Place,
    complete_events,
    output_option,
    platform_options,
    print_json,
)
from wherry_cli.tables import moment, print_table, state, text


@click.command(
    epilog="""\b
Examples:
  wherry events
  wherry events --follow --type com.acme.order.placed
  wherry events --state dead --limit 5 -o json
  wherry events --explain 2e45798967faecf6d57d43df"""
)
@click.option("--follow", "-f", is_flag=True, help="Go on with what happens from now on.")
@click.option("--type", "event_type", help="Only events of this type.")
@click.option("--source", help="Only events of this source.")
@state_option("Only events with a delivery in this state.")
@click.option("--trigger", help="Only events that this trigger takes.")
@limit_option
@click.option(
    "--explain",
    metavar="EVENT_ID",
    shell_complete=complete_events,
    help="Why each trigger takes this event or not, and how its deliveries went.",
)
@platform_options
@output_option
def command(
    follow: bool,
    event_type: str | None,
    source: str | None,
    wanted_state: str | None,
    trigger: str | None,
    limit: int,
    explain: str | None,
    place: Place,
    is_json: bool,
) -> int:
    """List the newest events, or explain one.

    EVENT_ID is the key that `wherry emit` prints, or the CloudEvent's own id. With --follow it goes
    on until Ctrl-C: a line whenever an event is accepted or one of its deliveries changes; as JSON
    an object a line.
    """
    api = place.api(hint="wherry events")
    if explain is not None:
        if follow:
            raise click.UsageError("--explain is of one event; leave --follow out")
        event = api.ask("GET", f"/system/events/{quote(explain, safe='')}")
        print_json(event) if is_json else print_explanation(event, triggers_beside(event, api))
        return 0
    query: dict[str, object] = {
        "type": event_type,
        "source": source,
        "state": wanted_state,
        "trigger": trigger,
    }
    if follow:
        for event in api.lines("/system/events", query={**query, "follow": 1}):
            click.echo(json.dumps(event) if is_json else _line(event))
        return 0
    told = api.ask("GET", "/system/events", query={**query, "limit": limit})
    if is_json:
        print_json(told)
    else:
        _print(told["events"])
    return 0


def _print(events: Sequence[dict[str, Any]]) -> None:
    if not events:
        note("no events; wherry emit --type com.example.test")
        return
    print_table(
        ("AT", "KEY", "TYPE", "SOURCE", "ID", "DELIVERIES"),
        [
            (
                moment(each["acceptedAt"]),
                text(each["key"]),
                text(each["type"]),
                text(each["source"]),
                text(each["id"]),
                _deliveries(each),
            )
            for each in events
        ],
    )


def _line(event: dict[str, Any]) -> str:
    at, key, kind = moment(event["acceptedAt"]), text(event["key"]), text(event["type"])
    return f"{at}  {key}  {kind}  {_deliveries(event)}"


def _deliveries(event: dict[str, Any]) -> str:
    """Each delivery with its state; how many triggers do not take it.

    Why none is kept is not known: a dead letter that is replayed or discarded is forgotten.
    """
    if not event["deliveries"]:
        return "no delivery"
    told = [
        f"{text(each['trigger'])} {state(each['state'])}"
        + (f" ({each['tries']} tries)" if each["tries"] > 1 else "")
        for each in event["deliveries"]
    ]
    others = event["mismatches"]
    if others:
        told.append(f"not {others} other" + ("s" if others > 1 else ""))
    return ", ".join(told)
