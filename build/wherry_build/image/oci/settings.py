"""What an image says of how it is run: the same, whichever engine makes it."""

from __future__ import annotations

from collections.abc import Mapping

from wherry_build.errors import InvalidName
from wherry_build.image.conventions import (
    ENTRYPOINT,
    ENVIRONMENT,
    FUNCTION,
    PORT,
    PROBE,
    USER,
    function_environment,
)
from wherry_build.values import NO_ENTRIES, frozen

_SECOND_NS = 1_000_000_000
_LATEST_S = 8**11 - 1  # the eleven octal digits that a tar has for a time; in the year 2242
_TITLE = "org.opencontainers.image.title"


@frozen
class ImageSettings:
    """What is said of one function's image.

    Attributes:
        title: Name of the function.
        environment: Variables that are set besides those of every image.
        labels: Labels.
        created_s: When it was made, since 1970, in seconds.
    """

    title: str = ""
    environment: Mapping[str, str] = NO_ENTRIES
    labels: Mapping[str, str] = NO_ENTRIES
    created_s: int = 0

    def all_labels(self) -> dict[str, str]:
        """Those that are given, over those that every image has."""
        return {**({_TITLE: self.title} if self.title else {}), **self.labels}

    def all_environment(self) -> dict[str, str]:
        """Those that are given, over those that every image has."""
        return {**ENVIRONMENT, **self.environment}


def function_settings(
    name: str,
    handler: str = "handler.py",
    *,
    labels: Mapping[str, str] | None = None,
    created_s: int = 0,
) -> ImageSettings:
    """What is said of the image of the function `name`, whose file is `handler`."""
    return ImageSettings(
        title=name,
        environment=function_environment(name, handler),
        labels=labels or {},
        created_s=created_s,
    )


def created_s(environment: Mapping[str, str]) -> int:
    """When images are said to be made: SOURCE_DATE_EPOCH, or 1970, for any build is the same then.

    Source: reproducible-builds.org, "SOURCE_DATE_EPOCH specification".

    Raises:
        InvalidName: It is no number of seconds.
    """
    said = environment.get("SOURCE_DATE_EPOCH", "")
    if not said:
        return 0
    if not (said.isascii() and said.isdecimal() and len(said) < 13 and int(said) <= _LATEST_S):
        raise InvalidName(
            f"SOURCE_DATE_EPOCH: got {said[:40]!a}, expected seconds since 1970, at most "
            f"{_LATEST_S}",
            hint="export SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)",
        )
    return int(said)


def run_settings() -> dict[str, object]:
    """What every image says in the words of a configuration, its environment and labels apart."""
    return {
        "User": USER,
        "ExposedPorts": {f"{PORT}/tcp": {}},
        "Entrypoint": list(ENTRYPOINT),
        "WorkingDir": FUNCTION,
        "StopSignal": "SIGTERM",
        # Not in OCI, which reserves the name; Docker and podman take it from there.
        "Healthcheck": {
            "Test": ["CMD", "python3", "-I", "-S", "-c", PROBE],
            "Interval": 10 * _SECOND_NS,
            "Timeout": 5 * _SECOND_NS,
            "StartPeriod": 10 * _SECOND_NS,
            "Retries": 3,
        },
    }
