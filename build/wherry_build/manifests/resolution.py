"""Makes the topology of a project: names resolved, defaults in place, what is not said made up.

No I/O and no platform. What is generated: a route for each function when the project says no
routes, and a trigger for each function that declares types of events and that no trigger names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from wherry_build import names
from wherry_build.manifests.options import RenderOptions
from wherry_build.manifests.topology import (
    Backend,
    Revision,
    RouteRule,
    Topology,
    Workload,
    pinned,
)
from wherry_build.project.image_name import image_reference
from wherry_build.project.model import Function, Project
from wherry_build.project.specification import FunctionSpecification, ProjectSpecification
from wherry_build.project.specification.routing import HostTls, PathMatch, Rewrite, Route
from wherry_build.project.triggers import triggers

_NOTHING_SAID = FunctionSpecification()


def topology(project: Project, options: RenderOptions) -> Topology:
    """What is to be rendered of `project`.

    What goes to a function that is not among the project's functions, because others were
    chosen, is left out.

    Raises:
        InvalidName: An option is no name for what it is used as.
    """
    said = project.specification or ProjectSpecification()
    workloads = {each.name: _workload(each, options, project.digests) for each in project.functions}
    hosts: dict[str, HostTls | None] = {name: each.tls for name, each in said.hosts.items()}
    if options.host is not None:
        asked = names.host(options.host)
        hosts[asked] = _tls(hosts.get(asked), options.tls_secret)
    return Topology(
        namespace=names.namespace(
            options.namespace or project.namespace or options.target.namespace
        ),
        workloads=workloads,
        hosts=hosts,
        routes=tuple(_routes(said.routes, workloads)),
        brokers=said.brokers,
        triggers=triggers(said.triggers, project.functions),
        schedules={
            name: each for name, each in said.schedules.items() if each.function in workloads
        },
        mutual_tls=said.mutual_tls,
        pull_secrets=said.registry.pull_secrets if said.registry is not None else (),
        digests=project.digests,
    )


def _tls(said: HostTls | None, secret: str | None) -> HostTls | None:
    """HTTPS of a host that the command names: its secret instead, the rest as the project says."""
    if not secret:
        return said
    name = names.secret_name(secret)
    return HostTls(secret=name) if said is None else replace(said, secret=name)


def _workload(function: Function, options: RenderOptions, digests: Mapping[str, str]) -> Workload:
    said = function.said or _NOTHING_SAID
    image = said.image or image_reference(function.name, registry=options.registry, tag=options.tag)
    revisions = tuple(
        Revision(
            name=name,
            image=pinned(each.image or image, digests),
            percent=each.percent or 0,
            tag=each.tag,
        )
        for name, each in said.revisions.items()
    )
    return Workload(
        function=function,
        said=said,
        revisions=revisions or (Revision(name="", image=pinned(image, digests), percent=100),),
    )


def _routes(said: Mapping[str, Route], workloads: Mapping[str, Workload]) -> Iterator[RouteRule]:
    if not said:
        yield from map(_generated_route, workloads)
    for name, route in said.items():
        backends = tuple(
            Backend(function=each.function, revision=each.revision or "", percent=each.percent)
            for each in route.split
        )
        if route.function is not None:
            backends = (Backend(function=route.function, revision="", percent=100),)
        if all(backend.function in workloads for backend in backends):
            yield RouteRule(name=name, host=route.host or "", said=route, backends=backends)


def _generated_route(function: str) -> RouteRule:
    return RouteRule(
        name=function,
        host="",
        said=Route(
            path=PathMatch(prefix=f"/{function}"), function=function, rewrite=Rewrite(path="/")
        ),
        backends=(Backend(function=function, revision="", percent=100),),
        generated=True,
    )
