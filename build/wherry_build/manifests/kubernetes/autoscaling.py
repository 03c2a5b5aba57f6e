"""HorizontalPodAutoscaler: how many instances of a revision there are, and what that follows.

CPU and memory are measured by every cluster with a metrics server. Calls are not: what `metric:
concurrency` and `rps` ask for is followed where Prometheus is there to count them, and CPU is
followed elsewhere, which is told. Targets mean what they mean to Knative: percent of the CPU that
is asked for, MiB of memory.
"""

from __future__ import annotations

from collections.abc import Iterator

from wherry_build.manifests.container import CONTAINER
from wherry_build.manifests.document import Document, metadata
from wherry_build.manifests.emission import Loss
from wherry_build.manifests.kubernetes.naming import revision_name
from wherry_build.manifests.options import RenderOptions
from wherry_build.manifests.topology import Revision, Topology, Workload
from wherry_build.manifests.yaml import Node
from wherry_build.project.model import Scale
from wherry_build.project.specification.function import Metric, Scaling

CALL_METRICS = {
    Metric.CONCURRENCY: "http_requests_in_flight",
    Metric.RPS: "http_requests_per_second",
}
"""Metrics of pods, as an adapter must give them: a gauge of the runtime's, and a counter's rate."""
USUAL_CPU = 80
"""Percent of the CPU asked for that is followed where nothing is said; Kubernetes' own default."""
_USUAL_TARGET = Scale().target
_NO_SCALING = Scaling()


def least(workload: Workload) -> int:
    """Instances that always run: a Deployment does not sleep."""
    return max(1, workload.function.scale.least)


def is_scaled(workload: Workload) -> bool:
    """Whether there are more instances at one time than at another."""
    return workload.function.scale.most > least(workload)


def counts_calls(workload: Workload) -> bool:
    """Whether the file asks for instances by calls, in words or by a target of no other metric."""
    said = workload.said.scale or _NO_SCALING
    if said.metric is None:
        return said.target is not None or said.utilization is not None
    return said.metric in CALL_METRICS


def autoscaler_document(
    workload: Workload, revision: Revision, topology: Topology, options: RenderOptions
) -> Document:
    """The HorizontalPodAutoscaler of `revision`."""
    name = revision_name(workload.name, revision.name)
    spec: dict[str, Node] = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
        "minReplicas": least(workload),
        "maxReplicas": workload.function.scale.most,
        "metrics": [_metric(workload, options)],
    }
    said = workload.said.scale or _NO_SCALING
    down = said.down_delay or said.window
    if down is not None:
        spec["behavior"] = {"scaleDown": {"stabilizationWindowSeconds": down.seconds}}
    return Document(
        file=f"14-horizontal-pod-autoscaler-{name}.yaml",
        value={
            "apiVersion": "autoscaling/v2",
            "kind": "HorizontalPodAutoscaler",
            "metadata": metadata(name, namespace=topology.namespace, function=workload.name),
            "spec": spec,
        },
    )


def scaling_losses(workload: Workload, options: RenderOptions) -> Iterator[Loss]:
    """What is said of instances and is not so on this cluster."""
    said = workload.said.scale
    if said is None:
        return
    key = f"functions.{workload.name}.scale"
    for name in [*(["min"] if said.min == 0 else []), *(["zero"] if said.zero else [])]:
        yield Loss(
            key=f"{key}.{name}",
            reason="a Deployment does not sleep: one instance always runs",
            instead="--target knative",
        )
    if not is_scaled(workload):
        for name in ("target", "metric", "utilization", "window", "down_delay"):
            if getattr(said, name) is not None:
                reason = f"instances are always {least(workload)}, so there is nothing to follow"
                yield Loss(key=f"{key}.{name}", reason=reason, instead="a `max` over `min`")
        return
    if counts_calls(workload) and not options.monitoring:
        for name in ("target", "metric", "utilization"):
            if getattr(said, name) is not None:
                yield Loss(
                    key=f"{key}.{name}",
                    reason="Kubernetes counts no calls: instances follow CPU, "
                    f"{USUAL_CPU} percent of what is asked for",
                    instead="`metric: cpu`, or --monitoring with prometheus-adapter",
                )
    if said.window is not None and said.down_delay is not None:
        yield Loss(
            key=f"{key}.window",
            reason="the autoscaler has one window: `down_delay` is in it",
        )


def _metric(workload: Workload, options: RenderOptions) -> Node:
    said = workload.said.scale or _NO_SCALING
    if counts_calls(workload) and options.monitoring:
        metric = CALL_METRICS[said.metric or Metric.CONCURRENCY]
        target: dict[str, Node] = {"type": "AverageValue", "averageValue": str(_target(said))}
        return {"type": "Pods", "pods": {"metric": {"name": metric}, "target": target}}
    if said.metric is Metric.MEMORY and said.target is not None:
        return _resource("memory", {"type": "AverageValue", "averageValue": f"{_target(said)}Mi"})
    is_said = said.metric in {Metric.CPU, Metric.MEMORY}
    percent = _target(said) if is_said else USUAL_CPU
    name = "memory" if said.metric is Metric.MEMORY else "cpu"
    return _resource(name, {"type": "Utilization", "averageUtilization": percent})


def _target(said: Scaling) -> int:
    """What one instance carries when another is started."""
    target = said.target or _USUAL_TARGET
    return max(1, target * (said.utilization or 100) // 100)


def _resource(name: str, target: dict[str, Node]) -> Node:
    """A metric of the function's own container: what a proxy beside it uses is not counted."""
    return {
        "type": "ContainerResource",
        "containerResource": {"name": name, "container": CONTAINER, "target": target},
    }
