"""Annotations of Knative's autoscaler, which count on the template alone and are all text.

CPU and memory are followed by the HorizontalPodAutoscaler of Kubernetes, which Knative makes: such
a function never sleeps, and what only Knative's own autoscaler knows is lost. A target of CPU is
percent of what the function asks for, one of memory is MiB.
"""

from __future__ import annotations

from wherry_build.manifests.emission import Loss
from wherry_build.manifests.topology import Workload
from wherry_build.project.specification.amounts import Duration, Memory
from wherry_build.project.specification.function import Metric, Scaling

_PREFIX = "autoscaling.knative.dev/"
_HPA = "hpa.autoscaling.knative.dev"
_OF_RESOURCES = frozenset({Metric.CPU, Metric.MEMORY})
_MEBIBYTE = 1 << 20


def scaling_annotations(workload: Workload) -> tuple[dict[str, str], list[Loss]]:
    """What the autoscaler is told, and what it has no word for."""
    said = workload.said.scale or Scaling()
    metric = said.metric or Metric.CONCURRENCY
    least, most = _bounds(workload, said, metric)
    made: dict[str, str | None] = {
        "class": _HPA if metric in _OF_RESOURCES else None,
        "min-scale": str(least),
        "max-scale": str(most),
        "metric": metric.value,
        "target": str(_target(workload, said, metric)),
        "target-utilization-percentage": _text(said.utilization),
        "window": _text(said.window),
        "scale-down-delay": _text(said.down_delay),
        "scale-to-zero-pod-retention-period": _text(said.zero_after),
        "initial-scale": _text(said.initial or None),
        "activation-scale": _text(said.wake),
    }
    losses = list(_losses(workload, said, metric, least))
    for loss in losses:
        made.pop(_OWN_ONLY.get(loss.key.rpartition(".")[2], ""), None)
    return {f"{_PREFIX}{key}": value for key, value in made.items() if value is not None}, losses


_OWN_ONLY = {
    "utilization": "target-utilization-percentage",
    "down_delay": "scale-down-delay",
    "zero_after": "scale-to-zero-pod-retention-period",
    "wake": "activation-scale",
}
"""Keys that only Knative's own autoscaler knows, with its annotation."""


def _bounds(workload: Workload, said: Scaling, metric: Metric) -> tuple[int, int]:
    """Instances at least and at most; Knative refuses to wake up with more than the most."""
    scale = workload.function.scale
    least = max(scale.least, 1) if metric in _OF_RESOURCES else scale.least
    most = max(scale.most, said.wake or 0) if said.max is None else scale.most
    return least, most


def _target(workload: Workload, said: Scaling, metric: Metric) -> int:
    target = workload.function.scale.target if said.target is None else said.target
    if metric is Metric.CONCURRENCY and said.target is None and workload.function.concurrency:
        return min(target, workload.function.concurrency)
    if metric is Metric.MEMORY and said.target is None:
        asked = Memory(text=workload.function.resources.memory_request)
        return max(1, asked.bytes * target // (100 * _MEBIBYTE))
    return target


def _losses(workload: Workload, said: Scaling, metric: Metric, least: int) -> list[Loss]:
    keys = f"functions.{workload.name}.scale"
    found = []
    if metric in _OF_RESOURCES:
        found += [
            Loss(
                key=f"{keys}.{key}",
                reason=f"Knative follows {metric.value} through a HorizontalPodAutoscaler, "
                "which has no such setting",
                instead="metric: concurrency",
            )
            for key in _OWN_ONLY
            if getattr(said, key) is not None
        ]
        found += [
            Loss(
                key=f"{keys}.{key}",
                reason=f"a function that is scaled by {metric.value} never sleeps; "
                "one instance always runs",
                instead="metric: concurrency",
            )
            for key, is_said in (("min", said.min == 0), ("zero", said.zero is True))
            if is_said
        ]
    elif said.wake is not None and said.wake < least:
        found.append(
            Loss(
                key=f"{keys}.wake",
                reason=f"{least} instances always run, which is more",
            )
        )
    if said.initial == 0:
        found.append(
            Loss(
                key=f"{keys}.initial",
                reason="Knative refuses a revision that begins with none, "
                "unless allow-zero-initial-scale is true in config-autoscaler",
                instead=f'annotations: {{{_PREFIX}initial-scale: "0"}}, where that is set',
            )
        )
    return found


def _text(value: int | Duration | None) -> str | None:
    return str(value) if value is not None else None
