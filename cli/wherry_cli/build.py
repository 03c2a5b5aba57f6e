"""`wherry build`: the image of a function, or of every function in a folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wherry_cli.image_options import build_options, image_options
from wherry_cli.notes import note

if TYPE_CHECKING:
    from wherry_build.image.building import FinishedBuild
    from wherry_build.image.delivery import Destinations
    from wherry_build.image.plan import BuildOptions, BuildPlan
    from wherry_build.project import Project

_MOST_AT_ONCE = 4


@click.command(
    epilog="""\b
Examples:
  wherry build functions/hello
  wherry build --registry ghcr.io/acme --push
  wherry build functions/hello --image ghcr.io/acme/hello:1.0 --platform linux/amd64,linux/arm64
  wherry build functions/hello -o tar:hello.tar
  wherry build functions/hello --engine docker --print-dockerfile"""
)
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option("--function", "functions", multiple=True, help="Only this function; repeatable.")
@click.option("--name", help="Name of the function, when its folder's will not do.")
@click.option(
    "--env", "environment", metavar="NAME", default="", help="Environment of wherry.yaml."
)
@click.option("--push", is_flag=True, help="Publish the images, and lock their digests.")
@click.option(
    "--load/--no-load",
    default=None,
    help="Load the images into the local engine [default: where one answers, unless they are "
    "pushed or written].",
)
@click.option(
    "--output",
    "-o",
    "outputs",
    multiple=True,
    metavar="oci:DIR|tar:FILE",
    help="Write an OCI layout, or a tar that `docker load` takes; of one function only.",
)
@image_options
@click.option("--insecure", is_flag=True, help="Believe a registry without a certificate.")
@click.option(
    "--parallel",
    type=click.IntRange(1, 32),
    help=f"Builds at the same time [default: as many as cores, at most {_MOST_AT_ONCE}].",
)
@click.option("--explain", is_flag=True, help="Tell why each layer is another than last time.")
@click.option("--print-dockerfile", is_flag=True, help="Print the Dockerfile and build nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object an image.")
@click.option("--quiet", "-q", is_flag=True, help="Print the image's name only.")
def command(path: Path, **given: Any) -> None:
    """Build the image of the function at PATH, or of every function there.

    The image holds the light runtime, what the function requires, and its folder without version
    control, environments, caches, secrets and tests. It is not root, needs no writable place but
    /tmp, and serves on port 8080. The same files give the same image, everywhere.

    No Docker is needed. Where a local engine answers the image is loaded into it; --push publishes
    it, and so does `wherry push` later.
    """
    from wherry_build.image.plan import divided, plan_builds
    from wherry_build.project import read_project, select
    from wherry_build.project.image_lock import read_lock

    options, destinations = _called_for(given)
    project = read_project(path, name=given["name"], environment=given["environment"])
    project, built = divided(select(project, given["functions"]))
    for function in () if given["quiet"] or given["as_json"] else built:
        note(f"{function.name}: not built, for wherry.yaml names its image by a digest")
    if destinations.outputs and len(project.functions) > 1:
        raise click.UsageError("--output is for one image, and there is more than one function")
    plans = plan_builds(project, options, read_lock(project.root))
    if given["print_dockerfile"]:
        _print_dockerfiles(plans)
        return
    _build(project, plans, destinations, given)


def _called_for(given: dict[str, Any]) -> tuple[BuildOptions, Destinations]:
    """What the options ask for; without a name of the image, what the calling program asks for."""
    from wherry_build.image.callers import caller_request
    from wherry_build.image.delivery import Destinations, Output
    from wherry_build.values import replaced

    options = build_options(given)
    destinations = Destinations(
        push=given["push"],
        load=given["load"],
        outputs=tuple(map(Output.parse, given["outputs"])),
    )
    caller = None if options.image or options.tag else caller_request(os.environ)
    if caller is None:
        return options, destinations
    note(f"{caller.caller} asks for {caller.image}" + (", published" if caller.push else ""))
    options = replaced(options, image=caller.image, platforms=options.platforms or caller.platforms)
    if caller.push:
        return options, replaced(destinations, push=True)
    # Such a program looks for the image in the local engine, unless it is told of a registry.
    goes_elsewhere = destinations.push or destinations.outputs or destinations.load is not None
    return options, destinations if goes_elsewhere else replaced(destinations, load=True)


def _build(
    project: Project,
    plans: tuple[BuildPlan, ...],
    destinations: Destinations,
    given: dict[str, Any],
) -> None:
    from wherry_build.errors import ImageBuildFailed
    from wherry_build.image.building import Building, lock
    from wherry_build.image.engines import Engines
    from wherry_cli.image_progress import ImageProgress
    from wherry_cli.image_report import print_json, print_line, print_report

    as_json, quiet = given["as_json"], given["quiet"]
    progress = ImageProgress(is_quiet=quiet or as_json)
    for plan in plans:
        if plan.reason:
            progress.step(f"{plan.request.function.name}: by the engine docker: {plan.reason}")
    engines = Engines(is_insecure=given["insecure"])
    building = Building(destinations, engines)
    at_once = given["parallel"] or min(_MOST_AT_ONCE, os.cpu_count() or 1)
    try:
        for finished in building.run(
            plans,
            lambda plan: progress if len(plans) == 1 else progress.of(plan.request.function.name),
            parallel=at_once,
        ):
            progress.close()
            is_locked = lock(project, finished)
            if as_json:
                print_json(finished)
                continue
            _print_name(finished)
            if quiet:
                continue
            if len(plans) > 1:
                print_line(finished, explain=given["explain"])
            else:
                print_report(finished, is_locked=is_locked, explain=given["explain"])
    except ImageBuildFailed as error:
        if quiet or as_json:  # what led to it has not been shown yet
            note("\n".join(error.log))
        raise
    finally:
        progress.close()
        engines.close()


def _print_name(finished: FinishedBuild) -> None:
    click.echo(finished.delivery.pushed or finished.image.reference)


def _print_dockerfiles(plans: tuple[BuildPlan, ...]) -> None:
    from wherry_build.image.docker.assembly import planned_dockerfile

    for plan in plans:
        # The digest that the lock has is the build's argument, and none of the text.
        click.echo(planned_dockerfile(plan.request), nl=False)
