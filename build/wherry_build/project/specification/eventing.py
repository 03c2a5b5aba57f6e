"""What `wherry.yaml` says of events: brokers, triggers and schedules."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from wherry_build.project.specification.amounts import Duration, limits
from wherry_build.project.specification.record import Problem, Record
from wherry_build.project.specification.scalars import (
    AnyText,
    AttributeName,
    AttributeValue,
    Cron,
    FunctionName,
    Label,
    MediaType,
    Path,
    TimeZone,
    Url,
    Whole,
)


class Backoff(enum.Enum):
    """How the time between attempts grows."""

    LINEAR = "linear"
    EXPONENTIAL = "exponential"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter(Record):
    """Where an event goes that nobody took; one of the two.

    Attributes:
        function: A function of this project.
        url: Any address.
    """

    function: FunctionName | None = None
    url: Url | None = None

    exactly_one: ClassVar[tuple[str, ...]] = ("function", "url")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sink(Record):
    """Where the events go that a function emits; one of the two.

    Attributes:
        broker: A broker of this project, or `default`.
        url: Any address.
    """

    broker: Label | None = None
    url: Url | None = None

    exactly_one: ClassVar[tuple[str, ...]] = ("broker", "url")


SINK_VARIABLES = ("K_SINK", "WHERRY_SINK")
"""Variables that say the same as a sink; the first that is set counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery(Record):
    """How often and how long an event is tried.

    Attributes:
        retry: Attempts after the first.
        backoff: How the time between them grows.
        delay: Time before the first of them.
        timeout: Time for each.
        dead_letter: Where an event goes that nobody took.
    """

    retry: Annotated[int, Whole(least=0, most=1000)] | None = None
    backoff: Backoff | None = None
    delay: Annotated[Duration, limits("1ms", "24h")] | None = None
    timeout: Annotated[Duration, limits("1ms", "1h")] | None = None
    dead_letter: DeadLetter | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker(Record):
    """One broker.

    Attributes:
        class_: Which implementation; the cluster's own when not said, and never changed later.
        delivery: How its events are tried, where their trigger says nothing.
    """

    class_: AttributeValue | None = None
    delivery: Delivery | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter(Record):
    """Which events; one of the dialects of Knative's triggers.

    Attributes:
        exact: Attributes that are exactly so.
        prefix: Attributes that begin so.
        suffix: Attributes that end so.
        all: Filters that must all fit.
        any: Filters of which one must fit.
        not_: A filter that must not fit.
        cesql: An expression in CESQL; it is handed on as it is.
    """

    exact: Mapping[AttributeName, AttributeValue] = field(default_factory=dict)
    prefix: Mapping[AttributeName, AttributeValue] = field(default_factory=dict)
    suffix: Mapping[AttributeName, AttributeValue] = field(default_factory=dict)
    all: tuple[Filter, ...] = ()
    any: tuple[Filter, ...] = ()
    not_: Filter | None = None
    cesql: AnyText | None = None

    exactly_one: ClassVar[tuple[str, ...]] = (
        "exact", "prefix", "suffix", "all", "any", "not", "cesql",
    )  # fmt: skip

    def problems(self) -> Iterator[Problem]:
        """An expression is one."""
        if self.cesql is None:
            return
        from wherry_build.project.cesql import ParseError, parse

        try:
            parse(self.cesql)
        except ParseError as error:
            yield Problem(keys=("cesql",), got=f"{self.cesql[:200]!r}: {error}", expected="CESQL")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger(Record):
    """Events of a broker that go to a function.

    Attributes:
        broker: The broker; `default` when not said.
        function: The function.
        path: Path that it is called by.
        filters: Which events, all of these together; every one when not said.
        delivery: How they are tried.
    """

    broker: Label | None = None
    function: FunctionName
    path: Path | None = None
    filters: tuple[Filter, ...] = ()
    delivery: Delivery | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule(Record):
    """A call at certain times.

    Attributes:
        cron: When.
        time_zone: Whose clock; UTC when not said.
        function: The function.
        data: What it is sent.
        content_type: What that is.
    """

    cron: Cron
    time_zone: TimeZone | None = None
    function: FunctionName
    data: AnyText | None = None
    content_type: MediaType | None = None
