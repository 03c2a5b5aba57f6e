"""The labels of OpenFaaS's autoscalers, `com.openfaas.scale.*`, of every edition. No I/O.

`min` stands for replicas under load, and `zero` says whether there may be none without; a function
that says neither may sleep here. Where a label says what is measured, the rest is as OpenFaaS has
it: 50 for each replica, of which 90 % are filled.
"""

from __future__ import annotations

from collections.abc import Mapping

from wherry_local.autoscaling.terms import Sayings, ScaleTerms
from wherry_local.deployment import ScaleMetric

PREFIX = "com.openfaas.scale."
_TARGET = 50.0
_PROPORTION = 0.9
_IDLE_S = 15 * 60.0
_LONGEST_DOWN_WINDOW_S = 5 * 60.0
_METRICS = {"rps": ScaleMetric.RPS, "capacity": ScaleMetric.CONCURRENCY}
_UNMEASURED = frozenset({"cpu", "queue"})


def terms_of_labels(labels: Mapping[str, str]) -> ScaleTerms:
    """What `labels` say.

    Raises:
        InvalidScale: One says what there cannot be.
    """
    said = Sayings(labels, PREFIX)
    return _bounds(said).under(_measured(said)).under(_sleep(said))


def step_of_alert(labels: Mapping[str, str], most: int) -> int:
    """How many replicas an alert adds: `factor` percent of the most, 20 when not said.

    Raises:
        InvalidScale: The factor is none.
    """
    factor = Sayings(labels, PREFIX).count("factor", most=100)
    return -(-most * (20 if factor is None else factor) // 100)


def _bounds(said: Sayings) -> ScaleTerms:
    least = said.count("min", least=1)
    most = said.count("max", least=1)
    if least is not None and most is not None and least > most:
        raise said.refuse("min", f"at most {PREFIX}max, {most}")
    if said.count("factor", most=100) == 0:
        most = least = least or 1  # what no step can change
    zero = said.truth("zero")
    if zero:
        return ScaleTerms(least=0, most=most, wake=least)
    if zero is False:
        least = least or 1
    return ScaleTerms(least=least, most=most)


def _measured(said: Sayings) -> ScaleTerms:
    kind = said.text("type")
    target = said.number("target", least=0.01, most=1e6)
    proportion = said.number("target-proportion", least=0.01, most=1)
    if kind is None and target is None:
        return ScaleTerms(utilization=proportion)
    if kind in _UNMEASURED:
        return ScaleTerms(
            metric=ScaleMetric.CONCURRENCY,
            utilization=proportion,
            remarks=(
                f"{PREFIX}type: {kind} is not measured here; calls in flight are followed instead",
            ),
        )
    metric = _METRICS.get(kind or "rps")
    if metric is None:
        raise said.refuse("type", "rps, capacity, cpu or queue")
    return ScaleTerms(
        metric=metric,
        target=_TARGET if target is None else target,
        utilization=_PROPORTION if proportion is None else proportion,
    )


def _sleep(said: Sayings) -> ScaleTerms:
    idle_s = said.seconds("zero-duration")
    if idle_s is None and said.truth("zero"):
        idle_s = _IDLE_S
    return ScaleTerms(
        idle_s=idle_s, down_delay_s=said.seconds("down.window", most=_LONGEST_DOWN_WINDOW_S)
    )
