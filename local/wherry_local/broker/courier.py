"""Delivers events: sends each to where its trigger says, and says what follows.

What an answer means is told by `judgement`; here are the sending, the reply that goes back to the
broker, and the dead letter.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from wherry.cloudevents import HeaderEncoding
from wherry_local.broker.envelope import TTL, Envelope, of_decoded, structured, with_attributes
from wherry_local.broker.errand import DEAD_LETTER, Errand, Errands
from wherry_local.broker.intake import accepted, addressed, ttl_of
from wherry_local.broker.judgement import (
    NO_ANSWER,
    Judgement,
    Verdict,
    judged,
    step,
    unanswered,
)
from wherry_local.broker.subscription import (
    BrokerKey,
    Destination,
    Subscriptions,
)
from wherry_local.deployment import FunctionKey
from wherry_local.fleet.replica import Functions, NoReplica
from wherry_local.proxy.call import call
from wherry_local.proxy.message import CallFailed, Inbound, Outbound, fields_of
from wherry_local.queue.delivery import (
    Accepted,
    Answer,
    Attempt,
    Leased,
    Message,
    Settlement,
    State,
)

FOLLOWS = b"wherry-follows"
"""A header of a kept answer: the key of a reply or a dead letter that the delivery led to."""

TIMEOUT_S = 300.0
"""Time for a try where no trigger says one; a function's own timeout comes long before."""
LIMIT_BYTES = 10 * 1024 * 1024
_KEPT_BYTES = 4096
_ERROR_DATA_CHARS = 1024
_FORGOTTEN = "there is no such trigger any more"


class Addresses(Protocol):
    """Who asks addresses outside, as `wherry_local.proxy.external` has it."""

    async def post(
        self, url: str, headers: Sequence[tuple[bytes, bytes]], body: bytes, timeout_s: float
    ) -> Inbound:
        """POST `body` to `url`.

        Raises:
            CallFailed: There is no answer.
        """
        ...


