"""What builds an image: the closed set, apart from the specification that takes longer to load."""

from __future__ import annotations

import enum


class Engine(enum.Enum):
    """What builds an image."""

    AUTO = "auto"
    OCI = "oci"
    DOCKER = "docker"
