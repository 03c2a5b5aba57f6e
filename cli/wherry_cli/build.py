"""`wherry build`: the image of a function, or of every function in a folder."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wherry_cli.notes import note, warn

if TYPE_CHECKING:
    from wherry_build.image.docker_engine import EngineImage
    from wherry_build.project import Function, Project


@click.command(
    epilog="""\b
Examples:
  wherry build functions/hello
  wherry build functions/hello --tag ghcr.io/acme/hello:1.0 --base python:3.13-slim
  wherry build functions/ --registry ghcr.io/acme --json
  wherry build functions/hello --print-dockerfile"""
)
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option("--tag", "-t", metavar="IMAGE", help="Name of the image, of one function only.")
@click.option(
    "--registry",
    help="Prefix of the images' names, when --tag is not given [default: wherry.yaml's, or "
    "dev.local].",
)
@click.option("--base", metavar="IMAGE", default="", help="Base image [default: python:3.12-slim].")
@click.option(
    "--env", "environment", metavar="NAME", default="", help="Environment of wherry.yaml."
)
@click.option("--name", help="Name of the function, when its folder's will not do.")
@click.option("--network", default="", help="Network of the build's steps, `host` for one.")
@click.option("--pull/--no-pull", default=False, help="Look for a newer base image.")
@click.option(
    "--wheels",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of wheels that pip may take besides the index's.",
)
@click.option("--no-index", is_flag=True, help="Let pip take the wheels of --wheels only.")
@click.option("--print-dockerfile", is_flag=True, help="Print the Dockerfile and build nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object an image.")
@click.option("--quiet", "-q", is_flag=True, help="Print the image's name only.")
def command(
    path: Path,
    tag: str | None,
    registry: str | None,
    base: str,
    environment: str,
    name: str | None,
    network: str,
    pull: bool,
    wheels: Path | None,
    no_index: bool,
    print_dockerfile: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Build the image of the function at PATH with a Docker Engine.

    The image holds the light runtime, what the function's requirements.txt names, and its folder
    without version control, environments, caches, secrets and tests. It is not root, needs no
    writable place but /tmp, and serves on port 8080.
    """
    from wherry_build.image.assembly import ImageOptions, image_request, planned_dockerfile
    from wherry_build.project import read_project
    from wherry_build.project.image_name import LOCAL_REGISTRY, image_reference

    project = read_project(path, name=name, environment=environment)
    functions = project.functions
    if tag is not None and len(functions) > 1:
        raise click.UsageError("--tag names one image, and there is more than one function")
    if print_dockerfile:
        for function in functions:
            click.echo(planned_dockerfile(function, is_offline=no_index), nl=False)
        return
    warn(
        f"not yet used by a build: functions.{each.name}.image"
        for each in functions
        if _says_image(project, each.name)
    )
    from wherry_build.errors import ImageBuildFailed
    from wherry_build.image.docker_engine import DockerEngine

    engine = DockerEngine()
    prefix = registry if registry is not None else project.registry or LOCAL_REGISTRY
    for function in functions:
        options = ImageOptions(
            tag=tag or image_reference(function.name, registry=prefix, tag="latest"),
            base=base,
            network=network,
            pull=pull,
            wheels=wheels,
            is_offline=no_index,
        )
        began = time.monotonic()
        request = image_request(function, options)
        try:
            image = engine.build(request, _silent if quiet or as_json else note)
        except ImageBuildFailed as error:
            if quiet or as_json:  # what led to it has not been shown yet
                note("\n".join(error.log))
            raise
        _tell(function, image, time.monotonic() - began, as_json=as_json, quiet=quiet)


def _says_image(project: Project, name: str) -> bool:
    said = project.specification.functions.get(name) if project.specification else None
    return said is not None and said.image is not None


def _silent(line: str) -> None:
    """Print nothing."""


def _tell(
    function: Function, image: EngineImage, took_s: float, *, as_json: bool, quiet: bool
) -> None:
    if as_json:
        told = {
            "function": function.name,
            "image": image.tag,
            "id": image.id,
            "size_bytes": image.size_bytes,
            "seconds": round(took_s, 3),
        }
        click.echo(json.dumps(told))
        return
    click.echo(image.tag)
    if not quiet:
        note(f"built in {took_s:.1f} s: {image.id[7:19]}, {image.size_bytes / 1e6:.0f} MB")
        note(f"next: docker run --rm --read-only --cap-drop ALL -p 127.0.0.1:8080:8080 {image.tag}")
