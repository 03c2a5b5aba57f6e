"""What the function has registered with `prometheus_client` in this process.

Imported only where the function itself, or a scrape, has imported that library.
"""

from __future__ import annotations

import logging
from functools import cache

from prometheus_client import GC_COLLECTOR, PLATFORM_COLLECTOR, PROCESS_COLLECTOR, REGISTRY
from prometheus_client.core import Metric

from wherry.metrics.catalogue import CATALOGUE
from wherry.metrics.families import Family

_log = logging.getLogger("wherry.metrics")
_OURS = frozenset(entry.name for entry in CATALOGUE)
_complained: set[str] = set()


def collected() -> list[Metric]:
    """Everything that is registered, but for what has the name of a metric of Wherry's."""
    try:
        found = list(REGISTRY.collect())
    except Exception:  # a collector of the function's own
        _complain("the function's metrics cannot be collected", with_cause=True)
        return []
    for metric in found:
        if metric.name in _OURS:
            _complain(f"the function's metric {metric.name} is not shown: Wherry has one so named")
    return [metric for metric in found if metric.name not in _OURS]


def own_families() -> list[Family]:
    """The function's own metrics."""
    return [
        Family(
            metric.name,
            metric.type,
            metric.documentation,
            metric.unit,
            _mode(metric),
            [
                (each.name, tuple(sorted(each.labels.items())), float(each.value))
                for each in metric.samples
            ],
        )
        for metric in collected()
        if metric.name not in _names_of_every_process()
    ]


def metric_of(family: Family) -> Metric:
    """A family as the library's encoders take it."""
    metric = Metric(family.name, family.documentation, family.kind, family.unit)
    for name, labels, value in family.samples:
        metric.add_sample(name, dict(labels), value)
    return metric


def of_every_process() -> list[Metric]:
    """What the library registers by itself: process, interpreter, collector of garbage."""
    collectors = (GC_COLLECTOR, PLATFORM_COLLECTOR, PROCESS_COLLECTOR)
    return [metric for each in collectors for metric in each.collect()]


@cache
def _names_of_every_process() -> frozenset[str]:
    return frozenset(metric.name for metric in of_every_process())


def _mode(metric: Metric) -> str:
    if metric.type not in {"gauge", "unknown"}:
        return "max" if metric.type in {"info", "stateset"} else "sum"
    collector = REGISTRY._names_to_collectors.get(metric.name)
    mode = str(getattr(collector, "_multiprocess_mode", "all")).removeprefix("live")
    return mode if mode in {"sum", "min", "max"} else "all"


def _complain(message: str, *, with_cause: bool = False) -> None:
    """Say it once."""
    if message not in _complained:
        _complained.add(message)
        _log.warning(message, exc_info=with_cause)
