"""How many instances: the labels that OpenFaaS's autoscalers read, by edition.

The Community Edition knows `min`, `max` and `factor`, and refuses a function that says `type`,
`target` or `zero`. The commercial editions know the rest, and `min` stands for instances under
load: it is 1 or more, and `zero` says whether there may be none without.
"""

from __future__ import annotations

from collections.abc import Iterator

from wherry_build.manifests.emission import Loss
from wherry_build.manifests.options import Edition
from wherry_build.manifests.topology import Workload
from wherry_build.project.model import Scale
from wherry_build.project.specification.amounts import Cpu, Duration
from wherry_build.project.specification.function import Metric, Scaling

PREFIX = "com.openfaas.scale."
LIMIT_CE = 5
"""Instances at which the gateway of the Community Edition stops."""
_LIMIT_WINDOW = Duration.parse("5m")
_USUAL_TARGET = 70
_TYPES = {Metric.CONCURRENCY: "capacity", Metric.RPS: "rps", Metric.CPU: "cpu"}


def scale_labels(workload: Workload, edition: Edition) -> dict[str, str]:
    """The labels of `workload`."""
    scale = workload.function.scale
    said = workload.said.scale or Scaling()
    least = max(1, scale.least)
    if edition is Edition.CE:
        usual = said.max is None and scale.most == Scale().most
        most = max(least, LIMIT_CE) if usual else scale.most
        return _prefixed({"min": str(least), "max": str(most)})
    labels = {"min": str(least), "max": str(scale.most), "zero": _truth(scale.least == 0)}
    if scale.least == 0 and said.zero_after is not None:
        labels["zero-duration"] = str(said.zero_after)
    metric = said.metric or Metric.CONCURRENCY
    if metric in _TYPES:
        labels |= {"type": _TYPES[metric], "target": str(_target(workload, metric))}
    if said.utilization is not None:
        labels["target-proportion"] = f"{said.utilization / 100:.2f}"
    if said.down_delay is not None:
        labels["down.window"] = str(min(said.down_delay, _LIMIT_WINDOW))
    return _prefixed(labels)


def scale_losses(workload: Workload, edition: Edition) -> Iterator[Loss]:
    """What of `workload`'s scale has no form, as far as that depends on its values."""
    said = workload.said.scale
    if said is None:
        return
    key = f"functions.{workload.name}.scale"
    if edition is Edition.CE:
        if said.min == 0:
            yield Loss(
                key=f"{key}.min",
                reason="the Community Edition scales to 1 at least",
                instead="--edition pro",
            )
        return
    if said.zero_after is not None and workload.function.scale.least:
        yield Loss(key=f"{key}.zero_after", reason="a function with `min` over 0 never sleeps")
    if said.metric is Metric.MEMORY:
        keys = ["metric", *(["target"] if said.target is not None else [])]
        for each in keys:
            yield Loss(
                key=f"{key}.{each}",
                reason="OpenFaaS does not scale by memory",
                instead="metric: concurrency, rps or cpu; or a rule of your own in its chart",
            )
    if said.down_delay is not None and said.down_delay > _LIMIT_WINDOW:
        yield Loss(
            key=f"{key}.down_delay",
            reason=f"the window is {_LIMIT_WINDOW} at most, which it becomes",
        )


def _target(workload: Workload, metric: Metric) -> int:
    """In the type's unit: CPU is thousandths of a core there, and percent of the request here."""
    said = workload.said.scale
    target = said.target if said is not None and said.target is not None else _USUAL_TARGET
    if metric is not Metric.CPU:
        return target
    return max(1, Cpu(text=workload.function.resources.cpu_request).millicores * target // 100)


def _truth(value: bool) -> str:
    return "true" if value else "false"


def _prefixed(labels: dict[str, str]) -> dict[str, str]:
    return {f"{PREFIX}{name}": value for name, value in labels.items()}
