"""What the gateway counts of every function, under the names that OpenFaaS's gateway has.

Only functions that exist are counted: names that callers invent must not become series. It knows
neither the fleet nor the queue; what they have to show is asked of callables.
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
        in_flight: Calls that it has now.
    """

    function: FunctionKey
    desired: int
    ready: int
    least: int
    target: float
    scaling: str
    in_flight: int


class Meters:
    """Counts calls on the thread of one event loop.

    Args:
        services: Gives how each function stands, when it is scraped.
        others: Gives the families of other parts of the platform, when it is scraped.
        clock: Seconds that never go back.
    """

    def __init__(
        self,
        *,
        services: Callable[[], Iterable[Service]] = tuple,
        others: Iterable[Callable[[], Iterable[Family]]] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._services = services
        self._others = tuple(others)
        self._clock = clock
        self._meters: dict[FunctionKey, Meter] = {}

    def of(self, function: FunctionKey) -> Meter:
        """The meter of one function; who has it may count on it directly."""
        meter = self._meters.get(function)
        if meter is None:
            meter = self._meters[function] = Meter(self._clock)
        return meter

    def begin(self, function: FunctionKey) -> None:
        """A call of the function has begun; `count` says how it ended."""
        self.of(function).started += 1

    def count(self, function: FunctionKey, status: int, seconds: float) -> None:
        """A call of the function was answered with `status` after `seconds`."""
        meter = self._meters.get(function)
        if meter is None:
            meter = self.of(function)
        meter.count(status, seconds)

    def forget(self, function: FunctionKey) -> None:
        """The function is gone, and its series with it."""
        self._meters.pop(function, None)

    def calls(self, function: FunctionKey) -> int:
        """How often the function was answered: OpenFaaS's `invocationCount`."""
        meter = self._meters.get(function)
        return sum(meter.calls().values()) if meter is not None else 0

    def figures(self, function: FunctionKey) -> Figures:
        """The function's figures of this moment."""
        meter = self._meters.get(function)
        return (meter or Meter(self._clock)).figures()

    def exposition(self) -> bytes:
        """Everything there is to scrape, as `CONTENT_TYPE` has it."""
        return exposed(self._families())

    def _families(self) -> Iterator[Family]:
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
        yield Family(
            name="gateway_function_invocation_started",
            kind=Kind.COUNTER,
            meaning="Calls begun.",
            points=[
                Point(value=meter.started, labels={"function_name": str(key)})
                for key, meter in meters
            ],
        )
        yield from _of_services(list(self._services()))
        for families in self._others:
            yield from families()


def _durations(key: FunctionKey, meter: Meter) -> Iterator[Point]:
    for status, row in sorted(meter.rows.items()):
        labels = {"function_name": str(key), "code": str(status)}
        count = sum(row.bins)
        bounds = (*(f"{bound:g}" for bound in histogram.SHOWN), "+Inf")
        for bound, until in zip(bounds, (*histogram.shown(row.bins), count), strict=True):
            yield Point(value=until, labels={**labels, "le": bound}, suffix="_bucket")
        yield Point(value=row.seconds, labels=labels, suffix="_sum")
        yield Point(value=count, labels=labels, suffix="_count")


def _of_services(services: list[Service]) -> Iterator[Family]:
    gauges: tuple[tuple[str, str, Callable[[Service], float]], ...] = (
        ("gateway_service_count", "Replicas that there should be.", lambda each: each.desired),
        ("gateway_service_ready_count", "Replicas that take calls.", lambda each: each.ready),
        ("gateway_service_min", "Replicas that always run.", lambda each: each.least),
        (
            "gateway_function_invocation_inflight",
            "Calls that have begun and are not answered.",
            lambda each: each.in_flight,
        ),
    )
    for name, meaning, value in gauges:
        points = [
            Point(value=value(each), labels={"function_name": str(each.function)})
            for each in services
        ]
        yield Family(name=name, kind=Kind.GAUGE, meaning=meaning, points=points)
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