class EventCourier:
    """Tries deliveries of events; a `wherry_local.queue.contract.Courier`.

    Args:
        functions: The functions.
        addresses: Who asks addresses outside.
        subscriptions: The triggers as they are now.
        schedules: Where a schedule sends its events, by its name; None for one that is no more.
        encoding: How attributes stand in the headers of answers.
    """

    def __init__(
        self,
        *,
        functions: Functions,
        addresses: Addresses,
        subscriptions: Callable[[], Subscriptions],
        schedules: Callable[[str], Destination | None],
        encoding: HeaderEncoding = HeaderEncoding.STRICT,
    ) -> None:
        self._functions = functions
        self._addresses = addresses
        self._subscriptions = subscriptions
        self._errands = Errands(subscriptions, schedules)
        self._encoding = encoding
        self._written: tuple[Message | None, bytes] = (None, b"")

    def function_of(self, leased: Leased) -> FunctionKey | None:
        """The function that a delivery calls; None where it goes elsewhere, or nowhere."""
        errand = self._errands.find(leased.lane)
        return None if errand is None else errand.destination.function

    async def deliver(self, leased: Leased) -> Settlement:
        """Try once; what came of it."""
        began_at, began = time.time(), time.monotonic()
        errand = self._errands.find(leased.lane)
        if errand is None:
            attempt = Attempt(at=began_at, took_s=0.0, status=0, reason=_FORGOTTEN)
            return Settlement(state=State.DEAD, attempt=attempt)
        inbound: Inbound | None = None
        try:
            inbound = await self._send(leased, errand)
            judgement = judged(inbound, wants_reply=errand.wants_reply, encoding=self._encoding)
        except CallFailed as error:
            judgement = unanswered(error.kind, error.reason)
        except NoReplica as error:
            inbound = Inbound(status=error.status, body=error.reason.encode())
            judgement = judged(inbound, wants_reply=False)
        reply = self._reply(leased, judgement, inbound)
        if judgement.reply is not None and reply is None:
            judgement = Judgement(
                verdict=Verdict.NEVER,
                status=400,
                reason=f"the answer has come round too often: its {TTL} is used up",
            )
        attempt = Attempt(
            at=began_at,
            took_s=time.monotonic() - began,
            status=judgement.status,
            reason=judgement.reason,
        )
        return self._settlement(leased, errand, judgement, attempt, inbound, reply)

    def give_up(self, leased: Leased, attempt: Attempt) -> Settlement:
        """Dead, with the dead letter that its trigger wants."""
        errand = self._errands.find(leased.lane)
        if errand is None:
            return Settlement(state=State.DEAD, attempt=attempt)
        judgement = Judgement(verdict=Verdict.NEVER, status=0, reason=attempt.reason)
        return self._settlement(leased, errand, judgement, attempt, None, None)

    def _settlement(
        self,
        leased: Leased,
        errand: Errand,
        judgement: Judgement,
        attempt: Attempt,
        inbound: Inbound | None,
        reply: Accepted | None,
    ) -> Settlement:
        retry_after = None
        if inbound is not None and judgement.verdict is Verdict.AGAIN:
            retry_after = inbound.header("retry-after")
        next_ = step(judgement, errand.policy, tries=leased.attempts, retry_after=retry_after)
        follows = [] if reply is None else [reply]
        if next_.state is State.DEAD and errand.dead_letter and errand.policy.dead_letter:
            follows.append(_dead_letter(leased, errand, judgement, inbound, attempt.at))
        return Settlement(
            state=next_.state,
            attempt=attempt,
            delay_s=next_.delay_s,
            answer=_answer(inbound, follows),
            follows=follows,
        )

    async def _send(self, leased: Leased, errand: Errand) -> Inbound:
        message, destination, policy = leased.message, errand.destination, errand.policy
        timeout_s = policy.timeout_s or TIMEOUT_S
        headers, body = message.headers, message.body
        if policy.structured:
            headers, body = structured(headers, body, encoding=self._encoding)
        if destination.function is None:
            headers = [*headers, *errand.headers]
            return await self._addresses.post(destination.address, headers, body, timeout_s)
        replicas = self._functions.find(destination.function)
        if replicas is None:
            raise NoReplica(404, f"there is no function {destination.function.name}")
        own = fields_of(headers) if policy.structured else self._fields(message)
        outbound = Outbound(target=destination.path, fields=errand.fields + own, body=body)
        return await call(replicas, outbound, timeout_s=timeout_s, limit_bytes=LIMIT_BYTES)

    def _fields(self, message: Message) -> bytes:
        """A message's headers on the wire; its deliveries mostly follow each other."""
        of, fields = self._written
        if of is not message:
            fields = fields_of(message.headers)
            self._written = message, fields
        return fields

    def _reply(
        self, leased: Leased, judgement: Judgement, inbound: Inbound | None
    ) -> Accepted | None:
        """The event of an answer as its broker takes it; None where there is none, or no TTL."""
        event = judgement.reply
        if event is None or inbound is None:
            return None
        ttl = ttl_of(leased.message) - 1
        if ttl <= 0:
            return None
        now = time.time()
        broker = BrokerKey.of_scope(leased.message.scope)
        return accepted(
            of_decoded(
                event, inbound.headers, inbound.body, arrived_at=now, encoding=self._encoding
            ),
            broker,
            self._subscriptions().brokers.get(broker, ()),
            at=now,
            ttl=ttl,
            parent=leased.number,
            parent_key=leased.message.key,
        )


def _dead_letter(
    leased: Leased, errand: Errand, judgement: Judgement, inbound: Inbound | None, at: float
) -> Accepted:
    """The event that was not taken, with what Knative says of why, for the trigger's sink."""
    message = leased.message
    text = f"dispatch error: {judgement.reason}".encode() if inbound is None else inbound.body
    added = {
        "knativeerrordest": errand.destination.address,
        "knativeerrorcode": str(judgement.status or NO_ANSWER),
    }
    data = base64.b64encode(text[:_ERROR_DATA_CHARS]).decode()[:_ERROR_DATA_CHARS]
    if data:
        added["knativeerrordata"] = data
    # On a cluster only what subscribers see is without it; it stops a sink that is a broker.
    ttl = ttl_of(message)
    headers, body = with_attributes(message.headers, message.body, {**added, TTL: str(ttl)})
    return addressed(
        Envelope({**message.attributes, **added}, headers, body, ttl),
        message.scope,
        (f"{DEAD_LETTER}{errand.dead_letter}",),
        at=at,
        ttl=ttl,
        parent=leased.number,
        parent_key=message.key,
    )


def _answer(inbound: Inbound | None, follows: Sequence[Accepted]) -> Answer | None:
    """What is kept of an answer, and the keys of what the delivery led to."""
    keys = [(FOLLOWS, each.message.key.encode()) for each in follows]
    if inbound is None:
        return Answer(headers=keys) if keys else None
    return Answer(status=inbound.status, headers=keys, body=inbound.body[:_KEPT_BYTES])
