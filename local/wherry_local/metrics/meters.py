"""What the gateway counts of every function, under the names that OpenFaaS's gateway has.

Only functions that exist are counted: names that callers invent must not become series. It knows
neither the fleet nor the queue.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from wherry_local.deployment import FunctionKey
from wherry_local.metrics import histogram
from wherry_local.metrics.meter import Figures, Meter
from wherry_local.metrics.text import CONTENT_TYPE, Family, Kind, Point, exposed

__all__ = ["CONTENT_TYPE", "Figures", "Meters", "Service"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """How a function stands at one moment.

    Attributes:
        function: Which.
        desired: Replicas that there should be.
        ready: Replicas that take calls.
        least: Replicas that always run.
        target: What one replica is meant to carry.
        scaling: What that is measured in, as OpenFaaS calls it: `capacity` or `rps`.
        in_flight: Calls that it has now, those that wait included.
        started: Calls that it has had in all.
    """

    function: FunctionKey
    desired: int
    ready: int
    least: int
    target: float
    scaling: str
    in_flight: int
    started: int


class Meters:
    """Counts calls on the thread of one event loop.

    Args:
        services: Gives how each function stands, when it is scraped; what was counted of others,
            which are gone, is forgotten then.
        clock: Seconds that never go back.
    """

    def __init__(
        self,
        *,
        services: Callable[[], Iterable[Service]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._services = services
        self._clock = clock
        self._meters: dict[FunctionKey, Meter] = {}

    def count(self, function: FunctionKey, status: int, seconds: float) -> None:
        """A call of the function was answered with `status` after `seconds`."""
        meter = self._meters.get(function)
        if meter is None:
            meter = self._meters[function] = Meter(self._clock)
        meter.count(status, seconds)

    def calls(self, function: FunctionKey) -> int:
        """How often the function was answered: OpenFaaS's `invocationCount`."""
        meter = self._meters.get(function)
        return sum(meter.calls().values()) if meter is not None else 0

    def figures(self, function: FunctionKey) -> Figures:
        """The function's figures of this moment."""
        meter = self._meters.get(function)
        return (meter or Meter(self._clock)).figures()

    def exposition(self, others: Iterable[Family] = ()) -> bytes:
        """Everything there is to scrape, as `CONTENT_TYPE` has it; `others` come last."""
        return exposed([*self._families(), *others])

    def _families(self) -> Iterator[Family]:
        services = list(self._services())
        for gone in self._meters.keys() - {each.function for each in services}:
            del self._meters[gone]
        meters = sorted(self._meters.items())
        yield Family(
            name="gateway_function_invocation_total",
            kind=Kind.COUNTER,
            meaning="Calls answered.",
            points=[
                Point(value=count, labels={"function_name": str(key), "code": str(status)})
                for key, meter in meters
                for status, count in meter.calls().items()
            ],
        )
        yield Family(
            name="gateway_functions_seconds",
            kind=Kind.HISTOGRAM,
            meaning="Time from a call's head to the end of its answer.",
            points=[point for key, meter in meters for point in _durations(key, meter)],
        )
        yield from _of_services(services)


def _durations(key: FunctionKey, meter: Meter) -> Iterator[Point]:
    for status, row in sorted(meter.rows.items()):
        labels = {"function_name": str(key), "code": str(status)}
        count = sum(row.bins)
        bounds = (*(f"{bound:g}" for bound in histogram.SHOWN), "+Inf")
        for bound, until in zip(bounds, (*histogram.shown(row.bins), count), strict=True):
            yield Point(value=until, labels={**labels, "le": bound}, suffix="_bucket")
        yield Point(value=row.seconds, labels=labels, suffix="_sum")
        yield Point(value=count, labels=labels, suffix="_count")


_OF_SERVICES: tuple[tuple[str, Kind, str, Callable[[Service], float]], ...] = (
    (
        "gateway_function_invocation_started",
        Kind.COUNTER,
        "Calls begun.",
        lambda each: each.started,
    ),
    (
        "gateway_function_invocation_inflight",
        Kind.GAUGE,
        "Calls that have begun and are not over.",
        lambda each: each.in_flight,
    ),
    (
        "gateway_service_count",
        Kind.GAUGE,
        "Replicas that there should be.",
        lambda each: each.desired,
    ),
    (
        "gateway_service_ready_count",
        Kind.GAUGE,
        "Replicas that take calls.",
        lambda each: each.ready,
    ),
    ("gateway_service_min", Kind.GAUGE, "Replicas that always run.", lambda each: each.least),
)


def _of_services(services: list[Service]) -> Iterator[Family]:
    for name, kind, meaning, value in _OF_SERVICES:
        points = [
            Point(value=value(each), labels={"function_name": str(each.function)})
            for each in services
        ]
        yield Family(name=name, kind=kind, meaning=meaning, points=points)
    yield Family(
        name="gateway_service_target_load",
        kind=Kind.GAUGE,
        meaning="What one replica is meant to carry.",
        points=[
            Point(
                value=each.target,
                labels={"function_name": str(each.function), "scaling_type": each.scaling},
            )
            for each in services
        ],
    )
