"""`/system/overview` and `/system/routes`: the platform at one glance, for console and commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import wherry
from wherry.reply import Reply
from wherry_build.project import Project
from wherry_build.project.specification.routing import Route as ProjectRoute
from wherry_local.deployment import FunctionKey
from wherry_local.front.asked import Asked
from wherry_local.front.route import Route
from wherry_local.gateway.answers import document, in_problems
from wherry_local.gateway.deployments import Deployed, Deployments
from wherry_local.gateway.fleet import Fleet, Scaled
from wherry_local.gateway.namespaces import Namespaces
from wherry_local.metrics.meter import Figures
from wherry_local.queue.contract import Queue
from wherry_local.queue.delivery import State

Brokers = Callable[[], Sequence[Mapping[str, Any]]]
"""The brokers, each as the overview shows it."""


class OverviewRoutes:
    """Shows everything at once.

    Args:
        deployments: Which functions there are.
        fleet: Who serves them.
        namespaces: Where they are found without saying.
        figures: The figures of a function.
        brokers: The brokers.
        queue: What waits.
        gateway: Address of the gateway, without a slash at its end.
        project: The project as it is now.
    """

    def __init__(
        self,
        deployments: Deployments,
        fleet: Fleet,
        namespaces: Namespaces,
        *,
        figures: Callable[[FunctionKey], Figures],
        brokers: Brokers,
        queue: Queue,
        gateway: str,
        project: Callable[[], Project],
    ) -> None:
        self._deployments = deployments
        self._fleet = fleet
        self._namespaces = namespaces
        self._figures = figures
        self._brokers = brokers
        self._queue = queue
        self._gateway = gateway
        self._project = project

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route(methods=("GET",), pattern="/system/overview", answer=in_problems(self._overview)),
            Route(methods=("GET",), pattern="/system/routes", answer=in_problems(self._routes)),
        ]

    async def _overview(self, _asked: Asked) -> Reply:
        functions = self._deployments.all(self._namespaces.names())
        counts = dict.fromkeys((State.DUE, State.LEASED, State.DELIVERED, State.DEAD), 0)
        for (_kind, state), count in (await self._queue.counts()).items():
            if state in counts:
                counts[state] += count
        shown = {
            "functions": [self._function(each) for each in functions],
            "brokers": list(self._brokers()),
            "queue": {state.value: count for state, count in counts.items()},
            "version": wherry.__version__,
        }
        return document(200, shown)

    def _function(self, deployed: Deployed) -> dict[str, Any]:
        deployment = deployed.deployment
        key = deployment.key
        replicas = self._fleet.find(key)
        figures = self._figures(key)
        return {
            "name": key.name,
            "namespace": key.namespace,
            "state": _state(replicas),
            "desired": replicas.desired if replicas is not None else 0,
            "replicas": len(replicas.replicas) if replicas is not None else 0,
            "availableReplicas": replicas.available if replicas is not None else 0,
            "inFlight": replicas.in_flight if replicas is not None else 0,
            "waiting": replicas.waiting if replicas is not None else 0,
            "perSecond": figures.per_second,
            "p50Ms": figures.p50_ms,
            "p95Ms": figures.p95_ms,
            "p99Ms": figures.p99_ms,
            "calls": figures.calls,
            "errors": figures.errors,
            "fault": replicas.fault if replicas is not None else None,
            "url": self._url(key),
            "revision": deployment.revision,
            "handler": deployment.handler,
        }

    def _url(self, key: FunctionKey) -> str:
        """Its address; by its name alone where that leads to it."""
        namesakes = (FunctionKey(key.name, each) for each in self._namespaces.shown_with(""))
        found = next((each for each in namesakes if self._deployments.find(each)), None)
        return f"{self._gateway}/function/{key.name if found == key else key}"

    async def _routes(self, _asked: Asked) -> Reply:
        specification = self._project().specification
        said = specification.routes if specification is not None else {}
        hosts = sorted(specification.hosts) if specification is not None else []
        shown = [row for name, route in said.items() for row in self._rows(name, route, hosts)]
        return document(200, shown)

    def _rows(self, name: str, route: ProjectRoute, hosts: list[str]) -> list[dict[str, Any]]:
        named = [route.function] if route.function else [each.function for each in route.split]
        return [
            {
                "name": name,
                "hosts": [route.host] if route.host else hosts,
                "path": _path(route),
                "function": function,
                "url": self._url(FunctionKey(function, self._namespaces.home)),
            }
            for function in dict.fromkeys(name for name in named if name)
        ]


def _state(replicas: Scaled | None) -> str:
    if replicas is None:
        return "starting"
    if replicas.available:
        return "ready"
    if replicas.fault:
        return "failing"
    return "starting" if replicas.desired else "asleep"


def _path(route: ProjectRoute) -> str:
    if route.path is None:
        return "/"
    if route.path.exact is not None:
        return route.path.exact
    return f"{(route.path.prefix or '').rstrip('/')}/*"
