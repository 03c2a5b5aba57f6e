"""The project as every emitter sees it: names resolved, defaults in place, shares summed up.

Values only; no platform, no I/O. `resolution` makes it from a project. What `wherry.yaml` says is
kept as it was said (`Workload.said`, `RouteRule.said`), for emitters to write in their own words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from wherry_build.manifests.apportionment import apportioned
from wherry_build.project.model import Function
from wherry_build.project.specification import FunctionSpecification
from wherry_build.project.specification.eventing import Broker, Schedule, Trigger
from wherry_build.project.specification.routing import HostTls, Route
from wherry_build.project.specification.traffic import MutualTls


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One revision of a workload.

    Attributes:
        name: Its name in the project, `v2`; empty for the only one of a workload that names none.
        image: Full reference of its image.
        percent: Share of the workload's calls; all revisions together are 100.
        tag: Name that it is reached by besides.
    """

    name: str
    image: str
    percent: int
    tag: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """One function with all that a platform is told of it.

    Attributes:
        function: Its merged values, every default in place.
        said: What wherry.yaml says of it; empty where it says nothing.
        revisions: In the order of the file, at least one; the last is the newest.
    """

    function: Function
    said: FunctionSpecification
    revisions: tuple[Revision, ...]

    @property
    def name(self) -> str:
        """The function's name."""
        return self.function.name

    @property
    def newest(self) -> Revision:
        """The revision that was written last."""
        return self.revisions[-1]

    @property
    def versioned(self) -> bool:
        """Whether its revisions have names."""
        return bool(self.newest.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """Where a share of a route's calls goes.

    Attributes:
        function: Name of the function.
        revision: Name of one of its revisions; empty for the function as a whole, whose revisions
            then share the calls as the workload says.
        percent: Share of the route's calls; all backends of a route together are 100.
    """

    function: str
    revision: str
    percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteRule:
    """One route; routes are asked in their order, and the first that fits is taken.

    Attributes:
        name: Its name.
        host: Host that it is for; empty for every host of the project.
        said: Its matches, rewrite, timeout, retries, mirror, fault and CORS.
        backends: Where its calls go, at least one, as the file has them; one with 100 percent for
            a route with `function`.
        generated: Whether it was made because the project says no routes: `/NAME` and all below
            it, the segment taken away.
    """

    name: str
    host: str
    said: Route
    backends: tuple[Backend, ...]
    generated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """What is to be rendered.

    Attributes:
        namespace: Where everything lives.
        workloads: By name, sorted.
        hosts: Hosts that the gateway serves, each with its HTTPS or None, in the file's order.
        routes: In the order that they are asked.
        brokers: By name; those that the file declares.
        triggers: By name; those of the file, and one for each function that declares types of
            events and that no trigger of the file names.
        schedules: By name.
        mutual_tls: Whether callers must show a certificate of the mesh, in the whole namespace.
        pull_secrets: Secrets to pull images with.
        digests: Digest of each image that is known, by its reference.
    """

    namespace: str
    workloads: Mapping[str, Workload]
    hosts: Mapping[str, HostTls | None]
    routes: tuple[RouteRule, ...]
    brokers: Mapping[str, Broker]
    triggers: Mapping[str, Trigger]
    schedules: Mapping[str, Schedule]
    mutual_tls: MutualTls | None = None
    pull_secrets: tuple[str, ...] = ()
    digests: Mapping[str, str] = field(default_factory=dict)


def pinned(image: str, digests: Mapping[str, str]) -> str:
    """`image` with its digest, where that is known and not said already."""
    digest = digests.get(image)
    return f"{image}@{digest}" if digest and "@" not in image else image


def shares(topology: Topology, rule: RouteRule) -> tuple[Backend, ...]:
    """The backends of `rule` down to revisions, for a proxy that knows each revision by itself.

    A function as a whole becomes its named revisions by their own shares; one without named
    revisions stays. Rounded by largest remainder, so that the sum is 100 again; a backend with no
    share is left out.
    """
    exact: list[tuple[str, str, int]] = []
    for backend in rule.backends:
        workload = topology.workloads[backend.function]
        if backend.revision or not workload.versioned:
            exact.append((backend.function, backend.revision, backend.percent * 100))
            continue
        exact += [
            (backend.function, revision.name, backend.percent * revision.percent)
            for revision in workload.revisions
        ]
    percents = apportioned([share for _, _, share in exact])
    return tuple(
        Backend(function=function, revision=revision, percent=percent)
        for (function, revision, _), percent in zip(exact, percents, strict=True)
        if percent
    )
