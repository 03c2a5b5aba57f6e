"""`wherry push`: publishes what `wherry build` built last."""

from __future__ import annotations

import json
import time
from pathlib import Path

import click

from wherry_cli.notes import note


@click.command(
    epilog="""\b
Examples:
  wherry push
  wherry push functions/hello --registry ghcr.io/acme --tag 1.0"""
)
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option("--function", "functions", multiple=True, help="Only this function; repeatable.")
@click.option("--name", help="Name of the function, when its folder's will not do.")
@click.option(
    "--env", "environment", metavar="NAME", default="", help="Environment of wherry.yaml."
)
@click.option("--image", "-i", metavar="IMAGE", default="", help="Another name, of one function.")
@click.option("--tag", "-t", metavar="TAG", default="", help="Another tag.")
@click.option("--registry", help="Another prefix of the images' names.")
@click.option("--insecure", is_flag=True, help="Believe a registry without a certificate.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object an image.")
@click.option("--quiet", "-q", is_flag=True, help="Print the image's name only.")
def command(
    path: Path,
    functions: tuple[str, ...],
    name: str | None,
    environment: str,
    image: str,
    tag: str,
    registry: str | None,
    insecure: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Publish the images of the functions at PATH, as they were built last.

    Nothing is built. The digests are written to wherry.lock, which `wherry render` reads.
    """
    from wherry_build.image.engines import Engines
    from wherry_build.image.plan import BuildOptions, divided
    from wherry_build.image.publication import Publication, publications
    from wherry_build.project import read_project, select
    from wherry_build.project.image_lock import lock_digests
    from wherry_cli.image_progress import ImageProgress

    project, _ = divided(select(read_project(path, name=name, environment=environment), functions))
    wanted: tuple[Publication, ...] = publications(
        project, BuildOptions(image=image, tag=tag, registry=registry)
    )
    progress = ImageProgress(is_quiet=quiet or as_json)
    engines = Engines(is_insecure=insecure)
    try:
        for each in wanted:
            began = time.monotonic()
            pushed = each.publish(engines, progress)
            progress.close()
            digest = pushed.rpartition("@")[2]
            is_locked = lock_digests(project.root, images={each.image.reference: digest})
            took_s = time.monotonic() - began
            if as_json:
                told = {
                    "function": each.function.name,
                    "image": each.image.reference,
                    "digest": digest,
                    "pushed": pushed,
                    "seconds": round(took_s, 3),
                }
                click.echo(json.dumps(told))
                continue
            click.echo(pushed)
            if not quiet:
                locked = "; wherry.lock names the digest" if is_locked else ""
                note(f"pushed in {took_s:.2f} s{locked}")
    finally:
        progress.close()
        engines.close()
