"""What is told of one event: its attributes, each trigger's answer, and how deliveries went."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from wherry_cli.tables import moment, print_table, state, text

if TYPE_CHECKING:
    from wherry_local.admin.api import AdminApi

_LIMIT_DATA = 1000
_OWN = ("specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema")
_UNKNOWN = "not known: it is newer, was not asked, or its dead letter was replayed or discarded"
_NOTHING = "nothing is kept: no trigger was asked, or its dead letter was replayed or discarded"


def triggers_beside(event: dict[str, Any], api: AdminApi) -> list[str]:
    """Triggers that the broker of `event` has now and of which nothing is kept with it."""
    broker = event["namespace"], event["broker"]
    kept = {each["trigger"] for each in (*event["triggers"], *event["deliveries"])}
    found = api.ask("GET", "/system/triggers")
    names = {each["name"] for each in found if (each["namespace"], each["broker"]) == broker}
    return sorted(names - kept)


def print_explanation(event: dict[str, Any], others: Sequence[str]) -> None:
    """Print `event`, as the admin API tells it with all of its details.

    Args:
        event: The event.
        others: Triggers of its broker of which it is not known what they said.
    """
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
    _print_triggers(event, others)
    _print_attempts(event["deliveries"])


def _place(attribute: str) -> tuple[int, str]:
    """Those of the specification in its order, and any others by name."""
    return (_OWN.index(attribute) if attribute in _OWN else len(_OWN), attribute)


def _broker(event: dict[str, Any]) -> str:
    return f"{event['namespace']}/{event['broker']}"


def _data(data: dict[str, Any]) -> str:
    shown = data["text"] if "text" in data else f"{data['bytes']} bytes that are no text"
    return shown[:_LIMIT_DATA] + ("…" if data["truncated"] or len(shown) > _LIMIT_DATA else "")


def _print_triggers(event: dict[str, Any], others: Sequence[str]) -> None:
    """Each trigger, and each delivery that is no trigger's, as that to a dead-letter sink."""
    deliveries = {each["trigger"]: each for each in event["deliveries"]}
    rows = [
        _taken(deliveries.pop(each["trigger"], {}), each["trigger"])
        if each["matched"]
        else _not_taken(each)
        for each in event["triggers"]
    ]
    rows += [_taken(delivery, name) for name, delivery in deliveries.items()]
    rows += [(text(name), "", "", "", "", _UNKNOWN) for name in others]
    click.echo()
    if rows:
        header = ("TRIGGER", "TAKES IT", "STATE", "TRIES", "NEXT TRY", "ANSWER, OR WHY NOT")
        print_table(header, rows, right=(3,))
    else:
        click.echo(_NOTHING)


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
