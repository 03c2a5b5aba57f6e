"""The text that Prometheus scrapes.

The only module that imports `prometheus_client`, and it is imported at the first scrape. The
function's own metrics, made with that library, appear beside ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
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
from wherry.metrics.ledger import BUCKETS, Rows, row_labels

Reading = Callable[[], tuple[Rows, int, int]]
_BOUNDS = [*(str(bound) for bound in BUCKETS), "+Inf"]


class _Calls(Collector):
    """Our rows as metric families."""

    def __init__(self, reading: Reading, identity: Identity) -> None:
        self._reading = reading
        self._identity = identity

    def collect(self) -> Iterable[Metric]:
        rows, inflight, queued = self._reading()
        labels = ["code", "method"]
        total = CounterMetricFamily("http_requests", "Calls answered.", labels=labels)
        duration = HistogramMetricFamily(
            "http_request_duration_seconds", "Time from a call's head to its answer.", labels=labels
        )
        for key, row in sorted(rows.items()):
            values = list(row_labels(key))
            counts = list(accumulate(row[:-1]))
            total.add_metric(values, counts[-1])
            buckets = list(zip(_BOUNDS, counts, strict=True))
            duration.add_metric(values, buckets, row[-1])
        yield total
        yield duration
        yield GaugeMetricFamily("http_requests_in_flight", "Calls being answered.", inflight)
        yield GaugeMetricFamily("wherry_requests_queued", "Calls waiting for a turn.", queued)
        info = GaugeMetricFamily(
            "wherry_function_info",
            "The function that this process serves.",
            labels=["function", "revision", "platform", "version"],
        )
        identity = self._identity
        info.add_metric(
            [identity.function, identity.revision, identity.platform.value, __version__], 1
        )
        yield info


class Exposition:
    """Renders everything there is to scrape."""

    def __init__(self, reading: Reading, identity: Identity) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(_Calls(reading, identity))
        self._registry.register(_Others())

    def render(self, accept: str) -> tuple[str, bytes]:
        """Content type and text, in the format that the scraper's `Accept` prefers."""
        encode, content_type = choose_encoder(accept)
        return content_type, encode(self._registry)


class _Others(Collector):
    """Process, interpreter and the function's own metrics."""

    def collect(self) -> Iterable[Metric]:
        return REGISTRY.collect()
