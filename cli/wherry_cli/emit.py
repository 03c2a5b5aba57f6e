"""`wherry emit`: gives an event to a broker."""

from __future__ import annotations

import uuid

import click

from wherry_cli.arguments import event_body, read_attributes, read_data
from wherry_cli.notes import note
from wherry_cli.platforms import Place, output_option, platform_options, print_json
from wherry_cli.tables import print_table, state, text


@click.command(
    epilog="""\b
Examples:
  wherry emit --type com.acme.order.placed -d '{"id": "A-1", "items": []}'
  wherry emit --type com.acme.order.placed -d @order.json --subject A-1 -a tenant=blue
  wherry emit --type com.acme.ping --broker slow -o json"""
)
@click.option("--type", "event_type", required=True, help="The event's type.")
@click.option("--source", default="/wherry/emit", show_default=True, help="The event's source.")
@click.option("--subject", help="The event's subject.")
@click.option("--id", "event_id", help="The event's id [default: a new one].")
@click.option(
    "--attribute", "-a", "more", multiple=True, metavar="NAME=VALUE", help="Any other; repeatable."
)
@click.option("--data", "-d", help="Data; @FILE reads a file, @- the standard input.")
@click.option("--broker", metavar="NAME", help="Broker [default: default].")
@platform_options
@output_option
def command(
    event_type: str,
    source: str,
    subject: str | None,
    event_id: str | None,
    more: tuple[str, ...],
    data: str | None,
    broker: str | None,
    place: Place,
    is_json: bool,
) -> int:
    """Give an event to the platform's broker, and show which triggers take it.

    Data that is JSON is sent as JSON. What becomes of the event: `wherry events --explain ID`.
    """
    attributes = {
        "specversion": "1.0",
        "id": event_id or str(uuid.uuid4()),
        "type": event_type,
        "source": source,
        **({} if subject is None else {"subject": subject}),
        **read_attributes(more),
    }
    body = event_body(attributes, read_data(data))
    if broker is not None:
        body["broker"] = broker
    api = place.api(hint="wherry emit --help")
    key = api.ask("POST", "/system/events", body=body)["key"]
    event = api.ask("GET", f"/system/events/{key}")
    if is_json:
        print_json({"key": key, "id": attributes["id"], "triggers": event["triggers"]})
        return 0
    click.echo(key)
    if event["triggers"]:
        print_table(
            ("TRIGGER", "TAKES IT", "WHY NOT"),
            [
                (
                    text(each["trigger"]),
                    state("yes" if each["matched"] else "no"),
                    "" if each["matched"] else f"{text(each['clause'])}: {text(each['reason'])}",
                )
                for each in event["triggers"]
            ],
        )
    if not any(each["matched"] for each in event["triggers"]):
        note("no trigger takes it; wherry match says the same without sending")
    return 0
