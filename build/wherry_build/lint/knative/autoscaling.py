"""Rules over the annotations that Knative reads: KNA003, KNA004."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import TypeAlias

from wherry_build.lint.bundle import Bundle
from wherry_build.lint.document import Document
from wherry_build.lint.finding import Severity
from wherry_build.lint.knative.kinds import SERVING
from wherry_build.lint.node import Keys, Node, mapping, strings
from wherry_build.lint.rule import Fault, fault, fix, rule

PREFIX = "autoscaling.knative.dev/"
_TEMPLATE: Keys = ("spec", "template", "metadata", "annotations")
_OWN: Keys = ("metadata", "annotations")
_KPA = "kpa.autoscaling.knative.dev"
_HPA = "hpa.autoscaling.knative.dev"
_HOUR_S = 3600
_INT_LIMIT = 1 << 31
_DURATION = re.compile(r"\+?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h))+|\+?0")
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")
_UNIT_S = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}

Test: TypeAlias = Callable[[str], bool]


def _integer(value: str) -> int | None:
    return int(value) if re.fullmatch(r"[+-]?[0-9]{1,18}", value) else None


def _is_count(value: str) -> bool:
    found = _integer(value)
    return found is not None and 0 <= found < _INT_LIMIT


def _float(value: str) -> float:
    """The number that a text is; NaN, which is in no range, for any other."""
    try:
        return float(value) if "_" not in value else math.nan
    except ValueError:
        return math.nan


def _from_to(low: float, high: float = math.inf) -> Test:
    return lambda value: low <= _float(value) <= high


def _is_burst(value: str) -> bool:
    return _float(value) >= 0 or _integer(value) == -1


def _duration_s(value: str) -> float:
    if not _DURATION.fullmatch(value):
        return math.nan
    return sum(float(count) * _UNIT_S[unit] for count, unit in _PART.findall(value))


def _duration(low_s: float, *, whole: bool = True, high_s: float = _HOUR_S) -> Test:
    def test(value: str) -> bool:
        found = _duration_s(value)
        return low_s <= found <= high_s and (not whole or abs(found - round(found)) < 1e-9)

    return test


_RANGES: dict[str, tuple[str, Test]] = {
    "min-scale": ("a whole number, 0 or more", _is_count),
    "max-scale": ("a whole number, 0 or more", _is_count),
    "initial-scale": ("a whole number, 0 or more", _is_count),
    "activation-scale": ("a whole number, 2 or more", lambda v: (_integer(v) or 0) >= 2),
    "target": ("a number of at least 0.01", _from_to(0.01)),
    "target-utilization-percentage": ("a number from 1 to 100", _from_to(1, 100)),
    "target-burst-capacity": ("-1, or a number of 0 or more", _is_burst),
    "panic-window-percentage": ("a number from 1 to 100", _from_to(1, 100)),
    "panic-threshold-percentage": ("a number from 110 to 1000", _from_to(110, 1000)),
    "window": ("whole seconds from 6s to 1h", _duration(6)),
    "scale-down-delay": ("whole seconds from 0s to 1h", _duration(0)),
    "scale-to-zero-pod-retention-period": ("a time from 0s to 1h", _duration(0, whole=False)),
}
_ALIASES = {
    "activationScale": "activation-scale",
    "initialScale": "initial-scale",
    "maxScale": "max-scale",
    "minScale": "min-scale",
    "panicThresholdPercentage": "panic-threshold-percentage",
    "panicWindowPercentage": "panic-window-percentage",
    "scaleDownDelay": "scale-down-delay",
    "scaleToZeroPodRetentionPeriod": "scale-to-zero-pod-retention-period",
    "targetBurstCapacity": "target-burst-capacity",
    "targetUtilizationPercentage": "target-utilization-percentage",
}
_KNATIVE = ".knative.dev/"
_ROLLOUT = "serving.knative.dev/rollout-duration"
_PROGRESS = "serving.knative.dev/progress-deadline"


@rule("KNA003", Severity.ERROR, "an autoscaling annotation is on the Service, not on its template")
def misplaced(bundle: Bundle) -> Iterator[Fault]:
    """Knative refuses it there."""
    for document in _services(bundle):
        for key in mapping(document.get(*_OWN)):
            if isinstance(key, str) and key.startswith(PREFIX):
                yield fault(
                    document,
                    (*_OWN, key),
                    f"got {key} in the {document.kind}'s metadata, expected it in the template's",
                    hint="move it to spec.template.metadata.annotations",
                )


@fix("KNA003")
def move_to_template(bundle: Bundle, found: Fault) -> None:  # noqa: ARG001
    """What the template says already is left as it is."""
    document = found.document
    key = found.keys[-1]
    own = document.get(*_OWN)
    if not isinstance(document.get("spec", "template"), dict):
        return
    node = document.node
    for name in _TEMPLATE:
        if name not in node:
            node.insert(0, name, type(own)())
        if not isinstance(node[name], dict):
            return
        node = node[name]
    if key not in node:
        node[key] = own[key]
        if key in own.ca.items:
            node.ca.items[key] = own.ca.items.pop(key)  # the comment beside it
    del own[key]
    if not own:
        del document.node["metadata"]["annotations"]


@rule("KNA004", Severity.ERROR, "an annotation's value is no text, or out of its range")
def values(bundle: Bundle) -> Iterator[Fault]:
    """Annotations are texts; those of the autoscaler must be what it can read."""
    for document in _services(bundle):
        for keys in (_OWN, _TEMPLATE):
            annotations = mapping(document.get(*keys))
            for key, value in annotations.items():
                expected = _expected(str(key), value)
                if expected:
                    yield fault(
                        document,
                        (*keys, key),
                        f"got {value!r} for {key}, expected {expected}",
                        hint="" if isinstance(value, str) else "put it in quotes",
                    )
        yield from _between(document)


def _services(bundle: Bundle) -> tuple[Document, ...]:
    return (*bundle.of_kind("Service", SERVING), *bundle.of_kind("Configuration", SERVING))


def _expected(key: str, value: Node) -> str:
    """What was expected for the annotation `key`; empty where it has that."""
    if not isinstance(value, str):
        return "a text in quotes" if _KNATIVE in key else ""
    if key == _ROLLOUT:
        return "" if _duration(0, high_s=math.inf)(value) else "whole seconds, such as 120s"
    if key == _PROGRESS:
        return "" if _duration(1, high_s=math.inf)(value) else "whole seconds, such as 600s"
    if not key.startswith(PREFIX):
        return ""
    name = key[len(PREFIX) :]
    if name == "class":
        is_known = not value.endswith("autoscaling.knative.dev") or value in {_KPA, _HPA}
        return "" if is_known else f"{_KPA} or {_HPA}"
    expected, test = _RANGES.get(_ALIASES.get(name, name), ("", lambda _: True))
    return "" if test(value) else expected


def _between(document: Document) -> Iterator[Fault]:
    """What two annotations say together."""
    given = {
        _ALIASES.get(key[len(PREFIX) :], key[len(PREFIX) :]): (key, value)
        for key, value in strings(document.get(*_TEMPLATE)).items()
        if key.startswith(PREFIX)
    }
    scale = {name: _integer(value) or 0 for name, (_, value) in given.items()}
    most = scale.get("max-scale", 0)
    for name in ("min-scale", "activation-scale"):
        if most and scale.get(name, 0) > most:
            yield fault(
                document,
                (*_TEMPLATE, given["max-scale"][0]),
                f"got max-scale {most} with {name} {scale[name]}, expected no less",
            )
    scaler = given.get("class", ("", _KPA))[1]
    key, metric = given.get("metric", ("", ""))
    if key and scaler == _KPA and metric not in {"concurrency", "rps"}:
        yield fault(
            document,
            (*_TEMPLATE, key),
            f"got metric {metric!r} with Knative's own autoscaler, expected concurrency or rps",
            hint=f"{PREFIX}class: {_HPA} takes cpu and memory",
        )
