"""The gateway's API put together: every route of it, from the parts that it stands on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wherry_build.project import Project
from wherry_local.front.route import Route
from wherry_local.gateway import information
from wherry_local.gateway.call_routes import CallRoutes
from wherry_local.gateway.callbacks import Callbacks
from wherry_local.gateway.calls import Calls
from wherry_local.gateway.deployments import Deployments
from wherry_local.gateway.fleet import Fleet
from wherry_local.gateway.function_routes import FunctionRoutes
from wherry_local.gateway.logs import LogRoutes
from wherry_local.gateway.namespace_routes import NamespaceRoutes
from wherry_local.gateway.namespaces import Namespaces
from wherry_local.gateway.overview import Brokers, OverviewRoutes
from wherry_local.gateway.scale_routes import ScaleRoutes
from wherry_local.gateway.secret_routes import SecretRoutes
from wherry_local.gateway.secret_store import SecretStore
from wherry_local.journal.line import Journal
from wherry_local.metrics.meters import Meters
from wherry_local.queue.contract import Queue


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the gateway's API stands on.

    Attributes:
        fleet: Serves the functions.
        deployments: Knows which there are.
        namespaces: Knows where they live.
        secrets: Keeps their secrets.
        journal: Keeps what they write.
        meters: Counts their calls.
        queue: Keeps asynchronous calls.
        callbacks: Posts their answers.
        brokers: The brokers, as the overview shows them.
        gateway: Address of the gateway, without a slash at its end.
        project: The project as it is now.
    """

    fleet: Fleet
    deployments: Deployments
    namespaces: Namespaces
    secrets: SecretStore
    journal: Journal
    meters: Meters
    queue: Queue
    callbacks: Callbacks
    brokers: Brokers
    gateway: str
    project: Callable[[], Project]


def routes(parts: Parts) -> list[Route]:
    """Every route of the gateway but those of the functions themselves."""
    deployments, fleet = parts.deployments, parts.fleet
    calls = Calls(parts.queue, parts.callbacks, deployments.locate)
    groups = (
        FunctionRoutes(deployments, fleet, parts.namespaces, parts.meters.calls),
        ScaleRoutes(deployments, fleet),
        SecretRoutes(parts.secrets, parts.namespaces, deployments.mount_again),
        NamespaceRoutes(
            parts.namespaces, parts.secrets, lambda name: bool(deployments.all((name,)))
        ),
        LogRoutes(parts.journal, deployments),
        OverviewRoutes(
            deployments,
            fleet,
            parts.namespaces,
            figures=parts.meters.figures,
            brokers=parts.brokers,
            queue=parts.queue,
            gateway=parts.gateway,
            project=parts.project,
        ),
        CallRoutes(parts.queue, calls, deployments),
        calls,
    )
    return [*information.routes(), *(route for group in groups for route in group.routes())]
