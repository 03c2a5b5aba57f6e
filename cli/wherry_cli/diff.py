"""`wherry diff`: what `wherry deploy` would change."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from wherry_build.errors import BuildError
from wherry_cli.clusters import Place, place_options
from wherry_cli.notes import note, warn
from wherry_cli.rendering import Request, rendering_options

if TYPE_CHECKING:
    from wherry_build.deploy.comparison import Difference

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


@click.command(
    epilog="""\b
Examples:
  wherry diff --target knative --registry ghcr.io/acme
  wherry diff --target kubernetes --mesh istio --env staging --context staging
  wherry diff --target openfaas --gateway https://faas.example.com"""
)
@rendering_options
@place_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object an object.")
def command(request: Request, place: Place, as_json: bool) -> int:
    """Show what `wherry deploy` of the functions at PATH would change; nothing is changed.

    The cluster itself is asked (server-side dry run), so that its defaults are no difference.
    Ends with 0 where nothing would change, 1 where something would, above 1 for an error.
    """
    from wherry_build.deploy.comparison import Change

    try:
        destination = place.find(request)
        missing = destination.missing_namespaces()
        plan = place.plan(destination, new_namespaces=missing)
    except BuildError as error:
        # 1 is that something would change, so that an error is none of that.
        error.exit_code = max(error.exit_code, 2)
        raise
    warn(destination.warnings)
    for name in missing:
        warn([f"namespace {name!r} is not there; what goes into it was not checked"])
    changed = [each for each in plan.differences if each.change is not Change.UNCHANGED]
    if as_json:
        _print_json(plan.differences)
    else:
        for each in changed:
            for line in each.lines:
                click.echo(click.style(line, fg=_COLOURS.get(line[:1])))
    if not changed:
        note("nothing would change")
    return 1 if changed else 0


def _print_json(differences: Iterable[Difference]) -> None:
    for each in differences:
        told = {
            "apiVersion": each.key.api_version,
            "kind": each.key.kind,
            "namespace": each.key.namespace,
            "name": each.key.name,
            "change": each.change.value,
            "diff": list(each.lines),
        }
        click.echo(json.dumps(told))
