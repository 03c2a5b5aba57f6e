"""What `wherry.yaml` says of one function: where it is, what it needs, how it is scaled."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated

from wherry_build.project.specification.amounts import Cpu, Duration, Memory, limits
from wherry_build.project.specification.build import Build
from wherry_build.project.specification.eventing import SINK_VARIABLES, Sink
from wherry_build.project.specification.record import Problem, Record, percents
from wherry_build.project.specification.routing import Method
from wherry_build.project.specification.scalars import (
    AnyText,
    Count,
    EnvironmentName,
    EventType,
    FunctionName,
    ImageReference,
    Label,
    LabelValue,
    Path,
    Percent,
    QualifiedName,
    RelativeFile,
    TagName,
    Whole,
)
from wherry_build.project.specification.traffic import Authorization, TrafficPolicy

WholeSeconds = Annotated[Duration, limits("1s", "1h", whole_seconds=True)]


class Metric(enum.Enum):
    """What the number of instances follows."""

    CONCURRENCY = "concurrency"
    RPS = "rps"
    CPU = "cpu"
    MEMORY = "memory"


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts(Record):
    """CPU and memory.

    Attributes:
        cpu: CPU, `250m` or `1`.
        memory: Memory, `128Mi`.
    """

    cpu: Cpu | None = None
    memory: Memory | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceLimits(Record):
    """What one instance asks for, and what it is held to.

    Attributes:
        requests: What the scheduler keeps free for it; 100m and 128Mi when not said.
        limits: What it is held to; 256Mi of memory when not said, and no CPU.
    """

    requests: Amounts | None = None
    limits: Amounts | None = None

    def problems(self) -> Iterator[Problem]:
        """No request may be over its limit."""
        if self.requests is None or self.limits is None:
            return
        asked, held = self.requests, self.limits
        if asked.cpu and held.cpu and asked.cpu.millicores > held.cpu.millicores:
            yield Problem(
                keys=("requests", "cpu"), got=str(asked.cpu), expected=f"at most {held.cpu}"
            )
        if asked.memory and held.memory and asked.memory.bytes > held.memory.bytes:
            yield Problem(
                keys=("requests", "memory"),
                got=str(asked.memory),
                expected=f"at most {held.memory}",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling(Record):
    """How many instances there are, and what that follows.

    Attributes:
        min: Instances that always run; 0, which is the default, lets the function sleep.
        max: Instances at most; 10 when not said.
        target: What one instance is meant to carry, in the metric's unit; 70 when not said.
        metric: What is measured; `concurrency` when not said.
        utilization: Percent of the target at which more instances are started.
        zero: Whether it may sleep; follows from `min` when not said.
        zero_after: Time without a call until the last instance goes.
        window: Time over which the metric is averaged.
        down_delay: Time that a lower need must last until instances go.
        initial: Instances that a new revision begins with.
        wake: Instances that it wakes up with.
    """

    min: Annotated[int, Whole(least=0, most=1000)] | None = None
    max: Annotated[int, Whole(least=1, most=1000)] | None = None
    target: Count | None = None
    metric: Metric | None = None
    utilization: Annotated[int, Whole(least=1, most=100)] | None = None
    zero: bool | None = None
    zero_after: Annotated[Duration, limits("0s", "1h", whole_seconds=True)] | None = None
    window: Annotated[Duration, limits("6s", "1h", whole_seconds=True)] | None = None
    down_delay: Annotated[Duration, limits("0s", "1h", whole_seconds=True)] | None = None
    initial: Annotated[int, Whole(least=0, most=1000)] | None = None
    wake: Annotated[int, Whole(least=2, most=1000)] | None = None

    def problems(self) -> Iterator[Problem]:
        """`min` is at most `max`, and agrees with `zero`."""
        if self.min is not None and self.max is not None and self.min > self.max:
            yield Problem(keys=("min",), got=str(self.min), expected=f"at most max, {self.max}")
        if self.zero is True and self.min:
            yield Problem(keys=("min",), got=str(self.min), expected="0, as zero is true")
        if self.zero is False and self.min == 0:
            yield Problem(keys=("min",), got="0", expected="1 or more, as zero is false")
        if self.wake is not None and self.max is not None and self.wake > self.max:
            yield Problem(keys=("wake",), got=str(self.wake), expected=f"at most max, {self.max}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe(Record):
    """How the platform asks whether an instance is well.

    Attributes:
        path: Path that is asked.
        initial_delay: Time until the first question.
        period: Time between questions.
        timeout: Time until an answer counts as none.
        failures: Failures in a row that count.
    """

    path: Path | None = None
    initial_delay: Annotated[Duration, limits("0s", "1h", whole_seconds=True)] | None = None
    period: WholeSeconds | None = None
    timeout: WholeSeconds | None = None
    failures: Annotated[int, Whole(least=1, most=100)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Probes(Record):
    """The three questions that a platform asks.

    Attributes:
        startup: Whether it has started.
        readiness: Whether it takes calls.
        liveness: Whether it is to be left alone.
    """

    startup: Probe | None = None
    readiness: Probe | None = None
    liveness: Probe | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision(Record):
    """One revision of a function, and its share of the calls.

    Attributes:
        percent: Share of the calls; all revisions together are 100.
        tag: Name that it is reached by besides.
        image: Image of this revision.
    """

    percent: Percent | None = None
    tag: TagName | None = None
    image: ImageReference | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSpecification(Record):
    """One function.

    Attributes:
        handler: Its folder or its handler's file, below the folder of wherry.yaml;
            `functions/NAME` or `NAME` when not said.
        image: Its image; made of the registry's prefix and its name when not said.
        build: How it becomes an image; what is not said is taken from the project's `build`.
        environment: Variables that it is given.
        environment_files: Files with more variables.
        secrets: Names of Secrets that it is given.
        resources: CPU and memory.
        scale: How many instances there are.
        concurrency: Calls in flight that one instance is given at most, 0 for as many as come;
            100 when not said.
        timeout: Time until an answer must begin; 30s when not said.
        probes: What the platform asks to know whether it is well.
        labels: Labels of its pods.
        annotations: Annotations of its pods.
        service_account: Account that its pods run as.
        nodes: Labels of the nodes that it may run on.
        read_only_root: Whether its root file system is read-only, which is the default.
        event_types: Types of the events that it takes; what its handler declares when not said.
        methods: Methods that it answers; what its handler declares when not said.
        sink: Where the events go that it emits.
        revisions: Its revisions by name, with the share of each.
        traffic_policy: How callers connect to it.
        authorization: Who may call it; everybody when not said.
    """

    handler: RelativeFile | None = None
    image: ImageReference | None = None
    build: Build | None = None
    environment: Mapping[EnvironmentName, AnyText] = field(default_factory=dict)
    environment_files: tuple[RelativeFile, ...] = ()
    secrets: tuple[Label, ...] = ()
    resources: ResourceLimits | None = None
    scale: Scaling | None = None
    concurrency: Annotated[int, Whole(least=0, most=1000)] | None = None
    timeout: Annotated[Duration, limits("1s", "10m", whole_seconds=True)] | None = None
    probes: Probes | None = None
    labels: Mapping[QualifiedName, LabelValue] = field(default_factory=dict)
    annotations: Mapping[QualifiedName, AnyText] = field(default_factory=dict)
    service_account: Label | None = None
    nodes: Mapping[QualifiedName, LabelValue] = field(default_factory=dict)
    read_only_root: bool | None = None
    event_types: tuple[EventType, ...] = ()
    methods: tuple[Method, ...] = ()
    sink: Sink | None = None
    revisions: Mapping[FunctionName, Revision] = field(default_factory=dict)
    traffic_policy: TrafficPolicy | None = None
    authorization: Authorization | None = None

    def problems(self) -> Iterator[Problem]:
        """Revisions share all calls, and no two have one tag; a sink is said once."""
        yield from percents(
            (("revisions", name), revision.percent) for name, revision in self.revisions.items()
        )
        tagged: dict[str, str] = {}
        for name, revision in self.revisions.items():
            if revision.tag is not None and tagged.setdefault(revision.tag, name) != name:
                yield Problem(
                    keys=("revisions", name, "tag"),
                    got=f"{revision.tag!r}, which {tagged[revision.tag]!r} has",
                    expected="a tag of its own",
                )
        for variable in SINK_VARIABLES:
            if self.sink is not None and variable in self.environment:
                yield Problem(
                    keys=("environment", variable),
                    got="it beside a sink",
                    expected="one of the two, `sink`",
                    depends=("sink",),
                )
