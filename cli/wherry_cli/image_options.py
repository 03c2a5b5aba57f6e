"""The options that say what an image is; a build and what runs one share them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from wherry_build.image.plan import BuildOptions

_Command = TypeVar("_Command", bound=Callable[..., Any])
ENGINES = ("auto", "oci", "docker")


def image_options(command: _Command) -> _Command:
    """Give `command` the options that say what an image is, each as a parameter."""
    decorated: Any = command
    for decorate in reversed(_OPTIONS):
        decorated = decorate(decorated)
    return decorated  # type: ignore[no-any-return] # click's decorators keep the function


def build_options(given: Mapping[str, Any]) -> BuildOptions:
    """What `given` asks for of images.

    Raises:
        UsageError: A value is of another form.
        InvalidName: A platform is none.
    """
    from wherry_build.image.engine import Attestation, Bom, WheelSources
    from wherry_build.image.plan import BuildOptions
    from wherry_build.image.platform import Platform
    from wherry_build.project.build_engine import Engine

    tag = given["tag"] or ""
    is_name = "/" in tag or ":" in tag  # a tag has neither
    if is_name and given["image"]:
        raise click.UsageError("--tag and --image both name the image")
    listed = [each for text in given["platforms"] for each in text.split(",")]
    return BuildOptions(
        engine=Engine(given["engine"]) if given["engine"] else None,
        image=tag if is_name else given["image"],
        tag="" if is_name else tag,
        registry=given["registry"],
        base=given["base"],
        platforms=tuple(dict.fromkeys(Platform.parse(each.strip()) for each in listed)),
        arguments=_pairs("--build-arg", given["arguments"]),
        secrets=_secrets(given["secrets"]),
        labels=_pairs("--label", given["labels"]),
        wheels=WheelSources(folder=given["wheels"], is_offline=given["no_index"]),
        network=given["network"],
        cache_from=given["cache_from"],
        cache_to=given["cache_to"],
        pull=given["pull"],
        attestation=Attestation(bom=Bom(given["bom"]), provenance=given["provenance"]),
    )


def _pairs(option: str, texts: Iterable[str]) -> dict[str, str]:
    pairs = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise click.UsageError(f"{option}: got {text!a}, expected NAME=VALUE")
        pairs[name] = value
    return pairs


def _secrets(texts: Iterable[str]) -> dict[str, Path]:
    """As docker has it, `id=netrc,src=/home/me/.netrc`."""
    secrets = {}
    for text in texts:
        said: dict[str, str] = {}
        for part in text.split(","):
            key, _, value = part.partition("=")
            said[key] = value
        file = said.get("src") or said.get("source")
        if set(said) - {"id", "src", "source", "type"} or not said.get("id") or not file:
            raise click.UsageError(f"--secret: got {text!a}, expected id=NAME,src=FILE")
        secrets[said["id"]] = Path(file)
    return secrets


_OPTIONS = (
    click.option(
        "--engine",
        type=click.Choice(ENGINES),
        help="What builds: `oci` needs no Docker; `docker` can install packages and compile "
        "[default: wherry.yaml's, or auto: oci where that can].",
    ),
    click.option(
        "--platform",
        "--platforms",
        "platforms",
        multiple=True,
        metavar="OS/ARCH",
        help="What the image is for, linux/arm64 for one; several are divided by commas, or the "
        "option is repeated [default: wherry.yaml's, or this machine's].",
    ),
    click.option(
        "--image", "-i", metavar="IMAGE", default="", help="Full name, of one function only."
    ),
    click.option(
        "--tag",
        "-t",
        metavar="TAG",
        help="Tag of the images, 1.0; or, with a / or :, the full name of one [default: latest].",
    ),
    click.option(
        "--registry", help="Prefix of the images' names [default: wherry.yaml's, or dev.local]."
    ),
    click.option(
        "--base",
        metavar="IMAGE",
        default="",
        help="Base image [default: wherry.yaml's, or python:3.12-slim].",
    ),
    click.option("--label", "labels", multiple=True, metavar="NAME=VALUE", help="A label more."),
    click.option(
        "--wheels",
        type=click.Path(path_type=Path, exists=True, file_okay=False),
        help="Folder of wheels that may be taken besides the index's.",
    ),
    click.option("--no-index", is_flag=True, help="Take the wheels of --wheels and cached ones."),
    click.option(
        "--pull/--no-pull",
        default=False,
        help="Look for a newer base than the one that is locked or cached.",
    ),
    click.option(
        "--sbom",
        "bom",
        type=click.Choice(["spdx", "cyclonedx", "none"]),
        default="spdx",
        show_default=True,
        help="Form of the list of what is in the image, which is published with it.",
    ),
    click.option(
        "--provenance/--no-provenance",
        default=True,
        help="Publish with the image what it was made from (SLSA).",
    ),
    click.option(
        "--build-arg",
        "-b",
        "arguments",
        multiple=True,
        metavar="NAME=VALUE",
        help="Argument of a Dockerfile; the engine is docker then.",
    ),
    click.option(
        "--secret",
        "secrets",
        multiple=True,
        metavar="id=NAME,src=FILE",
        help="File that the build may read and no image holds; the engine is docker then.",
    ),
    click.option(
        "--network",
        default="",
        help="Network of a Dockerfile's steps, `host` for one; the engine is docker then.",
    ),
    click.option(
        "--cache-from",
        multiple=True,
        metavar="WHERE",
        help="Take steps of a Dockerfile from there, type=gha for one; the engine is docker then.",
    ),
    click.option(
        "--cache-to",
        multiple=True,
        metavar="WHERE",
        help="Keep steps of a Dockerfile there, for other machines; the engine is docker then.",
    ),
)
