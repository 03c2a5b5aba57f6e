"""What the image of a function is called; the one rule that building and rendering share."""

from __future__ import annotations

from wherry_build import names
from wherry_build.errors import ProjectError

LOCAL_REGISTRY = "dev.local"
"""A prefix that no registry answers to; Knative leaves its tags alone, so loaded images work."""


def image_reference(function: str, *, registry: str, tag: str) -> str:
    """The image of a function in `registry`.

    Raises:
        InvalidName: `registry` is no prefix of images, or `tag` is no tag.
    """
    prefix = f"{names.image_repository(registry)}/" if registry else ""
    return names.image_reference(f"{prefix}{function}:{names.image_tag(tag)}")


def refuse_local(reference: str) -> None:
    """Refuse to publish what has a name for this machine only.

    Raises:
        ProjectError: It has.
    """
    if reference.startswith(f"{LOCAL_REGISTRY}/"):
        raise ProjectError(
            f"{reference}: no registry answers to {LOCAL_REGISTRY!r}, which is for this machine",
            hint="give --registry ghcr.io/you, or say `registry: {prefix: ghcr.io/you}` in "
            "wherry.yaml",
        )
