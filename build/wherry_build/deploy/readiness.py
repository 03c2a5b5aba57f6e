"""When an object is ready, kind by kind, from what its status says. No I/O.

A kind that is not in the table is ready as soon as it is there.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from wherry_build.deploy.identity import KubernetesObject, ObjectKey, at


class State(enum.Enum):
    """How far an object is."""

    WAITING = "waiting"
    FAILING = "failing"
    READY = "ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """How far an object is, and why.

    Attributes:
        message: What the platform says of it: what it waits for, what has failed, its address.
    """

    state: State
    message: str = ""


def readiness(key: ObjectKey, value: KubernetesObject) -> Readiness:
    """How far the object `value` is, as its own status says."""
    judge = _JUDGES.get((key.group, key.kind))
    if judge is None:
        return Readiness(state=State.READY)
    return _unobserved(value) or judge(value)


def is_waited_for(key: ObjectKey) -> bool:
    """Whether objects of its kind become ready some time after they are there."""
    return (key.group, key.kind) in _JUDGES


def runs(key: ObjectKey) -> bool:
    """Whether it is a workload, which fails by its own fault and not by that of others."""
    return (key.group, key.kind) in _WORKLOADS


def _unobserved(value: KubernetesObject) -> Readiness | None:
    """That the controller has not seen this generation yet; None when it has, or does not say."""
    if _is_of_before(at(value, "status"), value):
        return _waiting("its controller has not seen the change yet")
    return None


def _is_of_before(said: object, value: KubernetesObject) -> bool:
    """Whether a status, or a condition, is of a generation before the object's own."""
    observed = at(said, "observedGeneration")
    generation = at(value, "metadata", "generation")
    return isinstance(observed, int) and isinstance(generation, int) and observed < generation


def _condition_ready(value: KubernetesObject) -> Readiness:
    return _by_condition(value, "Ready", silent="its controller has said nothing yet")


def _knative_service(value: KubernetesObject) -> Readiness:
    judged = _condition_ready(value)
    url = at(value, "status", "url")
    if judged.state is State.READY and isinstance(url, str):
        return Readiness(state=State.READY, message=url)
    return judged


def _deployment(value: KubernetesObject) -> Readiness:
    """As `kubectl rollout status` judges a Deployment."""
    if at(value, "status", "observedGeneration") is None:
        return _waiting("its controller has said nothing yet")
    conditions = _conditions(at(value, "status"))
    progressing = conditions.get("Progressing", {})
    refused = conditions.get("ReplicaFailure", {})
    for condition, is_failing in (
        (progressing, progressing.get("reason") == "ProgressDeadlineExceeded"),
        (refused, refused.get("status") == "True"),
    ):
        if is_failing:
            return Readiness(state=State.FAILING, message=_said(condition))
    wanted = _count(at(value, "spec", "replicas"), default=1)
    there, updated, available = (
        _count(at(value, "status", name))
        for name in ("replicas", "updatedReplicas", "availableReplicas")
    )
    if updated < wanted:
        return _waiting(f"{updated} of {wanted} replicas are new")
    if there > updated:
        return _waiting(f"{there - updated} old replicas are to end")
    if available < updated:
        return _waiting(f"{available} of {updated} replicas are available")
    return Readiness(state=State.READY)


def _gateway(value: KubernetesObject) -> Readiness:
    # Not Programmed, which needs an address that a cluster without load balancers never gives.
    return _by_condition(value, "Accepted", silent="no controller has taken it yet")


def _http_route(value: KubernetesObject) -> Readiness:
    """Accepted by each Gateway that it names; a Service as parent need not answer."""
    parents = _listed(at(value, "spec", "parentRefs"))
    wanted = sum(parent.get("kind", "Gateway") == "Gateway" for parent in parents)
    taken = _listed(at(value, "status", "parents"))
    for parent in taken:
        for name in ("Accepted", "ResolvedRefs"):
            condition = _conditions(parent).get(name, {})
            if _is_of_before(condition, value):
                return _waiting("its controller has not seen the change yet")
            if condition.get("status") == "False":
                return Readiness(state=State.FAILING, message=_said(condition))
    if len(taken) < wanted:
        return _waiting("no controller has taken it yet")
    return Readiness(state=State.READY)


def _function(value: KubernetesObject) -> Readiness:
    """One that sleeps is ready: its next call wakes it."""
    wanted = _count(at(value, "status", "replicas"))
    available = _count(at(value, "status", "availableReplicas"))
    if available or not wanted:
        return Readiness(state=State.READY)
    return _waiting(f"0 of {wanted} instances are available")


_JUDGES: Mapping[tuple[str, str], Callable[[KubernetesObject], Readiness]] = {
    ("serving.knative.dev", "Service"): _knative_service,
    ("serving.knative.dev", "DomainMapping"): _condition_ready,
    ("eventing.knative.dev", "Broker"): _condition_ready,
    ("eventing.knative.dev", "Trigger"): _condition_ready,
    ("sources.knative.dev", "PingSource"): _condition_ready,
    ("sources.knative.dev", "SinkBinding"): _condition_ready,
    ("apps", "Deployment"): _deployment,
    ("openfaas.com", "Function"): _function,
    ("gateway.networking.k8s.io", "Gateway"): _gateway,
    ("gateway.networking.k8s.io", "HTTPRoute"): _http_route,
}
_WORKLOADS = frozenset(
    {("serving.knative.dev", "Service"), ("apps", "Deployment"), ("openfaas.com", "Function")}
)


def _by_condition(value: KubernetesObject, name: str, *, silent: str) -> Readiness:
    condition = _conditions(at(value, "status")).get(name)
    if condition is None or _is_of_before(condition, value):
        return _waiting(silent)
    states = {"True": State.READY, "False": State.FAILING}
    state = states.get(str(condition.get("status")), State.WAITING)
    return Readiness(state=state, message="" if state is State.READY else _said(condition))


def _conditions(holder: object) -> dict[str, Mapping[str, object]]:
    return {str(each.get("type")): each for each in _listed(at(holder, "conditions"))}


def _listed(value: object) -> list[Mapping[str, object]]:
    listed = value if isinstance(value, list) else []
    return [each for each in listed if isinstance(each, Mapping)]


def _said(condition: Mapping[str, object]) -> str:
    parts = (condition.get("reason"), condition.get("message"))
    return ": ".join(part for part in parts if isinstance(part, str) and part)


def _count(value: object, *, default: int = 0) -> int:
    return value if isinstance(value, int) else default


def _waiting(message: str) -> Readiness:
    return Readiness(state=State.WAITING, message=message)
