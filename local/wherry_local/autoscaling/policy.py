"""Which scale a function has: what its project, its annotations and its labels say, in that order.

No I/O. A project's file speaks of every platform, an annotation of Knative, a label of OpenFaaS;
what nobody says is as each of them has it. Manifests say the same to a cluster, and a test holds
the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

from wherry_build.project import Function, Scale
from wherry_build.project.specification.function import Metric, Scaling
from wherry_local.autoscaling.annotations import terms_of_annotations
from wherry_local.autoscaling.labels import terms_of_labels
from wherry_local.autoscaling.terms import InvalidScale, ScaleTerms
from wherry_local.deployment import ScaleMetric, ScalePolicy

_TARGETS = {ScaleMetric.CONCURRENCY: 100.0, ScaleMetric.RPS: 200.0}
"""What one replica is meant to carry of a function that nobody has said it of, as on Knative."""
_LEAST_WINDOW_S = 1.0
_METRICS = {Metric.CONCURRENCY: ScaleMetric.CONCURRENCY, Metric.RPS: ScaleMetric.RPS}


def policy_of(
    function: Function | None, labels: Mapping[str, str], annotations: Mapping[str, str]
) -> ScalePolicy:
    """The scale of a function.

    Args:
        function: What the project says of it; None of one that is in no project.
        labels: Its labels.
        annotations: Its annotations.

    Raises:
        InvalidScale: A label or an annotation says what there cannot be.
    """
    terms = _terms(function, labels, annotations)
    metric = terms.metric or ScaleMetric.CONCURRENCY
    most, least, wake = _bounds(terms)
    target = terms.target
    if target is None:
        target = _TARGETS[metric] if function is None else float(Scale().target)
    if metric is ScaleMetric.CONCURRENCY and function is not None and function.concurrency:
        target = min(target, float(function.concurrency))
    said = {
        each.name: value
        for each in fields(ScalePolicy)
        if hasattr(terms, each.name) and (value := getattr(terms, each.name)) is not None
    }
    said |= {"least": least, "most": most, "wake": wake, "metric": metric, "target": target}
    if terms.idle_s is not None:
        said |= _asleep_after(terms.idle_s, terms.window_s)
    return ScalePolicy(**said)


def remarks_of(
    function: Function | None, labels: Mapping[str, str], annotations: Mapping[str, str]
) -> tuple[str, ...]:
    """What is said of the scale and has no meaning here, for those who said it.

    Raises:
        InvalidScale: As `policy_of`.
    """
    return _terms(function, labels, annotations).remarks


def _terms(
    function: Function | None, labels: Mapping[str, str], annotations: Mapping[str, str]
) -> ScaleTerms:
    try:
        terms = terms_of_labels(labels).under(terms_of_annotations(annotations))
    except InvalidScale as error:
        if function is None:
            raise
        where = f"functions.{function.name}: "
        raise InvalidScale(error.key, error.got, error.expected, where=where) from None
    return terms if function is None else terms.under(_terms_of_project(function))


def _terms_of_project(function: Function) -> ScaleTerms:
    said = (function.said.scale if function.said is not None else None) or Scaling()
    usual = Scale()
    scale = function.scale
    says_least = said.min is not None or said.zero is not None or scale.least != usual.least
    terms = ScaleTerms(
        least=scale.least if says_least else None,
        most=scale.most if said.max is not None or scale.most != usual.most else None,
        initial=said.initial,
        wake=said.wake,
        target=float(said.target) if said.target is not None else None,
        utilization=said.utilization / 100 if said.utilization is not None else None,
        window_s=float(said.window.seconds) if said.window is not None else None,
        zero_after_s=float(said.zero_after.seconds) if said.zero_after is not None else None,
        down_delay_s=float(said.down_delay.seconds) if said.down_delay is not None else None,
    )
    return terms.under(_metric(said, scale))


def _metric(said: Scaling, scale: Scale) -> ScaleTerms:
    if said.metric is None or said.metric in _METRICS:
        return ScaleTerms(metric=_METRICS[said.metric] if said.metric is not None else None)
    # The target is percent of a core, or MiB: a number of another kind.
    remark = (
        f"scale.metric: {said.metric.value} is not measured here; calls in flight are followed "
        "instead, and the function does not sleep, as there"
    )
    return ScaleTerms(
        least=max(1, scale.least),
        metric=ScaleMetric.CONCURRENCY,
        target=float(Scale().target),
        remarks=(remark,),
    )


def _bounds(terms: ScaleTerms) -> tuple[int, int, int]:
    """Most, least and waking replicas that agree, for several may have said one each."""
    usual = ScalePolicy()
    least = terms.least or 0
    wake = terms.wake or 1
    most = terms.most if terms.most is not None else max(usual.most, least, wake)
    return most, min(least, most), min(wake, most)


def _asleep_after(idle_s: float, window_s: float | None) -> dict[str, float]:
    """Windows that end when the last call was `idle_s` ago, for that is how OpenFaaS counts."""
    window_s = window_s or max(_LEAST_WINDOW_S, min(ScalePolicy().window_s, idle_s))
    return {
        "window_s": window_s,
        "zero_grace_s": 0.0,
        "zero_after_s": max(0.0, idle_s - window_s),
    }
