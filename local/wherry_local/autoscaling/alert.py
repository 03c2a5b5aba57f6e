"""Alerts that scale: what Prometheus's AlertManager posts to OpenFaaS's gateway.

An alert that fires adds `com.openfaas.scale.factor` percent of the most replicas, one that is
resolved takes a function back to its least; a function that sleeps stays asleep. No I/O.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from wherry_local.autoscaling.labels import step_of_alert
from wherry_local.autoscaling.scaler import Autoscaler, ScaledFleet
from wherry_local.deployment import FunctionKey
from wherry_local.errors import LocalError


class InvalidAlert(LocalError):  # noqa: N818 - named for the state
    """What was posted is no message of AlertManager's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert.

    Attributes:
        function: Which function it is about.
        is_firing: Whether it began, and not ended.
    """

    function: FunctionKey
    is_firing: bool


def alerts_of(body: bytes) -> list[Alert]:
    """The alerts of a message.

    Raises:
        InvalidAlert: It is none.
    """
    try:
        message = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise InvalidAlert("the body: got no JSON, expected an AlertManager message") from None
    found = message.get("alerts") if isinstance(message, dict) else None
    if not isinstance(found, list):
        raise InvalidAlert("alerts: got none, expected a list of alerts")
    return [_alert(place, each) for place, each in enumerate(found)]


def answer_alerts(scaler: Autoscaler, fleet: ScaledFleet, alerts: Sequence[Alert]) -> list[str]:
    """Do what `alerts` ask for; which of them could not be done, and why.

    Raises:
        InvalidScale: The label of a function's factor is none.
    """
    return [
        f"{alert.function}: there is no such function"
        for alert in alerts
        if not _answer(scaler, fleet, alert)
    ]


def _answer(scaler: Autoscaler, fleet: ScaledFleet, alert: Alert) -> bool:
    replicas = fleet.find(alert.function)
    if replicas is None:
        return False
    scale = replicas.deployment.scale
    if replicas.desired == 0:
        return True
    if not alert.is_firing:
        scaler.scale(alert.function, max(1, scale.least), "an alert was resolved")
        return True
    step = step_of_alert(replicas.deployment.labels, scale.most)
    scaler.scale(alert.function, replicas.desired + step, "an alert fired")
    return True


def _alert(place: int, said: Any) -> Alert:
    labels = said.get("labels") if isinstance(said, dict) else None
    name = labels.get("function_name") if isinstance(labels, dict) else None
    if not isinstance(name, str) or not name:
        raise InvalidAlert(f"alerts[{place}].labels.function_name: got none, expected a function")
    function, dot, namespace = name.rpartition(".")
    key = FunctionKey(function, namespace) if dot else FunctionKey(namespace)
    return Alert(function=key, is_firing=said.get("status") == "firing")
