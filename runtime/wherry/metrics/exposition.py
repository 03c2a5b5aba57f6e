"""The text that Prometheus scrapes.

It and `wherry.metrics.registry` are the only modules that import `prometheus_client`, at the first
scrape. The function's own metrics, made with that library, appear beside ours: those of every
worker, where there are several.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Protocol

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from prometheus_client.samples import Exemplar

from wherry._version import __version__
from wherry.context import Identity
from wherry.metrics import catalogue, registry
from wherry.metrics.catalogue import Entry, Kind
from wherry.metrics.families import Family
from wherry.metrics.ledger import BUCKETS, row_labels
from wherry.metrics.snapshot import Exemplar as CountedExemplar
from wherry.metrics.snapshot import (
    Snapshot,
    exemplar_key,
    function_key,
    split_number,
    split_row,
)

Reading = Callable[[], Snapshot]
_BOUNDS = [*(str(bound) for bound in BUCKETS), "+Inf"]


class Colleagues(Protocol):
    """The workers of one master, the scraped one among them."""

    def families(self) -> list[Family]:
        """The metrics that the function makes itself, of all of them."""
        ...

    def processes(self) -> Mapping[str, int]:
        """The process of each that lives, by its name; empty where there is but one."""
        ...


class _Calls(Collector):
    """Our rows and numbers as metric families."""

    def __init__(self, reading: Reading, identity: Identity, functions: Sequence[str]) -> None:
        self._reading = reading
        self._identity = identity
        # What a function has counted that is no longer served has no name, and is not shown.
        self._names = {function_key(name): name for name in (identity.function, *functions)}

    def collect(self) -> Iterable[Metric]:
        snapshot = self._reading()
        yield from self._answered(snapshot)
        yield from self._numbers(snapshot)
        yield from self._information()

    def _answered(self, snapshot: Snapshot) -> Iterable[Metric]:
        total = _counter(catalogue.REQUESTS)
        entry = catalogue.DURATION
        duration = HistogramMetricFamily(entry.name, entry.meaning, labels=entry.labels)
        for key, row in sorted(snapshot.rows.items()):
            function, row_key = split_row(key)
            if function in self._names:
                values = [self._names[function], *row_labels(row_key)]
                counts = list(accumulate(row[:-1]))
                total.add_metric(values, counts[-1])
                buckets = [
                    _bucket(bound, count, snapshot.exemplars.get(exemplar_key(key, index)))
                    for index, (bound, count) in enumerate(zip(_BOUNDS, counts, strict=True))
                ]
                duration.add_metric(values, buckets, row[-1])
        yield total
        yield duration

    def _numbers(self, snapshot: Snapshot) -> Iterable[Metric]:
        families = {
            number: _counter(entry) if entry.kind is Kind.COUNTER else _gauge(entry)
            for number, entry in catalogue.NUMBERS.items()
        }
        for key, value in sorted(snapshot.numbers.items()):
            function, number = split_number(key)
            if function in self._names:
                families[number].add_metric([self._names[function]], value)
        yield from families.values()

    def _information(self) -> Iterable[Metric]:
        functions, build = _gauge(catalogue.FUNCTION_INFO), _gauge(catalogue.BUILD_INFO)
        identity = self._identity
        for name in sorted(self._names.values()):
            values = [name, identity.revision, identity.platform.value, __version__]
            functions.add_metric(values, 1)
        build.add_metric(
            [__version__, platform.python_version(), platform.python_implementation()], 1
        )
        yield functions
        yield build


class Exposition:
    """Renders everything there is to scrape.

    Args:
        reading: Gives the counts of this moment.
        identity: What this process serves.
        functions: Names of its functions, where it has several.
        colleagues: The workers of one master, or None for a process alone.
    """

    def __init__(
        self,
        reading: Reading,
        identity: Identity,
        functions: Sequence[str] = (),
        colleagues: Colleagues | None = None,
    ) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(_Calls(reading, identity, functions))
        self._registry.register(_Own() if colleagues is None else _Everyones(colleagues))

    def render(self, accept: str) -> tuple[str, bytes]:
        """Content type and text, in the format that the scraper's `Accept` prefers."""
        encode, content_type = choose_encoder(accept)
        return content_type, encode(self._registry)


class _Own(Collector):
    """Process, interpreter and the function's own metrics, of this process."""

    def collect(self) -> Iterable[Metric]:
        return registry.collected()


class _Everyones(Collector):
    """The function's own metrics of all workers together, and each worker's process."""

    def __init__(self, colleagues: Colleagues) -> None:
        self._colleagues = colleagues

    def collect(self) -> Iterable[Metric]:
        yield from map(registry.metric_of, self._colleagues.families())
        found: dict[str, Metric] = {}
        processes = self._colleagues.processes()
        for worker, process in processes.items():
            for metric in _process_metrics(process):
                family = found.setdefault(
                    metric.name, Metric(metric.name, metric.documentation, metric.type)
                )
                for sample in metric.samples:
                    family.add_sample(sample.name, {"worker": worker}, sample.value)
        yield from found.values() if processes else registry.of_every_process()


def _bucket(
    bound: str, count: float, exemplar: CountedExemplar | None
) -> tuple[str, float] | tuple[str, float, Exemplar]:
    if exemplar is None:
        return bound, count
    labels = {"trace_id": exemplar.trace_id, "span_id": exemplar.span_id}
    return bound, count, Exemplar(labels, exemplar.seconds, exemplar.at)


def _process_metrics(process: int) -> Iterable[Metric]:
    return ProcessCollector(pid=lambda: process, registry=None).collect()


def _counter(entry: Entry) -> CounterMetricFamily:
    return CounterMetricFamily(entry.name, entry.meaning, labels=entry.labels)


def _gauge(entry: Entry) -> GaugeMetricFamily:
    return GaugeMetricFamily(entry.name, entry.meaning, labels=entry.labels)
