"""How OpenFaaS asks whether an instance is well: annotations, which the commercial editions read.

Without them both questions go to `/_/health`, which every image of ours answers.
"""

from __future__ import annotations

from collections.abc import Iterator

from wherry_build.manifests.topology import Workload
from wherry_build.project.specification.function import Probe, Probes

_READY = "com.openfaas.ready.http."
_HEALTH = "com.openfaas.health.http."
_READY_PATH = "/_/ready"
_HEALTH_PATH = "/_/health"


def probe_annotations(workload: Workload) -> dict[str, str]:
    """The annotations of `workload`; readiness has a path of its own in any case."""
    said = workload.said.probes or Probes()
    return {
        **dict(_annotations(_HEALTH, said.liveness, _HEALTH_PATH)),
        **dict(_annotations(_READY, said.readiness or Probe(), _READY_PATH)),
    }


def _annotations(prefix: str, said: Probe | None, usual_path: str) -> Iterator[tuple[str, str]]:
    if said is None:
        return
    yield f"{prefix}path", said.path or usual_path
    for name, duration in (
        ("initialDelaySeconds", said.initial_delay),
        ("periodSeconds", said.period),
        ("timeoutSeconds", said.timeout),
    ):
        if duration is not None:
            yield f"{prefix}{name}", str(duration.seconds)
    if said.failures is not None:
        yield f"{prefix}failureThreshold", str(said.failures)
