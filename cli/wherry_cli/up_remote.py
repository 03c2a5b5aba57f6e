"""`wherry up --target`: builds, publishes and deploys, in order; each is its own command's work."""

from __future__ import annotations

from typing import Any

import click

from wherry_cli import build, deploy
from wherry_cli.clusters import taken_place
from wherry_cli.rendering import taken_request

_OF_A_BUILD = (
    "engine", "platforms", "base", "labels", "wheels", "no_index", "pull", "bom", "provenance",
    "arguments", "secrets", "network", "insecure", "parallel",
)  # fmt: skip
"""Parameters of `wherry build` that `wherry up` has too; names and paths are those of a deploy."""


def _parameters() -> list[click.Parameter]:
    """Those of a deploy, and then those that only a build has."""
    own = [each for each in build.command.params if each.name in _OF_A_BUILD]
    return [*deploy.command.params, *own]


def _refuse_early(given: dict[str, Any]) -> None:
    """Refuse what the deploy would refuse before it changes anything, and publish nothing then.

    What the rendering warns of is told by the deploy, which has the digests of the build.
    """
    from wherry_build.deploy.identity import ObjectKey

    request, place = taken_request(given), taken_place(given)
    deploy.checked_patience(
        request, yes=given["yes"], prune=given["prune"], timeout=given["timeout"]
    )
    destination = place.find(request, is_told=False)
    deploy.missing_namespaces(destination, create_namespace=given["create_namespace"])
    for first in destination.documents[:1]:  # OpenFaaS's gateway is asked for no namespaces
        destination.get(ObjectKey.of(first.value))


@click.command(
    params=_parameters(),
    epilog="""\b
Examples:
  wherry up --target knative --registry ghcr.io/acme
  wherry up --target openfaas --env staging --yes
  wherry up --target kubernetes --platform linux/amd64,linux/arm64 --yes
  wherry up --target knative --no-build""",
)
@click.option(
    "--build/--no-build",
    "builds",
    default=True,
    help="Build and publish first; otherwise deploy what was published last.",
)
@click.pass_context
def command(ctx: click.Context, /, builds: bool, **given: Any) -> Any:
    """Build the functions at PATH, publish their images, and deploy them by their digests.

    As `wherry build --push` and `wherry deploy` after it; what the second would refuse at once is
    refused before the first publishes anything. What changes at the destination is shown
    before anything is changed there, and asked; what is not built anew is not published again.
    """
    of_a_build = {name: given.pop(name) for name in _OF_A_BUILD}
    if builds:
        _refuse_early(dict(given))
        ctx.invoke(
            build.command,
            path=given["path"],
            functions=given["functions"],
            environment=given["environment"],
            registry=given["registry"],
            tag=given["tag"],
            push=True,
            as_json=given["as_json"],
            **of_a_build,
        )
    return ctx.invoke(deploy.command, **given)
