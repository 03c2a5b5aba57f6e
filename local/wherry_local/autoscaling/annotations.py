"""The annotations of Knative's autoscaler, `autoscaling.knative.dev/*`. No I/O.

The ranges are those that Knative's webhook holds them to. `max-scale: "0"` is no bound there; on
one machine there is one.
"""

from __future__ import annotations

from collections.abc import Mapping

from wherry_local.autoscaling.terms import Sayings, ScaleTerms
from wherry_local.deployment import ScaleMetric

PREFIX = "autoscaling.knative.dev/"
_HOUR_S = 3600.0
_OWN = "kpa.autoscaling.knative.dev"
_OF_KUBERNETES = "hpa.autoscaling.knative.dev"
_METRICS = {each.value: each for each in ScaleMetric}
_ALIASES = {
    "activationScale": "activation-scale",
    "initialScale": "initial-scale",
    "maxScale": "max-scale",
    "minScale": "min-scale",
    "panicThresholdPercentage": "panic-threshold-percentage",
    "panicWindowPercentage": "panic-window-percentage",
    "scaleDownDelay": "scale-down-delay",
    "scaleToZeroPodRetentionPeriod": "scale-to-zero-pod-retention-period",
    "targetUtilizationPercentage": "target-utilization-percentage",
}


def terms_of_annotations(annotations: Mapping[str, str]) -> ScaleTerms:
    """What `annotations` say.

    Raises:
        InvalidScale: One says what there cannot be.
    """
    said = Sayings(annotations, PREFIX, _ALIASES)
    return _bounds(said).under(_measured(said)).under(_windows(said))


def _bounds(said: Sayings) -> ScaleTerms:
    least = said.count("min-scale")
    most = said.count("max-scale")
    wake = said.count("activation-scale", least=2)
    if most:
        for name, count in (("min-scale", least), ("activation-scale", wake)):
            if count is not None and count > most:
                raise said.refuse(name, f"at most {PREFIX}max-scale, {most}")
    remarks = (
        (f"{PREFIX}max-scale: without a bound there, the usual one here",) if most == 0 else ()
    )
    return ScaleTerms(
        least=least,
        most=most or None,
        wake=wake,
        initial=said.count("initial-scale"),
        remarks=remarks,
    )


def _measured(said: Sayings) -> ScaleTerms:
    scaler = said.text("class") or _OWN
    if scaler != _OWN:
        return _of_another(said, scaler)
    named = said.text("metric")
    if named is not None and named not in _METRICS:
        raise said.refuse("metric", f"concurrency or rps; {_OF_KUBERNETES} takes cpu and memory")
    utilization = said.number("target-utilization-percentage", least=1, most=100)
    return ScaleTerms(
        metric=_METRICS[named] if named is not None else None,
        target=said.number("target", least=0.01, most=1e6),
        utilization=utilization / 100 if utilization is not None else None,
    )


def _of_another(said: Sayings, scaler: str) -> ScaleTerms:
    """What an autoscaler measures that is none of Knative's own is not measured here."""
    if scaler.endswith("autoscaling.knative.dev") and scaler != _OF_KUBERNETES:
        raise said.refuse("class", f"{_OWN} or {_OF_KUBERNETES}")
    remark = f"{PREFIX}class: {scaler} is not here; calls in flight are followed instead"
    if scaler == _OF_KUBERNETES and not said.count("min-scale"):
        # Kubernetes' own autoscaler never goes below one.
        return ScaleTerms(least=1, metric=ScaleMetric.CONCURRENCY, remarks=(remark,))
    return ScaleTerms(metric=ScaleMetric.CONCURRENCY, remarks=(remark,))


def _windows(said: Sayings) -> ScaleTerms:
    panic_window = said.number("panic-window-percentage", least=1, most=100)
    panic_threshold = said.number("panic-threshold-percentage", least=110, most=1000)
    return ScaleTerms(
        window_s=said.seconds("window", least=6, most=_HOUR_S, whole=True),
        panic_window=panic_window / 100 if panic_window is not None else None,
        panic_threshold=panic_threshold / 100 if panic_threshold is not None else None,
        down_delay_s=said.seconds("scale-down-delay", most=_HOUR_S, whole=True),
        zero_after_s=said.seconds("scale-to-zero-pod-retention-period", most=_HOUR_S),
    )
