"""What is said of an image that was built: for a person, and as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from wherry_cli.image_progress import size
from wherry_cli.notes import note

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wherry_build.image.building import FinishedBuild
    from wherry_build.image.comparison import LayerDifference
    from wherry_build.image.engine import BuiltImage
    from wherry_build.image.platform import Platform

_COLOURS = {"new": "green", "changed": "yellow", "gone": "red", "same": "bright_black"}


def print_line(finished: FinishedBuild, *, explain: bool) -> None:
    """Print what was built, of one function among several, in a line."""
    delivery = finished.delivery
    where = "published" if delivery.pushed else "loaded" if delivery.loaded else "in the cache"
    note(f"{finished.plan.request.function.name}: {_built(finished)}; {where}")
    if explain:
        print_differences(finished)


def print_report(finished: FinishedBuild, *, is_locked: bool, explain: bool) -> None:
    """Print what was built and where it went, and what to type next."""
    image, delivery = finished.image, finished.delivery
    note(_built(finished))
    if explain:
        print_differences(finished)
    for output in delivery.written:
        note(f"written: {output}")
    if delivery.loaded:
        note(f"loaded: {delivery.loaded}")
    if is_locked:
        note("locked: wherry.lock names the digest")
    if delivery.pushed:
        return
    if delivery.loaded:
        note(f"next: wherry run --image {image.reference}")
    elif not delivery.written:
        why = ", for no local engine answers" if delivery.lacks_engine else ""
        note(f"kept in the cache{why}; next: wherry push, or build with -o tar:FILE")


def _built(finished: FinishedBuild) -> str:
    image = finished.image
    short = (image.digest or image.id)[7:19]
    platforms = ", ".join(map(str, image.platforms))
    return f"built in {finished.took_s:.2f} s: {short}, {_sizes(image)}, {platforms}"


def print_differences(finished: FinishedBuild) -> None:
    """Print why each layer is another than in the build before."""
    for platform, found in differences(finished):
        prefix = f"{platform} " if len(finished.image.platforms) > 1 else ""
        for each in found:
            change = click.style(f"{each.change.value:8}", fg=_COLOURS[each.change.value])
            note(f"  {change}{prefix}{each.purpose}" + (f": {each.reason}" if each.reason else ""))


def differences(finished: FinishedBuild) -> Iterator[tuple[Platform, tuple[LayerDifference, ...]]]:
    """Of each platform, its layers beside those of the build before."""
    from wherry_build.image.comparison import differences as compared

    before = finished.before.image.images if finished.before is not None else ()
    for image in finished.image.images:
        was = next((each for each in before if each.platform == image.platform), None)
        yield image.platform, compared(was, image)


def print_json(finished: FinishedBuild) -> None:
    """Print what was built as one JSON object in one line."""
    image, delivery = finished.image, finished.delivery
    told: dict[str, Any] = {
        "function": finished.plan.request.function.name,
        "image": image.reference,
        "engine": "oci" if image.images else "docker",
        "digest": image.digest or delivery.pushed.rpartition("@")[2] or None,
        "id": image.id,
        "base": image.base or finished.plan.request.base,
        "platforms": [str(platform) for platform in image.platforms],
        "size_bytes": image.size_bytes,
        "pushed": delivery.pushed or None,
        "loaded": bool(delivery.loaded),
        "written": [str(output) for output in delivery.written],
        "layers": [
            {
                "platform": str(each.platform),
                "purpose": layer.purpose,
                "digest": layer.content.descriptor.digest,
                "size_bytes": layer.content.descriptor.size_bytes,
            }
            for each in image.images
            for layer in each.layers
        ],
        "seconds": round(finished.took_s, 3),
    }
    click.echo(json.dumps(told))


def _sizes(image: BuiltImage) -> str:
    """What a pull takes, and how much of it is not the base's."""
    if not image.images:
        return size(image.size_bytes)
    own = max(
        sum(layer.content.descriptor.size_bytes for layer in each.layers) for each in image.images
    )
    return f"{size(own)} over its base"
