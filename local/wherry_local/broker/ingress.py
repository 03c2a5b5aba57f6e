"""The door of the brokers: takes events, and stores them with all their deliveries.

`POST /{namespace}/{broker}`, with the answers of Knative's (data plane, and what its ingress does):
an event is looked at before it is asked whether there is such a broker, and is safe before 202.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import lru_cache

from wherry.cloudevents import HeaderEncoding
from wherry.errors import EventError, RequestRefused
from wherry.problem import Problem
from wherry.reply import Reply
from wherry_local.broker.envelope import TTL, Envelope, received
from wherry_local.broker.intake import accepted, ttl_here
from wherry_local.broker.subscription import BrokerKey, Subscriptions
from wherry_local.front.asked import Asked
from wherry_local.front.route import Route
from wherry_local.queue.contract import Queue, QueueFull, StorageFailed
from wherry_local.queue.delivery import Accepted

LIMIT_BYTES = 10 * 1024 * 1024
_FULL_RETRY_S = 1
_PATHS_KEPT = 256
_CONSENT = [
    (b"allow", b"POST, OPTIONS"),
    (b"webhook-allowed-origin", b"*"),
    (b"webhook-allowed-rate", b"*"),
]


class Ingress:
    """Takes the events of every broker.

    Args:
        queue: Where they are stored.
        subscriptions: The triggers as they are now.
        accepts_batches: Whether several events may come in one request; a cluster refuses that.
        encoding: How attributes stand in headers.
    """

    def __init__(
        self,
        *,
        queue: Queue,
        subscriptions: Callable[[], Subscriptions],
        accepts_batches: bool = False,
        encoding: HeaderEncoding = HeaderEncoding.STRICT,
    ) -> None:
        self._queue = queue
        self._subscriptions = subscriptions
        self._accepts_batches = accepts_batches
        self._encoding = encoding

    def routes(self) -> Sequence[Route]:
        """The whole door."""
        return [
            Route(
                methods=("POST",),
                pattern="/{path...}",
                answer=self._post,
                guarded=False,
                limit_bytes=LIMIT_BYTES,
            ),
            Route(methods=("OPTIONS",), pattern="/{path...}", answer=_consent, guarded=False),
        ]

    async def _post(self, asked: Asked) -> Reply:
        broker = _broker_of(asked.path)
        at = time.time()
        try:
            found = received(asked.headers, asked.body, arrived_at=at, encoding=self._encoding)
        except EventError as error:
            raise RequestRefused(_invalid(error)) from None
        envelopes = self._single_or_batch(found)
        ttls = [_ttl(each) for each in envelopes]
        triggers = self._subscriptions().brokers.get(broker)
        if triggers is None:
            raise _refused(404, f"there is no broker {broker}")
        for envelope, ttl in zip(envelopes, ttls, strict=True):
            await store(self._queue, accepted(envelope, broker, triggers, at=at, ttl=ttl))
        return Reply(202, [])

    def _single_or_batch(self, found: Envelope | list[Envelope]) -> list[Envelope]:
        if not isinstance(found, list):
            return [found]
        if not self._accepts_batches:
            raise _refused(400, "a broker takes one event at a time, and no batch")
        return found


async def store(queue: Queue, accepted: Accepted) -> None:
    """Store an event, whose deliveries are safe when this returns.

    Raises:
        RequestRefused: It cannot be stored: 429 where there is too much, 507 where the disk does
            not take it.
    """
    try:
        await queue.accept(accepted)
    except QueueFull:
        raise RequestRefused(
            Problem(status=429, detail="the queue is full", retry_after_s=_FULL_RETRY_S)
        ) from None
    except StorageFailed:
        raise _refused(507, "the event cannot be stored") from None


async def _consent(asked: Asked) -> Reply:  # noqa: ARG001 - every sender may deliver
    return Reply(200, list(_CONSENT))


@lru_cache(_PATHS_KEPT)
def _broker_of(path: str) -> BrokerKey:
    if path == "/":
        raise _refused(404, "events go to /NAMESPACE/BROKER")
    parts = path.removesuffix("/").split("/")
    if len(parts) != 3:
        raise _refused(400, "the path must be /NAMESPACE/BROKER")
    return BrokerKey(parts[1], parts[2])


def _ttl(envelope: Envelope) -> int:
    ttl = ttl_here(envelope)
    if ttl <= 0:
        raise _refused(400, f"the event has come round too often: its {TTL} is used up")
    return ttl


def _invalid(error: EventError) -> Problem:
    """400 for whatever is wrong, as a cluster has it, where a function would say 413 or 415."""
    problem = error.problem
    return Problem(status=400, title=problem.title, detail=problem.detail, members=problem.members)


def _refused(status: int, detail: str) -> RequestRefused:
    return RequestRefused(Problem(status=status, detail=detail))
