"""The admin routes of events, triggers and dead letters; JSON is made in `documents`."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

import orjson

from wherry.cloudevents import HeaderEncoding
from wherry.errors import RequestRefused
from wherry.problem import Problem
from wherry.reply import Reply
from wherry_local.broker import documents, drafts, history
from wherry_local.broker.envelope import Envelope
from wherry_local.broker.errand import DEAD_LETTER, SCHEDULE
from wherry_local.broker.flow import Flow, Watcher
from wherry_local.broker.history import Found, Wanted
from wherry_local.broker.ingress import LIMIT_BYTES, store
from wherry_local.broker.intake import accepted, addressed, ttl_here, ttl_of
from wherry_local.broker.matching import DEFAULT_BROKER
from wherry_local.broker.subscription import BrokerKey, Subscription, Subscriptions
from wherry_local.front.asked import Asked
from wherry_local.front.route import Route
from wherry_local.queue.contract import Queue
from wherry_local.queue.delivery import Accepted, Delivery, Kind, Message, State

_LIMIT = 50
_MOST = 500
_NUMBER_MOST = 2**63 - 1
_DIGITS = 19
_BODY_BYTES = 2 * LIMIT_BYTES
_JSON = [(b"content-type", b"application/json")]
_LINES = [(b"content-type", b"application/x-ndjson"), (b"cache-control", b"no-store")]


class Followed:
    """Events that were accepted or changed, a line of JSON each, as the body of an answer.

    It watches from when it is made, so that nothing is missed while its beginning is sent.
    """

    def __init__(self, queue: Queue, watcher: Watcher, wanted: Wanted) -> None:
        self._queue = queue
        self._watcher = watcher
        self._wanted = wanted

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        while (key := await self._watcher.next()) is not None:
            known = await self._queue.message(key)
            if known is not None and known[0].kind is Kind.EVENT and self._wanted.fits(*known):
                return orjson.dumps(documents.event(None, *known)) + b"\n"
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """The caller is gone, or has it all."""
        self._watcher.close()


class EventRoutes:
    """What an administrator may see of events, and do with them.

    Args:
        queue: The queue.
        flow: Tells what happens.
        subscriptions: The triggers as they are now.
        namespace: Where a broker is that is named without one.
        encoding: How attributes stand in headers.
    """

    def __init__(
        self,
        *,
        queue: Queue,
        flow: Flow,
        subscriptions: Callable[[], Subscriptions],
        namespace: Callable[[], str],
        encoding: HeaderEncoding = HeaderEncoding.STRICT,
    ) -> None:
        self._queue = queue
        self._flow = flow
        self._subscriptions = subscriptions
        self._namespace = namespace
        self._encoding = encoding

    def routes(self) -> Sequence[Route]:
        """All of them."""
        event, letter = "/system/events/{key}", "/system/dead-letters/{number}"
        return [
            Route(methods=("GET",), pattern="/system/triggers", answer=self._triggers),
            Route(methods=("GET",), pattern="/system/events", answer=self._events),
            Route(
                methods=("POST",),
                pattern="/system/events",
                answer=self._emit,
                limit_bytes=_BODY_BYTES,
            ),
            Route(methods=("GET",), pattern=event, answer=self._event),
            Route(methods=("POST",), pattern=f"{event}/replay", answer=self._replay),
            Route(methods=("GET",), pattern="/system/dead-letters", answer=self._dead_letters),
            Route(methods=("GET",), pattern=letter, answer=self._dead_letter),
            Route(
                methods=("POST",),
                pattern=f"{letter}/replay",
                answer=self._replay_dead,
                limit_bytes=_BODY_BYTES,
            ),
            Route(methods=("DELETE",), pattern=letter, answer=self._discard),
        ]

    async def _triggers(self, asked: Asked) -> Reply:  # noqa: ARG002 - there is nothing to choose
        return _answered([documents.trigger(each) for each in self._subscriptions().all()])

    async def _events(self, asked: Asked) -> Reply:
        arguments = asked.arguments()
        wanted = _wanted(arguments)
        if arguments.get("follow") in {"1", "true"}:
            return Reply(200, list(_LINES), Followed(self._queue, self._flow.watch(), wanted))
        page = await history.events(
            self._queue, wanted, before=_position(arguments), most=_limit(arguments)
        )
        shown = [documents.event(*each) for each in page.events]
        return _answered({"events": shown, "next": _text(page.next)})

    async def _event(self, asked: Asked) -> Reply:
        found = await self._found(asked.named["key"])
        all_data = asked.arguments().get("data") == "all"
        return _answered(documents.event_in_full(*found, all_data=all_data))

    async def _emit(self, asked: Asked) -> Reply:
        said = _object(asked)
        named = said.get("broker")
        broker = self._broker(named if isinstance(named, str) and named else DEFAULT_BROKER)
        triggers = self._subscriptions().brokers.get(broker)
        if triggers is None:
            raise _refused(404, f"there is no broker {broker}")
        envelope = drafts.drafted(said, at=time.time(), encoding=self._encoding)
        ttl = ttl_here(envelope)
        if ttl <= 0:
            raise _refused(400, "the event may pass no more brokers")
        return await self._stored(accepted(envelope, broker, triggers, at=time.time(), ttl=ttl))

    async def _replay(self, asked: Asked) -> Reply:
        message = (await self._found(asked.named["key"])).message
        only = (_object(asked) if asked.body else {}).get("trigger")
        broker = BrokerKey.of_scope(message.scope)
        envelope = drafts.again(message)
        if only is None and broker.name:
            triggers = self._subscriptions().brokers.get(broker, ())
            made = accepted(
                envelope,
                broker,
                triggers,
                at=time.time(),
                ttl=ttl_of(message),
                parent_key=message.key,
            )
            return await self._stored(made)
        if only is None:
            raise _refused(400, "trigger: expected one, for this event went through no broker")
        self._check_subscriber(broker.namespace, only)
        return await self._stored(self._addressed(envelope, message, only))

    async def _dead_letters(self, asked: Asked) -> Reply:
        arguments = asked.arguments()
        found, next_ = await history.dead(
            self._queue,
            arguments.get("trigger", ""),
            before=_position(arguments),
            most=_limit(arguments),
        )
        return _answered(
            {"deadLetters": [self._shown(*each) for each in found], "next": _text(next_)}
        )

    async def _dead_letter(self, asked: Asked) -> Reply:
        return _answered(self._shown(*await self._dead(_number(asked))))

    async def _replay_dead(self, asked: Asked) -> Reply:
        number = _number(asked)
        delivery, message = await self._dead(number)
        envelope = drafts.edited(
            message,
            _object(asked) if asked.body else {},
            at=time.time(),
            encoding=self._encoding,
        )
        reply = await self._stored(
            self._addressed(envelope, message, delivery.subscriber, parent=number)
        )
        # It is in the queue again; were it lost from here to there, it would be there twice.
        await self._queue.discard(number)
        return reply

    async def _discard(self, asked: Asked) -> Reply:
        number = _number(asked)
        if not await self._queue.discard(number):
            raise _refused(404, f"there is no dead letter {number}")
        return Reply(202, [])

    async def _found(self, key: str) -> Found:
        found = await history.event(self._queue, key)
        if found is None:
            raise _refused(404, "there is no such event, or not any more")
        return found

    async def _dead(self, number: int) -> tuple[Delivery, Message]:
        delivery = await self._queue.delivery(number)
        if delivery is None or delivery.state is not State.DEAD:
            raise _refused(404, f"there is no dead letter {number}")
        return delivery, (await self._found(delivery.message)).message

    def _shown(self, delivery: Delivery, message: Message) -> dict[str, Any]:
        trigger = self._trigger(message, delivery.subscriber)
        return documents.dead_letter(delivery, message, trigger)

    async def _stored(self, made: Accepted) -> Reply:
        await store(self._queue, made)
        return _answered({"key": made.message.key}, status=202)

    def _broker(self, text: str) -> BrokerKey:
        namespace, slash, name = text.rpartition("/")
        return BrokerKey(namespace if slash else self._namespace(), name)

    def _trigger(self, message: Message, subscriber: str) -> Subscription | None:
        namespace = BrokerKey.of_scope(message.scope).namespace
        return self._subscriptions().find(namespace, subscriber.removeprefix(DEAD_LETTER))

    def _check_subscriber(self, namespace: str, name: object) -> None:
        known = isinstance(name, str) and (
            name.startswith(SCHEDULE)
            or self._subscriptions().find(namespace, name.removeprefix(DEAD_LETTER)) is not None
        )
        if not known:
            raise _refused(404, "trigger: there is no such trigger in the namespace of the event")

    def _addressed(
        self, envelope: Envelope, message: Message, subscriber: str, *, parent: int | None = None
    ) -> Accepted:
        return addressed(
            envelope,
            message.scope,
            (subscriber,),
            at=time.time(),
            ttl=ttl_of(message),
            parent=parent,
            parent_key=message.key,
        )


def _answered(document: object, *, status: int = 200) -> Reply:
    return Reply(status, list(_JSON), orjson.dumps(document))


def _object(asked: Asked) -> Mapping[str, Any]:
    said = asked.json()
    if not isinstance(said, dict):
        raise _refused(400, "the body must be a JSON object")
    return said


def _wanted(arguments: Mapping[str, str]) -> Wanted:
    state = arguments.get("state", "")
    states = {each.value: each for each in State}
    if state and state not in states:
        raise _refused(400, f"state: expected one of {', '.join(states)}")
    return Wanted(
        type=arguments.get("type", ""),
        source=arguments.get("source", ""),
        state=states.get(state),
        trigger=arguments.get("trigger", ""),
    )


def _limit(arguments: Mapping[str, str]) -> int:
    return _whole("limit", arguments.get("limit") or str(_LIMIT), most=_MOST)


def _position(arguments: Mapping[str, str]) -> int | None:
    text = arguments.get("before")
    return _whole("before", text, most=_NUMBER_MOST) if text else None


def _number(asked: Asked) -> int:
    return _whole("the number", asked.named["number"], most=_NUMBER_MOST)


def _whole(what: str, text: str, *, most: int) -> int:
    if text.isascii() and text.isdigit() and len(text) <= _DIGITS and 1 <= int(text) <= most:
        return int(text)
    raise _refused(400, f"{what}: expected a whole number from 1 to {most}")


def _text(position: int | None) -> str | None:
    return None if position is None else str(position)


def _refused(status: int, detail: str) -> RequestRefused:
    return RequestRefused(Problem(status=status, detail=detail))
