"""What is told of one event: its attributes, each trigger's answer, and how deliveries went."""

from __future__ import annotations

from typing import Any

import click

from wherry_cli.tables import moment, print_table, state, text

_LIMIT_DATA = 1000
_OWN = ("specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema")


def print_explanation(event: dict[str, Any]) -> None:
    """Print `event`, as the admin API tells it with all of its details."""
    attributes = event["attributes"]
    rows = [(name, attributes[name]) for name in sorted(attributes, key=_place)]
    rows.append(("accepted", f"{moment(event['acceptedAt'])} by {_broker(event)}"))
    if event.get("parent"):
        rows.append(("follows from", event["parent"]))
    rows += [("led to", each) for each in event.get("replies") or ()]
    if event["data"]["bytes"]:
        rows.append(("data", _data(event["data"])))
    width = max(len(text(name)) for name, _ in rows)
    for name, value in rows:
        click.echo(f"{text(name):<{width}}  {text(value)}")
    _print_triggers(event)
    _print_attempts(event["deliveries"])


def _place(attribute: str) -> tuple[int, str]:
    """Those of the specification in its order, and any others by name."""
    return (_OWN.index(attribute) if attribute in _OWN else len(_OWN), attribute)


def _broker(event: dict[str, Any]) -> str:
    return f"{event['namespace']}/{event['broker']}"


def _data(data: dict[str, Any]) -> str:
    shown = data["text"] if "text" in data else f"{data['bytes']} bytes that are no text"
    return shown[:_LIMIT_DATA] + ("…" if data["truncated"] or len(shown) > _LIMIT_DATA else "")


def _print_triggers(event: dict[str, Any]) -> None:
    """Each trigger, and each delivery that is no trigger's, as that to a dead-letter sink."""
    deliveries = {each["trigger"]: each for each in event["deliveries"]}
    rows = [
        _taken(deliveries.pop(each["trigger"], {}), each["trigger"])
        if each["matched"]
        else _not_taken(each)
        for each in event["triggers"]
    ]
    rows += [_taken(delivery, name) for name, delivery in deliveries.items()]
    click.echo()
    if rows:
        header = ("TRIGGER", "TAKES IT", "STATE", "TRIES", "NEXT TRY", "ANSWER, OR WHY NOT")
        print_table(header, rows, right=(3,))
    else:
        click.echo("the broker has no trigger")


def _not_taken(trigger: dict[str, Any]) -> tuple[str, ...]:
    why = f"{text(trigger['clause'])}: {text(trigger['reason'])}"
    return (text(trigger["trigger"]), state("no"), "", "", "", why)


def _taken(delivery: dict[str, Any], name: str) -> tuple[str, ...]:
    answer = delivery.get("answer") or {}
    status = answer.get("status") or delivery.get("lastStatus")
    return (
        text(name),
        state("yes"),
        state(delivery.get("state", "")),
        text(delivery.get("tries")),
        moment(delivery.get("nextAt")),
        " ".join(text(each) for each in (status, delivery.get("lastReason")) if each),
    )


def _print_attempts(deliveries: list[dict[str, Any]]) -> None:
    """Every try of those deliveries that needed more than one, or failed."""
    rows = [
        (
            text(delivery["trigger"]),
            moment(attempt["at"]),
            f"{attempt['ms']:.0f} ms",
            text(attempt["status"]) if attempt["status"] else "none",
            text(attempt["reason"]),
        )
        for delivery in deliveries
        if len(delivery["attempts"]) > 1 or delivery["state"] == "dead"
        for attempt in delivery["attempts"]
    ]
    if rows:
        click.echo()
        print_table(("TRIES OF", "AT", "TOOK", "STATUS", "WHAT WAS WRONG"), rows, right=(2,))
