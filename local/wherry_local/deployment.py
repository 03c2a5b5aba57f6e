"""What is deployed: one function as the platform runs it, whoever said so. Values only, no I/O.

A project's functions become deployments (`wherry_local.platform`), and so does what is deployed
through the gateway's API; everything behind them reads deployments alone.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

DEFAULT_NAMESPACE = "openfaas-fn"
"""The namespace of what names none, as OpenFaaS has it."""


class FunctionKey(NamedTuple):
    """Which function."""

    name: str
    namespace: str = DEFAULT_NAMESPACE

    def __str__(self) -> str:
        return f"{self.name}.{self.namespace}"


class ScaleMetric(enum.Enum):
    """What the number of replicas follows."""

    CONCURRENCY = "concurrency"
    RPS = "rps"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalePolicy:
    """How many replicas there are, in the terms of Knative's autoscaler; times in seconds.

    Attributes:
        least: Replicas that always run; 0 lets the function sleep.
        most: Replicas at most.
        initial: Replicas that a new revision begins with.
        wake: Replicas that it wakes up with.
        metric: What is measured.
        target: What one replica is meant to carry, in the metric's unit.
        utilization: Share of the target at which more are started, 0 to 1.
        window_s: Time over which the metric is averaged.
        panic_window: Share of the window that counts in a panic, 0 to 1.
        panic_threshold: Load in units of what is there at which a panic begins.
        most_up: Factor by which the number may grow in one step.
        most_down: Factor by which it may shrink in one step.
        zero_grace_s: Time that the last replica stays after the need for it has gone.
        zero_after_s: The same, where it is longer: what Knative calls the pod's retention.
        down_delay_s: Time that a lower need must last.
    """

    least: int = 0
    most: int = 10
    initial: int = 1
    wake: int = 1
    metric: ScaleMetric = ScaleMetric.CONCURRENCY
    target: float = 100.0
    utilization: float = 0.7
    window_s: float = 60.0
    panic_window: float = 0.1
    panic_threshold: float = 2.0
    most_up: float = 1000.0
    most_down: float = 2.0
    zero_grace_s: float = 30.0
    zero_after_s: float = 0.0
    down_delay_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One function as it is to run; a changed one is another value with a higher revision.

    Attributes:
        key: Its name and namespace.
        handler: Its handler, as `WHERRY_HANDLER` takes it; None of one that is no Wherry function.
        folder: The folder whose changes are changes of the function, or None.
        image: The image that it was deployed as, as its caller said it.
        command: A program that is run for each call in the classic way, or None.
        container: Whether `image` is run by a container engine.
        environment: Variables that it is given.
        surroundings: Variables that the platform adds, where those do not say the same.
        secrets: Names of secrets that it is given.
        labels, annotations, limits, requests: As they were said; shown again as they are.
        read_only_root: As it was said.
        scale: How many replicas there are.
        concurrency: Calls in flight that one replica is given at most; 0 is as many as come.
        timeout_s: Time until an answer must begin.
        created_at: Seconds since the epoch.
        revision: Counts the changes, from 1.
    """

    key: FunctionKey
    handler: str | None = None
    folder: Path | None = None
    image: str = ""
    command: tuple[str, ...] | None = None
    container: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    surroundings: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, str] = field(default_factory=dict)
    requests: Mapping[str, str] = field(default_factory=dict)
    read_only_root: bool = False
    scale: ScalePolicy = field(default_factory=ScalePolicy)
    concurrency: int = 0
    timeout_s: float = 30.0
    created_at: float = 0.0
    revision: int = 1
