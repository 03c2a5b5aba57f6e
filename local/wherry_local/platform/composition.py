"""The parts of a platform, put together; each is its own package's business.

Beginning and ending are here, in this order: what others stand on begins first and ends last.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from wherry.errors import WherryError
from wherry_build.errors import BuildError
from wherry_build.project import Project
from wherry_local.autoscaling.scaler import Autoscaler
from wherry_local.broker.events import Events
from wherry_local.console.site import routes as console_routes
from wherry_local.containers import ContainerLauncher
from wherry_local.deployment import DEFAULT_NAMESPACE, Deployment, FunctionKey, ScaleMetric
from wherry_local.errors import LocalError
from wherry_local.fleet.fleet import Fleet
from wherry_local.fleet.launching import ProcessLauncher
from wherry_local.fleet.replica import Launcher
from wherry_local.fleet.replica_set import ReplicaSet
from wherry_local.fleet.watching import Watching
from wherry_local.front.door import Door
from wherry_local.front.guard import Guard
from wherry_local.gateway import api
from wherry_local.gateway.callbacks import Callbacks
from wherry_local.gateway.courier import CallCourier
from wherry_local.gateway.deployments import Deployments
from wherry_local.gateway.namespaces import Namespaces
from wherry_local.gateway.secret_mounts import SecretMounts
from wherry_local.gateway.secret_store import SecretStore, project_folders
from wherry_local.journal.store import JournalStore
from wherry_local.metrics.deliveries import CountedCourier
from wherry_local.metrics.meters import Meters, Service
from wherry_local.platform.announcement import Served, served
from wherry_local.platform.declared import (
    Addresses,
    deployments,
    surroundings,
)
from wherry_local.platform.foreground import print_lines
from wherry_local.platform.in_process import InProcessApi
from wherry_local.platform.scrape import routes as metric_routes
from wherry_local.platform.settings import Settings
from wherry_local.platform.storage import open_queue
from wherry_local.project_namespaces import function_namespace
from wherry_local.proxy.external import External
from wherry_local.proxy.forward import Forwarder
from wherry_local.queue.contract import Queue
from wherry_local.queue.delivery import Kind
from wherry_local.queue.dispatch import CONCURRENCY, Dispatcher
from wherry_local.state import StateFolder
from wherry_local.zygote.client import Nursery

Tell = Callable[[str], None]


class Platform:
    """One project, served.

    Args:
        settings: How.
        state: Its state folder.
        addresses: Where it is going to be.
        password: The administrator's.
        nursery: Has replicas born; to be closed after the platform was stopped.
        tell: Is told in one line what a person at the terminal should know.
    """

    def __init__(
        self,
        settings: Settings,
        state: StateFolder,
        addresses: Addresses,
        *,
        password: str,
        nursery: Nursery,
        tell: Tell,
    ) -> None:
        self._settings = settings
        self._state = state
        self._addresses = addresses
        self._password = password
        self._tell = tell
        self._project = settings.project
        self._stopping = False
        self._tasks: set[asyncio.Task[Any]] = set()
        self._journal = JournalStore(state.logs)
        self._nursery = nursery
        self._processes = ProcessLauncher(nursery, self._journal, state)
        self._containers = ContainerLauncher(self._journal, state)
        self._fleet = Fleet(self._launcher_of, self._journal)
        self._meters = Meters(services=self._services)
        self._autoscaler = Autoscaler(self._fleet)
        self._fleet.observe(self._autoscaler.look)
        self._external = External(allow_private=settings.allow_private, concurrency=CONCURRENCY)
        home = function_namespace(settings.project)
        self._namespaces = Namespaces(state, home=home)
        folders = project_folders(settings.root, os.environ.get("WHERRY_SECRETS_PATH", ""))
        self._secrets = SecretStore(state, project=folders, homes=(home, DEFAULT_NAMESPACE))
        self._deployments = Deployments(
            self._fleet,
            state,
            namespaces=self._namespaces,
            mounts=SecretMounts(state, self._secrets),
            surroundings=surroundings(settings.project, addresses),
            engine_fault=self._containers.available,
            tell=tell,
        )
        self._doors: Sequence[Door] = ()
        self._ends = AsyncExitStack()
        self._grace_s = 0.0

    # Its beginning --------------------------------------------------------------------------

    async def start(self, sockets: Sequence[socket.socket]) -> None:
        """Begin; what is served is ready when this returns, first replicas aside.

        Args:
            sockets: The listening sockets of the gateway and of the broker.

        Raises:
            LocalError: Something cannot begin.
        """
        ends = self._ends
        ends.callback(self._journal.close)
        ends.callback(self._external.close)
        queue = await open_queue(self._settings, self._state)
        ends.push_async_callback(queue.close)
        ends.callback(self._processes.close)
        warming = self._spawn(self._nursery.open())
        callbacks = Callbacks(self._external)
        ends.callback(callbacks.close)
        events = self._events = Events(
            queue=queue,
            functions=self._fleet,
            addresses=self._external,
            files=self._settings.triggers,
        )
        events.declare(self._project)
        dispatcher = self._dispatcher(queue, callbacks)
        doors = self._doors = self._made_doors(queue, callbacks)
        for door, sock in zip(doors, sockets, strict=True):
            ends.callback(door.close)
            door.listen(sock)
        ends.push_async_callback(self._containers.close)
        ends.push_async_callback(self._stop_fleet)
        ends.push_async_callback(self._stop_tasks)
        await warming
        await self._containers.remove_leftovers()
        await self._declare(self._project)
        dispatcher.start()
        events.start()
        ends.push_async_callback(events.close)
        ends.push_async_callback(lambda: dispatcher.stop(self._grace_s))
        self._spawn(self._autoscaler.run())
        if self._settings.logs:
            self._spawn(print_lines(self._journal.follow()))
        if self._settings.watch:
            watching = Watching(
                self._fleet,
                self._tell,
                folders=self._project_folders(),
                edited=self._read_again,
            )
            watching.start()
            ends.push_async_callback(watching.stop)
        ends.push_async_callback(self._drain_doors)
        for door in doors:
            door.start()

    def _dispatcher(self, queue: Queue, callbacks: Callbacks) -> Dispatcher:
        events, calls = self._events.courier, CallCourier(self._fleet, callbacks)
        count = self._meters.count
        return Dispatcher(
            queue,
            {
                Kind.EVENT: CountedCourier(events, events.function_of, count),
                Kind.CALL: CountedCourier(calls, calls.function_of, count),
            },
        )

    def _made_doors(self, queue: Queue, callbacks: Callbacks) -> tuple[Door, Door]:
        """The gateway's and the broker's."""
        parts = api.Parts(
            fleet=self._fleet,
            deployments=self._deployments,
            namespaces=self._namespaces,
            secrets=self._secrets,
            journal=self._journal,
            meters=self._meters,
            queue=queue,
            callbacks=callbacks,
            brokers=self._brokers,
            gateway=self._addresses.gateway,
            project=lambda: self._project,
        )
        metrics = metric_routes(self._meters, queue, self._brokers)
        admin = [*api.routes(parts), *self._events.routes(), *metrics]
        console = console_routes(InProcessApi(admin, self._fleet))
        loop = asyncio.get_running_loop()
        guard = Guard(password=self._password, hosts=self._settings.listen or ())
        forwarder = Forwarder(
            self._fleet, loop=loop, count=self._meters.count, namespace=self._namespaces.home
        )
        gateway = Door(
            loop=loop,
            routes=[*admin, *console],
            services={"/function/": forwarder},
            guard=guard,
        )
        return gateway, Door(loop=loop, routes=self._events.ingress_routes(), guard=guard)

    def _launcher_of(self, deployment: Deployment) -> Launcher:
        return self._containers if deployment.container else self._processes

    async def _declare(self, project: Project) -> None:
        declared = deployments(project, self._addresses)
        await self._deployments.declare(declared, {each.name: each for each in project.functions})

    def _project_folders(self) -> Sequence[Path]:
        """Where an edit may be one of the project, and not of a function alone."""
        triggers = self._settings.triggers
        return [
            self._settings.root,
            *(each if each.is_dir() else each.parent for each in triggers),
        ]

    async def _read_again(self) -> None:
        """Read the project anew after an edit: a handler may declare other events, too.

        What has changed is taken over; what cannot be read leaves what is served as it is.
        """
        read = self._settings.read
        if read is None:
            return
        try:
            project = await asyncio.to_thread(read)  # calls go on meanwhile
            self._check_namespace(project)
            self._events.declare(project)
            await self._declare(project)
            self._project = project
        except (BuildError, LocalError, WherryError) as error:
            self._tell(f"the project is served as before: {error.message}")

    def _check_namespace(self, project: Project) -> None:
        """The gateway, the secrets and what functions were told are of the first; raises if not."""
        if project.namespace != self._project.namespace:
            got, expected = (each.namespace or "none" for each in (project, self._project))
            raise LocalError(
                f"namespace: got {got}, expected {expected}: another counts from the next wherry up"
            )

    # What it shows --------------------------------------------------------------------------

    def served(self) -> list[Served]:
        """The functions of the project's namespace, for the announcement."""
        found = self._deployments.all((self._namespaces.home,))
        return served(
            [each.deployment for each in found], self._addresses.gateway, self._events.taken()
        )

    def broker_urls(self) -> list[str]:
        """Where each broker takes events."""
        return [each["url"] for each in self._brokers()]

    def _brokers(self) -> Sequence[dict[str, Any]]:
        return [
            {
                "namespace": key.namespace,
                "name": key.name,
                "url": self._addresses.of_broker(key.namespace, key.name),
                "triggers": count,
            }
            for key, count in self._events.brokers().items()
        ]

    def _services(self) -> Iterator[Service]:
        for key in self._fleet.keys():  # noqa: SIM118 - no mapping
            replicas = self._fleet.find(key)
            if replicas is not None:
                yield _service(key, replicas)

    # Its end --------------------------------------------------------------------------------

    async def stop(self, grace_s: float) -> None:
        """Take nothing more, answer what is in flight, and end everything.

        Args:
            grace_s: Seconds until what is not over is cut off.
        """
        self._grace_s = grace_s
        self._stopping = True
        await self._ends.aclose()

    async def _drain_doors(self) -> None:
        await asyncio.gather(*(door.drain(self._grace_s) for door in self._doors))

    async def _stop_tasks(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _stop_fleet(self) -> None:
        await self._fleet.stop(self._grace_s)

    def kill(self) -> None:
        """End every replica at once; what is in flight is not answered."""
        self._fleet.kill()
        for door in self._doors:
            door.close()

    def _spawn(self, work: Any) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None and not self._stopping:
            self._tell(f"a part of the platform has ended: {task.exception()}")


def _service(key: FunctionKey, replicas: ReplicaSet) -> Service:
    policy = replicas.deployment.scale
    return Service(
        function=key,
        desired=replicas.desired,
        ready=replicas.available,
        least=policy.least,
        target=policy.target,
        scaling="rps" if policy.metric is ScaleMetric.RPS else "capacity",
        in_flight=replicas.load.in_flight,
        started=replicas.load.calls,
    )
