"""The brokers of one platform, put together: door, courier, schedules and admin routes.

Whoever runs the platform makes one, gives its courier to the dispatcher of the queue and its routes
to the doors, and tells it when the project has changed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from wherry.cloudevents import HeaderEncoding
from wherry_build.project import Project
from wherry_build.project.specification import ProjectSpecification
from wherry_local.broker import project_subscriptions as of_project
from wherry_local.broker.courier import Addresses, EventCourier
from wherry_local.broker.event_routes import EventRoutes
from wherry_local.broker.filters import in_words
from wherry_local.broker.flow import Flow
from wherry_local.broker.ingress import Ingress
from wherry_local.broker.schedules import Plan, Scheduler
from wherry_local.broker.subscription import BrokerKey, Destination, Subscription, Subscriptions
from wherry_local.broker.timetable import times
from wherry_local.broker.trigger_files import ManifestReader
from wherry_local.errors import ManifestInvalid
from wherry_local.fleet.replica import Functions
from wherry_local.front.route import Route
from wherry_local.project_namespaces import EVENT_NAMESPACE, event_namespace, function_key
from wherry_local.queue.contract import Queue


class Events:
    """All brokers of a platform.

    Args:
        queue: Where events are stored.
        functions: Who gets them.
        addresses: Who asks addresses outside.
        files: Files and folders with Triggers and Brokers of Knative's.
        accepts_batches: Whether several events may come in one request; a cluster refuses that.
        encoding: How attributes stand in headers.
        wall: Tells schedules the time.

    Attributes:
        courier: Delivers what the queue holds of kind EVENT.
        subscriptions: The triggers as they are now.
        namespace: Where the brokers of the project are.
    """

    def __init__(
        self,
        *,
        queue: Queue,
        functions: Functions,
        addresses: Addresses,
        files: Sequence[Path] = (),
        accepts_batches: bool = False,
        encoding: HeaderEncoding = HeaderEncoding.STRICT,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._queue = queue
        self._files = tuple(files)
        self._accepts_batches = accepts_batches
        self._encoding = encoding
        self._flow = Flow()
        self._forget: Callable[[], None] | None = None
        self._scheduler = Scheduler(queue, wall=wall)
        self.subscriptions = Subscriptions()
        self.namespace = EVENT_NAMESPACE
        self.courier = EventCourier(
            functions=functions,
            addresses=addresses,
            subscriptions=self._now,
            schedules=self._scheduler.destination,
            encoding=encoding,
        )

    def declare(self, project: Project) -> None:
        """Take the triggers, brokers and schedules of `project` for those that there were.

        Raises:
            ManifestInvalid, ScheduleInvalid: Something is wrong; what there was stays.
            ParseError: An expression in CESQL is none.
        """
        namespace = event_namespace(project)
        reader = ManifestReader(
            namespace=namespace,
            functions=[function_key(project, each.name) for each in project.functions],
        )
        files = reader.read(self._files)
        found = [*of_project.subscriptions(project), *files.subscriptions]
        _check_names(found)
        plans = {each.name: each for each in _plans(project)}
        self.subscriptions = Subscriptions(found, [*of_project.brokers(project), *files.brokers])
        self.namespace = namespace
        self._scheduler.replace(plans)

    def ingress_routes(self) -> Sequence[Route]:
        """The routes of the brokers' own door."""
        return Ingress(
            queue=self._queue,
            subscriptions=self._now,
            accepts_batches=self._accepts_batches,
            encoding=self._encoding,
        ).routes()

    def routes(self) -> Sequence[Route]:
        """The admin routes, for the gateway's door."""
        return EventRoutes(
            queue=self._queue,
            flow=self._flow,
            subscriptions=self._now,
            namespace=lambda: self.namespace,
            encoding=self._encoding,
        ).routes()

    def brokers(self) -> Mapping[BrokerKey, int]:
        """Every broker, and how many triggers it has."""
        return {key: len(found) for key, found in self.subscriptions.brokers.items()}

    def taken(self) -> Mapping[str, Sequence[str]]:
        """What each function takes of events, in words, by the name of the function."""
        words: dict[str, list[str]] = {}
        for each in self.subscriptions.all():
            function = each.destination.function
            if function is not None:
                words.setdefault(function.name, []).extend(in_words(each.filters))
        return words

    def start(self) -> None:
        """Begin to watch the queue and the clock; on the event loop."""
        self._forget = self._queue.on_change(self._flow.tell)
        self._scheduler.start()

    async def close(self) -> None:
        """End what watches, and fire no more schedules."""
        self._flow.close()
        if self._forget is not None:
            self._forget()
            self._forget = None
        await self._scheduler.close()

    def _now(self) -> Subscriptions:
        return self.subscriptions


def _check_names(found: Iterable[Subscription]) -> None:
    """A trigger's name is its own in its namespace, wherever it is said."""
    seen: dict[tuple[str, str], Subscription] = {}
    for each in found:
        key = each.broker.namespace, each.name
        first = seen.setdefault(key, each)
        if first is not each:
            raise ManifestInvalid(
                f"two triggers of namespace {key[0]} are called {key[1]!r}: "
                f"one from the {first.origin.value}, one from a {each.origin.value}",
                hint="rename one of them",
            )


def _plans(project: Project) -> Iterable[Plan]:
    specification = project.specification or ProjectSpecification()
    known = {function.name for function in project.functions}
    namespace = event_namespace(project)
    for name, said in specification.schedules.items():
        if said.function in known:
            yield Plan(
                name=name,
                namespace=namespace,
                times=times(name, said.cron, said.time_zone),
                destination=Destination.of_function(
                    function_key(project, said.function), namespace=namespace
                ),
                body=(said.data or "").encode(),
                content_type=said.content_type,
            )
