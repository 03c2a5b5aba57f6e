"""Sends what schedules say, when they say it, as Knative's PingSource does.

What is sent goes through the queue like any event, straight to the schedule's function. There is a
timer only while there are schedules.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from wherry.cloudevents import CloudEvent
from wherry.cloudevents.payload import Payload
from wherry.errors import WherryError
from wherry_local.broker.envelope import enveloped, moment
from wherry_local.broker.errand import SCHEDULE
from wherry_local.broker.intake import TTL_FIRST, addressed
from wherry_local.broker.subscription import Destination
from wherry_local.broker.timetable import Times, Timetable
from wherry_local.queue.contract import Queue
from wherry_local.queue.delivery import Accepted

TYPE = "dev.knative.sources.ping"
_log = logging.getLogger("wherry.local.schedules")
_LONGEST_WAIT_S = 60.0
"""The clock may jump meanwhile; a timer alone would not see that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One schedule.

    Attributes:
        name: Its name.
        namespace: Where it lives.
        times: When it is due.
        destination: Whom it sends to.
        body: What it sends; empty for no data.
        content_type: What that is, or None.
    """

    name: str
    namespace: str
    times: Times
    destination: Destination
    body: bytes = b""
    content_type: str | None = None


class Scheduler:
    """Waits for the times of schedules, and puts their events into the queue.

    Args:
        queue: The queue.
        wall: Tells the time, in seconds since the epoch.
    """

    def __init__(self, queue: Queue, *, wall: Callable[[], float] = time.time) -> None:
        self._queue = queue
        self._wall = wall
        self._plans: dict[str, Plan] = {}
        self._timetable = Timetable({}, wall())
        self._timer: asyncio.TimerHandle | None = None
        self._storing: set[asyncio.Task[None]] = set()
        self._running = False

    def replace(self, plans: Mapping[str, Plan]) -> None:
        """Take these schedules for those that there were."""
        self._plans = dict(plans)
        times = {name: each.times for name, each in plans.items()}
        self._timetable = Timetable(times, self._wall())
        if self._running:
            self._wait()

    def destination(self, name: str) -> Destination | None:
        """Whom the schedule `name` sends to; None where there is none of that name."""
        plan = self._plans.get(name)
        return None if plan is None else plan.destination

    def start(self) -> None:
        """Begin; what was due before is not made up for."""
        self._running = True
        self.replace(self._plans)

    async def close(self) -> None:
        """Send no more, and wait for what is being stored."""
        self._running = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        await asyncio.gather(*self._storing)

    def look(self) -> None:
        """Send what is due now, and wait for what comes next."""
        now = self._wall()
        for due in self._timetable.due(now):
            if due.missed:
                _log.warning(
                    "schedule %s has missed %s, and it is not made up for",
                    due.name,
                    moment(due.at),
                )
                continue
            task = asyncio.get_running_loop().create_task(self._store(self._plans[due.name], now))
            self._storing.add(task)
            task.add_done_callback(self._storing.discard)
        self._wait()

    def _wait(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        at = self._timetable.next_at()
        if at is not None:
            wait_s = min(max(at - self._wall(), 0.0), _LONGEST_WAIT_S)
            self._timer = asyncio.get_running_loop().call_later(wait_s, self.look)

    async def _store(self, plan: Plan, now: float) -> None:
        try:
            await self._queue.accept(ping(plan, now))
        except WherryError as error:
            _log.error("the event of schedule %s is lost: %s", plan.name, error)


def ping(plan: Plan, now: float) -> Accepted:
    """The event that a schedule sends at `now`, for its function alone."""
    attributes = {
        "specversion": "1.0",
        "id": str(uuid.uuid4()),
        "type": TYPE,
        "source": f"/apis/v1/namespaces/{plan.namespace}/pingsources/{plan.name}",
        "time": moment(now),
    }
    if plan.body and plan.content_type is not None:
        attributes["datacontenttype"] = plan.content_type
    payload = Payload(plan.content_type, plan.body) if plan.body else None
    return addressed(
        enveloped(CloudEvent.received(attributes, payload), None),
        f"{plan.namespace}/",
        (f"{SCHEDULE}{plan.name}",),
        at=now,
        ttl=TTL_FIRST,
    )
