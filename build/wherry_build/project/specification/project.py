"""The whole of `wherry.yaml`, when the overlay of its environment has been laid on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from wherry_build.project.specification.build import Build
from wherry_build.project.specification.eventing import Broker, Schedule, Trigger
from wherry_build.project.specification.function import FunctionSpecification
from wherry_build.project.specification.record import Record
from wherry_build.project.specification.routing import HostSpecification, Route
from wherry_build.project.specification.scalars import (
    FunctionName,
    Host,
    ImagePrefix,
    Label,
    Whole,
)
from wherry_build.project.specification.traffic import MutualTls


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry(Record):
    """Where images are.

    Attributes:
        prefix: What stands before a function's name, `ghcr.io/acme`.
        pull_secrets: Secrets to pull them with.
    """

    prefix: ImagePrefix | None = None
    pull_secrets: tuple[Label, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectSpecification(Record):
    """A project.

    Attributes:
        version: Version of this format; 1.
        namespace: Where it lives; the platform's own when not said.
        registry: Where its images are.
        build: How its functions become images, as far as they do not say it themselves.
        functions: Its functions by name; every folder with a handler when not said.
        mutual_tls: Whether callers must show a certificate of the mesh, in the whole namespace.
        hosts: Hosts that the gateway serves.
        routes: Its routes by name, in the order that they are asked.
        brokers: Its brokers by name.
        triggers: Its triggers by name.
        schedules: Its schedules by name.
    """

    version: Annotated[int, Whole(least=1, most=1)] | None = None
    namespace: Label | None = None
    registry: Registry | None = None
    build: Build | None = None
    functions: Mapping[FunctionName, FunctionSpecification] = field(default_factory=dict)
    mutual_tls: MutualTls | None = None
    hosts: Mapping[Host, HostSpecification] = field(default_factory=dict)
    routes: Mapping[Label, Route] = field(default_factory=dict)
    brokers: Mapping[Label, Broker] = field(default_factory=dict)
    triggers: Mapping[Label, Trigger] = field(default_factory=dict)
    schedules: Mapping[Label, Schedule] = field(default_factory=dict)
