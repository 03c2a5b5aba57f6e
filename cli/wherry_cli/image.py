"""`wherry image`: what an image is made of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wherry_cli.image_progress import size

if TYPE_CHECKING:
    from wherry_build.image.inspection import InspectedImage, InspectedLayer, Inspection

_LAYOUT = "oci:"
_COLOURS = {"new": "green", "changed": "yellow", "gone": "red", "same": "bright_black"}
_LIMIT_PURPOSE = 72
_KINDS = {
    "sbom": {"application/spdx+json", "application/vnd.cyclonedx+json"},
    "provenance": {"application/vnd.in-toto+json"},
}
"""Media types of what may be attached."""


@click.group(epilog="Examples:\n\n  wherry image inspect functions/hello")
def command() -> None:
    """Look at images."""


@command.command(
    epilog="""\b
Examples:
  wherry image inspect functions/hello
  wherry image inspect ghcr.io/acme/hello:1.0 -o json
  wherry image inspect ghcr.io/acme/hello:1.0 --sbom
  wherry image inspect oci:out"""
)
@click.argument("what", metavar="IMAGE|oci:DIR|FUNCTION", default=".")
@click.option(
    "--env", "environment", metavar="NAME", default="", help="Environment of wherry.yaml."
)
@click.option("--insecure", is_flag=True, help="Believe a registry without a certificate.")
@click.option(
    "--output",
    "-o",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="What is printed.",
)
@click.option("--sbom", "attached", flag_value="sbom", help="Print the list of its parts.")
@click.option("--provenance", "attached", flag_value="provenance", help="Print how it was made.")
def inspect(what: str, environment: str, insecure: bool, output: str, attached: str | None) -> None:
    """List the layers of an image: what each is for, its size, and why it changed.

    WHAT is a folder with functions, as they were built last; or the name of a function here; or an
    OCI layout; or else an image in a registry.
    """
    found = _inspections(what, environment, is_insecure=insecure, documents=attached is not None)
    if attached is not None:
        _print_attached(found, attached)
        return
    if output == "json":
        for each in found:
            click.echo(json.dumps(each.document()))
        return
    for place, each in enumerate(found):
        if place:
            click.echo()
        _print(each)


def _print_attached(inspections: list[Inspection], wanted: str) -> None:
    """Print the documents of one kind, each as it is."""
    kinds = _KINDS[wanted]
    found = [
        artifact.document
        for each in inspections
        for artifact in each.artifacts or ()
        if artifact.kind in kinds
    ]
    if not found:
        raise click.ClickException(f"no {wanted} is attached to {inspections[0].reference}")
    for document in found:
        click.echo(document)


def _inspections(
    what: str, environment: str, *, is_insecure: bool, documents: bool
) -> list[Inspection]:
    from wherry_build.errors import FunctionsNotFound
    from wherry_build.image import inspection_sources
    from wherry_build.project import read_project

    if what.startswith(_LAYOUT):
        return [
            inspection_sources.inspect_layout(Path(what.removeprefix(_LAYOUT)), documents=documents)
        ]
    if Path(what).exists():
        functions = read_project(Path(what), environment=environment).functions
        return [
            inspection_sources.inspect_build(function, documents=documents)
            for function in functions
        ]
    if "/" not in what and ":" not in what:
        try:
            functions = read_project(Path(), environment=environment).functions
        except FunctionsNotFound:
            functions = ()
        named = [function for function in functions if function.name == what]
        if named:
            return [inspection_sources.inspect_build(named[0], documents=documents)]
    return [
        inspection_sources.inspect_reference(what, is_insecure=is_insecure, documents=documents)
    ]


def _print(inspection: Inspection) -> None:
    click.echo(inspection.reference + (f"@{inspection.digest}" if inspection.digest else ""))
    for image in inspection.images:
        _print_image(image)
    for artifact in inspection.artifacts or ():
        click.echo(f"  attached  {artifact.digest[7:19]}  {artifact.kind}")


def _print_image(image: InspectedImage) -> None:
    own = sum(layer.size_bytes for layer in image.layers if not layer.is_base)
    click.echo(f"  {image.platform}  {size(image.size_bytes)}, {size(own)} of it over the base")
    if image.base:
        click.echo(f"  base      {image.base}")
    click.echo(f"  runs      {' '.join(image.entrypoint)} as {image.user or 'root'}")
    for layer in image.layers:
        click.echo(f"  {_line(layer)}")


def _line(layer: InspectedLayer) -> str:
    purpose = f"base: {layer.purpose}" if layer.is_base else layer.purpose
    if len(purpose) > _LIMIT_PURPOSE:
        purpose = f"{purpose[: _LIMIT_PURPOSE - 1]}…"
    line = f"{layer.digest[7:19]}  {size(layer.size_bytes):>9}  "
    difference = layer.difference
    if difference is None:
        return line + purpose
    word = difference.change.value
    changed = click.style(f"{word:8}", fg=_COLOURS[word])
    return f"{line}{changed}{purpose}" + (f": {difference.reason}" if difference.reason else "")
