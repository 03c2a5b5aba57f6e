"""Metrics that a function makes itself, of one worker or of several together.

Counters, histograms and summaries are added up and outlive their worker; gauges belong to the
living. How a gauge of several workers is shown is what its `multiprocess_mode` says, as
`prometheus_client` has it: their sum, least or most, or (the default) one series for each worker.
Values only: this module knows neither that library nor shared memory.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from wherry.metrics.snapshot import Exemplar, Exemplars

Labels = tuple[tuple[str, str], ...]
Sample = tuple[str, Labels, float]

_LASTING = frozenset({"counter", "histogram", "summary"})
_MODES: dict[str, Callable[[float, float], float]] = {
    "sum": lambda one, other: one + other,
    "min": min,
    "max": max,
}


class Family(NamedTuple):
    """One metric with all its series.

    Attributes:
        name: Its name.
        kind: Its type, as `prometheus_client` spells it.
        documentation: Its help text.
        unit: Its unit, or empty.
        mode: How values of several workers become one: `sum`, `min`, `max`, or `all` for none.
        samples: Name, labels in order, and value of each.
    """

    name: str
    kind: str
    documentation: str
    unit: str
    mode: str
    samples: list[Sample]


class Notice(NamedTuple):
    """What a worker tells the one that is scraped, beside its counts.

    Attributes:
        families: The metrics that the function makes itself.
        exemplars: The exemplars of the worker's calls.
    """

    families: list[Family]
    exemplars: Exemplars

    def encode(self) -> bytes:
        """As bytes for another process of this interpreter."""
        exemplars = {key: tuple(each) for key, each in self.exemplars.items()}
        return marshal.dumps(([tuple(family) for family in self.families], exemplars))

    @classmethod
    def decode(cls, data: bytes) -> Notice:
        """What `encode` has made, or an empty notice of no bytes."""
        if not data:
            return cls([], {})
        families, exemplars = marshal.loads(data)  # noqa: S302 - whole, from our own workers
        return cls(
            [Family(*each) for each in families],
            {key: Exemplar(*each) for key, each in exemplars.items()},
        )


def lasting(families: Iterable[Family]) -> list[Family]:
    """Those that outlive their worker."""
    return [family for family in families if family.kind in _LASTING]


def together(
    living: Mapping[str, list[Family]], others: Iterable[list[Family]] = ()
) -> list[Family]:
    """The families of several workers as one worker's.

    Args:
        living: By the name of each living worker. What its label `worker` would have to say where
            a gauge is shown for each; a worker named "" is the only one, and has no label.
        others: What those have left that live no more; only what lasts counts.
    """
    found: dict[str, Family] = {}
    values: dict[str, dict[tuple[str, Labels], float]] = {}
    for worker, families in [
        *living.items(),
        *(("", lasting(families)) for families in others),
    ]:
        for family in families:
            first = found.setdefault(family.name, family)
            if first.kind == family.kind:  # new code may have made it another type
                totals = values.setdefault(family.name, {})
                for sample in family.samples:
                    _add(totals, family, sample, worker)
    return [
        found[name]._replace(samples=[(*key, value) for key, value in totals.items()])
        for name, totals in values.items()
    ]


def _add(
    totals: dict[tuple[str, Labels], float], family: Family, sample: Sample, worker: str
) -> None:
    name, labels, value = sample
    mode = family.mode
    if mode == "all" and worker:
        label = "wherry_worker" if any(key == "worker" for key, _ in labels) else "worker"
        labels = (*labels, (label, worker))
    if name.endswith("_created"):
        mode = "min"
    key = (name, labels)
    before = totals.get(key)
    totals[key] = value if before is None else _MODES.get(mode, _MODES["max"])(before, value)
