"""`wherry list`: the functions that a platform serves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from wherry_cli.platforms import Place, output_option, platform_options, print_json
from wherry_cli.tables import figure, print_table, state, text

if TYPE_CHECKING:
    from wherry_local.admin.api import AdminApi

_NOT_FOUND = 404


@click.command(
    epilog="""\b
Examples:
  wherry list
  wherry list -o json
  wherry list --gateway https://faas.example.com"""
)
@platform_options
@output_option
def command(place: Place, is_json: bool) -> int:
    """List the functions of the platform that runs here, with replicas, rate and latency.

    Of another gateway it is what OpenFaaS tells: replicas and calls.
    """
    api = place.api()
    functions = _functions(api)
    if is_json:
        print_json(functions)
        return 0
    if functions and "state" in functions[0]:
        _print_overview(functions)
    else:
        print_table(
            ("NAME", "REPLICAS", "CALLS"),
            [
                (
                    text(each["name"]),
                    figure(each.get("availableReplicas", 0)),
                    figure(each.get("invocationCount", 0)),
                )
                for each in functions
            ],
            right=(1, 2),
        )
    return 0


def _functions(api: AdminApi) -> list[dict[str, Any]]:
    from wherry_local.errors import AdminRefused

    try:
        functions: list[dict[str, Any]] = api.ask("GET", "/system/overview")["functions"]
    except AdminRefused as refusal:
        if refusal.status != _NOT_FOUND:
            raise
        functions = api.ask("GET", "/system/functions")  # a gateway of OpenFaaS
    return functions


def _print_overview(functions: list[dict[str, Any]]) -> None:
    print_table(
        ("NAME", "STATE", "REPLICAS", "IN FLIGHT", "CALLS/S", "P95 MS", "CALLS", "ERRORS", "URL"),
        [
            (
                text(each["name"]),
                state(each["state"]),
                f"{each['availableReplicas']}/{each['desired']}",
                figure(each["inFlight"]),
                figure(each["perSecond"]),
                figure(each["p95Ms"]),
                figure(each["calls"]),
                figure(each["errors"]),
                text(each["url"]),
            )
            for each in functions
        ],
        right=(2, 3, 4, 5, 6, 7),
    )
    for each in functions:
        if each["fault"]:
            is_served = each["state"] == "ready"
            said = "the newest code does not start, the one before it serves"
            shown = click.style(said if is_served else "it does not start", fg="red")
            click.echo(f"\n{text(each['name'])}: {shown}")
            for line in each["fault"].splitlines():
                click.echo(f"  {text(line)}")
