"""`wherry deploy`: applies what is rendered, and waits until it is ready."""

from __future__ import annotations

import json
import sys
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING

import click

from wherry_build.errors import BuildError, DestinationNotFound
from wherry_build.manifests.options import Target
from wherry_build.project.specification.amounts import Duration
from wherry_cli.clusters import Place, place_options
from wherry_cli.notes import note, warn
from wherry_cli.rendering import Request, rendering_options

if TYPE_CHECKING:
    from wherry_build.deploy.deployment import Deployment, Patience, Plan
    from wherry_build.deploy.destination import Destination
    from wherry_build.deploy.identity import ObjectKey
    from wherry_cli.progress import Progress


@click.command(
    epilog="""\b
Examples:
  wherry deploy --target knative --registry ghcr.io/acme
  wherry deploy --target kubernetes --mesh istio --env staging --context staging --yes
  wherry deploy --target openfaas --gateway https://faas.example.com
  wherry deploy functions/orders --target knative --timeout 2m --yes --json"""
)
@rendering_options
@place_options
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--create-namespace", is_flag=True, help="Create the namespace when it is not there.")
@click.option(
    "--timeout",
    default="5m",
    show_default=True,
    metavar="DURATION",
    help="Time until everything must be ready; 0s waits for nothing.",
)
@click.option("--prune", is_flag=True, help="Delete what the project has no more; needs --part-of.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def command(
    request: Request,
    place: Place,
    yes: bool,
    create_namespace: bool,
    timeout: str,
    prune: bool,
    as_json: bool,
) -> int:
    """Apply the manifests of the functions at PATH, and wait until they are ready.

    Shows where they go and what changes there, and asks. What a cluster gets is applied on its side
    (field manager `wherry`), routes after the functions that they lead to are ready; OpenFaaS gets
    its functions through the gateway. When all is ready, --prune deletes what an earlier deployment
    left of the project. Ends with 0 when all is ready, 1 when something was refused or is not
    ready, 2 for wrong input, 3 when nobody answers.
    """
    from wherry_build.deploy.deployment import Deployment

    patience = checked_patience(request, yes=yes, prune=prune, timeout=timeout)
    destination = place.find(request)
    missing = missing_namespaces(destination, create_namespace=create_namespace)
    plan = place.plan(destination, new_namespaces=missing)
    older = destination.other_version(request.options.kube_version)
    warn([*destination.warnings, *([older] if older else [])])
    left = destination.left_over(request.options.part_of) if prune else ()
    _show(destination, plan, missing, left)
    if not (yes or click.confirm("apply this?", err=True)):
        note("nothing has been changed")
        return 1
    from wherry_cli.progress import Progress

    destination.create_namespaces(missing)
    with closing(Progress(is_quiet=as_json)) as progress:
        deployment = Deployment(destination, plan, observer=progress, force=place.force_conflicts)
        error = ""
        deleted: list[ObjectKey] = []
        try:
            deployment.run(patience)
            _delete(destination, left, request.options.part_of, progress, deleted)
        except BuildError as failure:
            error = failure.message
            raise
        except KeyboardInterrupt:
            error = "interrupted"
            note(f"interrupted; {len(deployment.applied)} objects are applied, and stay")
            raise
        finally:
            if as_json:
                _print_json(destination, plan, deployment, error, deleted)
    note("ready" if patience.timeout_s else "applied")
    return 0


def checked_patience(request: Request, *, yes: bool, prune: bool, timeout: str) -> Patience:
    """How long is waited, when what is asked for can be done at all.

    Raises:
        UsageError: Nobody can be asked, or what may be deleted cannot be told.
        BuildError: The time is none.
    """
    from wherry_build.deploy.deployment import Patience

    patience = Patience(timeout_s=Duration.parse(timeout).milliseconds / 1000)
    if not (yes or sys.stdin.isatty()):
        raise click.UsageError("nobody can be asked here, for the input is no terminal; give --yes")
    if prune:
        _check_prunable(request)
    return patience


def missing_namespaces(destination: Destination, *, create_namespace: bool) -> tuple[str, ...]:
    """Namespaces that are not there, and are to be created.

    Raises:
        DestinationNotFound: One is not there, and none is to be created.
        PlatformUnavailable: The cluster does not answer, or does not know us.
    """
    missing = destination.missing_namespaces()
    if missing and not create_namespace:
        raise DestinationNotFound(
            f"no namespace {missing[0]!r} in the cluster", hint="give --create-namespace as well"
        )
    return missing


_WORDS = {"created": "create", "configured": "change", "unchanged": "keep"}
_LISTED = 40
"""Objects that are listed one by one; more are counted by what becomes of them and by kind."""


def _check_prunable(request: Request) -> None:
    """Refuse to prune what cannot be told from what is others'."""
    if not request.options.part_of:
        raise click.UsageError("--prune goes by the project's name; give --part-of")
    if request.functions:
        raise click.UsageError("--prune would delete the other functions; leave --function out")
    if request.options.target is Target.OPENFAAS:
        raise click.UsageError("--prune: OpenFaaS's gateway keeps no account; faas-cli remove NAME")


def _delete(
    destination: Destination,
    left: tuple[ObjectKey, ...],
    part_of: str,
    progress: Progress,
    deleted: list[ObjectKey],
) -> None:
    for key in left:
        if destination.delete(key, part_of=part_of):
            deleted.append(key)
            progress.deleted(key)


def _show(
    destination: Destination, plan: Plan, missing: tuple[str, ...], left: tuple[ObjectKey, ...]
) -> None:
    told = [*destination.facts.items(), *(("create", f"namespace/{name}") for name in missing)]
    told += _changes(plan)
    told += [("delete", f"{key} in {key.namespace}") for key in left]
    for name, value in told:
        note(f"{name:10} {value}")


def _changes(plan: Plan) -> list[tuple[str, str]]:
    if len(plan.differences) <= _LISTED:
        return [(_WORDS[each.change.value], str(each.key)) for each in plan.differences]
    counted = Counter((each.change.value, each.key.resource) for each in plan.differences)
    return [
        (_WORDS[change], f"{count} {resource}") for (change, resource), count in counted.items()
    ]


def _print_json(
    destination: Destination,
    plan: Plan,
    deployment: Deployment,
    error: str,
    deleted: list[ObjectKey],
) -> None:
    """What was applied, and how far it is; also after an error."""
    objects = []
    for each in plan.differences:
        seen = deployment.readiness.get(each.key)
        change = each.change.value if each.key in deployment.applied else None
        objects.append(
            {
                **_known_by(each.key),
                "change": change,
                "state": seen.state.value if seen is not None else None,
                "message": seen.message if seen is not None else "",
            }
        )
    objects += [
        {**_known_by(key), "change": "deleted", "state": None, "message": ""} for key in deleted
    ]
    click.echo(json.dumps({**destination.facts, "objects": objects, "error": error or None}))


def _known_by(key: ObjectKey) -> dict[str, str | None]:
    return {
        "apiVersion": key.api_version,
        "kind": key.kind,
        "namespace": key.namespace,
        "name": key.name,
    }
