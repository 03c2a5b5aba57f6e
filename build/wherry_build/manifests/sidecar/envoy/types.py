"""Envoy's own forms of values: typed messages and durations."""

from __future__ import annotations

from wherry_build.manifests.yaml import Node
from wherry_build.project.specification.amounts import Duration

_PREFIX = "type.googleapis.com/"


def typed(message: str, **fields: Node) -> dict[str, Node]:
    """A message that says its own type."""
    return {"@type": f"{_PREFIX}{message}", **fields}


def duration_text(duration: Duration) -> str:
    """A duration in seconds, with a fraction where there is one (`google.protobuf.Duration`)."""
    seconds, rest_ms = divmod(duration.milliseconds, 1000)
    return f"{seconds}.{rest_ms:03d}s" if rest_ms else f"{seconds}s"
