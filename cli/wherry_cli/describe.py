"""`wherry describe`: all that a platform knows of one function."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import click

from wherry_cli.platforms import (
    Place,
    complete_functions,
    output_option,
    platform_options,
    print_json,
)
from wherry_cli.tables import figure, moment, state, text


@click.command(
    epilog="""\b
Examples:
  wherry describe hello
  wherry describe hello.staging -o json"""
)
@click.argument("name", shell_complete=complete_functions)
@platform_options
@output_option
def command(name: str, place: Place, is_json: bool) -> int:
    """Show the function NAME: state, replicas, traffic, triggers, labels and what went wrong.

    NAME may be `NAME.NAMESPACE`.
    """
    from wherry_local.errors import AdminRefused

    api = place.api(hint="wherry list")
    status = api.ask("GET", f"/system/function/{quote(name, safe='')}", query={"usage": 1})
    called = (status["name"], status.get("namespace"))
    try:
        overview = api.ask("GET", "/system/overview")["functions"]
        triggers = api.ask("GET", "/system/triggers")
    except AdminRefused:  # a gateway of OpenFaaS
        overview, triggers = [], []
    live: dict[str, Any] = next(
        (each for each in overview if (each["name"], each["namespace"]) == called), {}
    )
    told = {
        **status,
        **live,
        "triggers": [each for each in triggers if each.get("function") == called[0]],
    }
    if is_json:
        print_json(told)
    else:
        _print(told)
    return 0


def _print(told: dict[str, Any]) -> None:
    replicas = f"{told.get('availableReplicas', 0)} of {told.get('desired', told.get('replicas'))}"
    rows = [
        ("name", text(told["name"])),
        ("namespace", text(told.get("namespace"))),
        ("state", state(told.get("state", ""))),
        ("replicas", replicas),
        ("in flight", figure(told.get("inFlight"))),
        ("waiting", figure(told.get("waiting"))),
        ("calls", figure(told.get("calls", told.get("invocationCount")))),
        ("errors", figure(told.get("errors"))),
        ("rate", figure(told.get("perSecond"), "/s")),
        ("latency", _latency(told)),
        ("handler", text(told.get("handler"))),
        ("revision", text(told.get("revision"))),
        ("image", text(told.get("image"))),
        ("url", text(told.get("url"))),
        ("since", moment(told.get("createdAt"))),
    ]
    for word, mapping in (
        ("label", told.get("labels")),
        ("annotation", told.get("annotations")),
        ("variable", told.get("envVars")),
    ):
        rows += [(word, f"{text(key)}={text(value)}") for key, value in (mapping or {}).items()]
    rows += [("secret", text(each)) for each in told.get("secrets") or ()]
    rows += [
        ("trigger", f"{text(each['name'])} of {text(each['broker'])}") for each in told["triggers"]
    ]
    rows += [("fault", text(line)) for line in (told.get("fault") or "").splitlines()]
    for word, value in rows:
        if value:
            click.echo(f"{word:<10}  {value}")


def _latency(told: dict[str, Any]) -> str:
    if told.get("p50Ms") is None:
        return ""
    names = ("p50", "p95", "p99")
    return ", ".join(f"{name} {figure(told.get(f'{name}Ms'), ' ms')}" for name in names)
