"""The text that Prometheus scrapes.

The only module that imports `prometheus_client`, and it is imported at the first scrape. The
function's own metrics, made with that library, appear beside ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate

from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from wherry._version import __version__
from wherry.context import Identity
from wherry.metrics.ledger import BUCKETS, row_labels
from wherry.metrics.snapshot import Number, Snapshot, function_key, split_number, split_row

Reading = Callable[[], Snapshot]
_BOUNDS = [*(str(bound) for bound in BUCKETS), "+Inf"]


_LABELS = ["function", "code", "method"]


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
        yield self._info()

    def _answered(self, snapshot: Snapshot) -> Iterable[Metric]:
        total = CounterMetricFamily("http_requests", "Calls answered.", labels=_LABELS)
        duration = HistogramMetricFamily(
            "http_request_duration_seconds",
            "Time from a call's head to its answer.",
            labels=_LABELS,
        )
        for key, row in sorted(snapshot.rows.items()):
            function, row_key = split_row(key)
            if function in self._names:
                values = [self._names[function], *row_labels(row_key)]
                counts = list(accumulate(row[:-1]))
                total.add_metric(values, counts[-1])
                buckets = list(zip(_BOUNDS, counts, strict=True))
                duration.add_metric(values, buckets, row[-1])
        yield total
        yield duration

    def _numbers(self, snapshot: Snapshot) -> Iterable[Metric]:
        families: dict[Number, GaugeMetricFamily | CounterMetricFamily] = {
            Number.IN_FLIGHT: GaugeMetricFamily(
                "http_requests_in_flight", "Calls being answered.", labels=["function"]
            ),
            Number.QUEUED: GaugeMetricFamily(
                "wherry_requests_queued", "Calls waiting for a turn.", labels=["function"]
            ),
            Number.LOOP_BLOCKED: CounterMetricFamily(
                "wherry_event_loop_blocked",
                "Times that an async handler kept the event loop from turning.",
                labels=["function"],
            ),
            Number.STUCK: GaugeMetricFamily(
                "wherry_requests_stuck",
                "Calls whose handler runs on long after its deadline.",
                labels=["function"],
            ),
            Number.RECYCLES: CounterMetricFamily(
                "wherry_worker_recycles",
                "Workers that asked to be replaced.",
                labels=["function"],
            ),
            Number.GATEWAY_STAMPS: CounterMetricFamily(
                "wherry_gateway_stamps",
                "Calls for which the gateway said when it took them.",
                labels=["function"],
            ),
            Number.GATEWAY_SECONDS: CounterMetricFamily(
                "wherry_gateway_seconds",
                "Time from there until those calls were here.",
                labels=["function"],
            ),
        }
        for key, value in sorted(snapshot.numbers.items()):
            function, number = split_number(key)
            if function in self._names:
                families[number].add_metric([self._names[function]], value)
        yield from families.values()

    def _info(self) -> Metric:
        info = GaugeMetricFamily(
            "wherry_function_info",
            "The functions that this process serves, and the process.",
            labels=["function", "revision", "platform", "version"],
        )
        identity = self._identity
        for name in sorted(self._names.values()):
            info.add_metric([name, identity.revision, identity.platform.value, __version__], 1)
        return info


class Exposition:
    """Renders everything there is to scrape.

    Args:
        reading: Gives the counts of this moment.
        identity: What this process serves.
        functions: Names of its functions, where it has several.
    """

    def __init__(self, reading: Reading, identity: Identity, functions: Sequence[str] = ()) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(_Calls(reading, identity, functions))
        self._registry.register(_Others())

    def render(self, accept: str) -> tuple[str, bytes]:
        """Content type and text, in the format that the scraper's `Accept` prefers."""
        encode, content_type = choose_encoder(accept)
        return content_type, encode(self._registry)


class _Others(Collector):
    """Process, interpreter and the function's own metrics."""

    def collect(self) -> Iterable[Metric]:
        return REGISTRY.collect()
