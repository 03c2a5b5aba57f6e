"""An image that was made, with what it was made of."""

from __future__ import annotations

from collections.abc import Sequence

from wherry_build.image.engine import PlatformImage
from wherry_build.image.wheels.locked import LockedWheel
from wherry_build.values import frozen


@frozen
class MadeImage:
    """One image that was made.

    Attributes:
        image: The image.
        wheels: The wheels in it.
    """

    image: PlatformImage
    wheels: Sequence[LockedWheel]
