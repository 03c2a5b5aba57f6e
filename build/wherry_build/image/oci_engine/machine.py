"""What images are for that nobody named a platform of: this machine."""

from __future__ import annotations

import os

from wherry_build.errors import InvalidName
from wherry_build.image.platform import Platform

_PLATFORMS = {
    "aarch64": Platform(architecture="arm64"),
    "amd64": Platform(architecture="amd64"),
    "arm64": Platform(architecture="arm64"),  # macOS, whose containers are Linux all the same
    "armv7l": Platform(architecture="arm", variant="v7"),
    "i686": Platform(architecture="386"),
    "loongarch64": Platform(architecture="loong64"),
    "ppc64le": Platform(architecture="ppc64le"),
    "riscv64": Platform(architecture="riscv64"),
    "s390x": Platform(architecture="s390x"),
    "x86_64": Platform(architecture="amd64"),
}


def this_platform(machine: str = "") -> Platform:
    """The platform of containers on this machine.

    Raises:
        InvalidName: It is of an architecture that no image is made for.
    """
    machine = machine or os.uname().machine
    found = _PLATFORMS.get(machine)
    if found is None:
        raise InvalidName(
            f"this machine is {machine!a}, and images are made for {', '.join(sorted(_PLATFORMS))}",
            hint="give --platform linux/amd64",
        )
    return found
