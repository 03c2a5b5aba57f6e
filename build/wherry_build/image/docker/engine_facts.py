"""What an engine says of itself, in one form for all of them. Values, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What an engine says of itself.

    Attributes:
        version: Its version.
        architecture: What it runs on, in the words of OCI.
        is_rootless: Whether it runs without root.
        keeps_contents: Whether images are kept as they were pushed, in containerd's image store.
    """

    version: str
    architecture: str
    is_rootless: bool = False
    keeps_contents: bool = False


def docker_facts(told: Mapping[str, Any]) -> Facts:
    """What `docker info` tells, or nerdctl in its place."""
    status = [str(row) for row in told.get("DriverStatus") or ()]
    return Facts(
        version=str(told.get("ServerVersion", "")),
        architecture=architecture(str(told.get("Architecture", ""))),
        is_rootless=any("rootless" in str(each) for each in told.get("SecurityOptions") or ()),
        keeps_contents=any("io.containerd.snapshotter" in row for row in status),
    )


def podman_facts(told: Mapping[str, Any]) -> Facts:
    """What `podman info` tells."""
    host, version = told.get("host") or {}, told.get("version") or {}
    return Facts(
        version=str(version.get("Version", "")),
        architecture=architecture(str(host.get("arch", ""))),
        is_rootless=bool((host.get("security") or {}).get("rootless")),
        keeps_contents=True,
    )


def architecture(machine: str) -> str:
    """What OCI calls the architecture that a kernel calls `machine`."""
    return {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm"}.get(machine, machine)
