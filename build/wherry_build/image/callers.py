"""What programs that call a build ask for by variables: skaffold's custom builder, Tilt's.

skaffold: https://skaffold.dev/docs/builders/builder-types/custom/ (IMAGE, PUSH_IMAGE, PLATFORMS,
BUILD_CONTEXT). Tilt: https://docs.tilt.dev/custom_build (EXPECTED_REF). Pure: a mapping in, a
value out.
"""

from __future__ import annotations

from collections.abc import Mapping

from wherry_build.errors import InvalidName
from wherry_build.image.platform import Platform
from wherry_build.names import image_reference
from wherry_build.values import frozen


@frozen
class CallerRequest:
    """What a calling program wants.

    Attributes:
        caller: Its name.
        image: Name that the image must have.
        push: Whether it must be published; False when it must be in the local engine.
        platforms: What it must be for; empty when that is left open.
    """

    caller: str
    image: str
    push: bool
    platforms: tuple[Platform, ...] = ()


def caller_request(environment: Mapping[str, str]) -> CallerRequest | None:
    """What the program that set `environment` asks for; None when it is no such program.

    A single `IMAGE` means nothing: skaffold sets it together with PUSH_IMAGE and BUILD_CONTEXT.

    Raises:
        InvalidName: A variable is not what the program would set it to.
    """
    if {"IMAGE", "PUSH_IMAGE", "BUILD_CONTEXT"} <= environment.keys():
        pushes = environment["PUSH_IMAGE"]
        if pushes not in {"true", "false"}:
            raise InvalidName(f"PUSH_IMAGE: got {pushes!a}, expected `true` or `false`")
        listed = environment.get("PLATFORMS", "").replace(",", " ").split()
        return CallerRequest(
            caller="skaffold",
            image=image_reference(environment["IMAGE"]),
            push=pushes == "true",
            platforms=tuple(map(Platform.parse, listed)),
        )
    if "EXPECTED_REF" in environment:
        return CallerRequest(
            caller="Tilt", image=image_reference(environment["EXPECTED_REF"]), push=False
        )
    return None
