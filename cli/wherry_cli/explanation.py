"""What is told of one event: its attributes, each trigger's answer, and how deliveries went."""

from __future__ import annotations

from typing import Any

import click

from wherry_cli.tables import moment, print_table, state, text

_LIMIT_DATA = 1000


def print_explanation(event: dict[str, Any]) -> None:
    """Print `event`, as the admin API tells it with all of its details."""
    rows = [*event["attributes"].items()]
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


def _broker(event: dict[str, Any]) -> str:
    return f"{event['namespace']}/{event['broker']}"


def _data(data: dict[str, Any]) -> str:
    shown = data["text"] if "text" in data else f"{data['bytes']} bytes that are no text"
    return shown[:_LIMIT_DATA] + ("…" if data["truncated"] or len(shown) > _LIMIT_DATA else "")


def _print_triggers(event: dict[str, Any]) -> None:
    deliveries = {each["trigger"]: each for each in event["deliveries"]}
    rows = []
    for each in event["triggers"]:
        delivery = deliveries.pop(each["trigger"], None)
        rows.append(_row(each["trigger"], _verdict(each), delivery))
    rows += [_row(name, "yes", delivery) for name, delivery in deliveries.items()]
    click.echo()
    print_table(("TRIGGER", "TAKES IT", "STATE", "TRIES", "NEXT TRY", "ANSWER"), rows, right=(3,))


def _verdict(trigger: dict[str, Any]) -> str:
    if trigger["matched"]:
        return state("yes")
    return f"{state('no')}: {text(trigger['clause'])}: {text(trigger['reason'])}"


def _row(name: str, verdict: str, delivery: dict[str, Any] | None) -> tuple[str, ...]:
    if delivery is None:
        return (text(name), verdict, "", "", "", "")
    answer = delivery.get("answer") or {}
    status = answer.get("status") or delivery.get("lastStatus")
    said = " ".join(text(each) for each in (status, delivery.get("lastReason")) if each)
    return (
        text(name),
        verdict if verdict != "yes" else state("yes"),
        state(delivery["state"]),
        str(delivery["tries"]),
        moment(delivery["nextAt"]),
        said,
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
