"""What an answer means to a broker: taken, to be tried again, or not to be tried again. No I/O.

As Knative judges (data plane, "Delivery"): any 2xx is taken, 404, 408, 409, 429, every 5xx and no
answer at all are tried again, anything else is not. And as its filter judges, which its
specification does not say: an answer with 2xx whose body is no event is a failure, 502.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from wherry.cloudevents import CloudEvent, HeaderEncoding, decode
from wherry.errors import EventError
from wherry_local.broker.backoff import wait_s
from wherry_local.broker.subscription import DeliveryPolicy
from wherry_local.proxy.message import Fault, Inbound
from wherry_local.queue.delivery import State

RETRIED_STATUSES = frozenset({404, 408, 409, 429, *range(500, 600)})
NO_EVENT = "the function's answer has a body that is no CloudEvent"
NO_ANSWER = 500
"""What Knative counts where there is no answer."""
_ACCEPTED = 202
_BAD_REPLY = 502
_FORMATS = b"application/cloudevents"


class Verdict(enum.Enum):
    """What an answer means."""

    TAKEN = "taken"
    AGAIN = "again"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a broker makes of one try.

    Attributes:
        verdict: What it means.
        status: The status that counts: the answer's, or 502 for one that cannot be used, or 0
            where there is none.
        reason: What is wrong, in a clause; empty where nothing is.
        reply: The event that it was answered with, or None.
    """

    verdict: Verdict
    status: int
    reason: str = ""
    reply: CloudEvent | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What follows from a judgement.

    Attributes:
        state: DELIVERED, DUE or DEAD.
        delay_s: Time until the next try of what is DUE.
    """

    state: State
    delay_s: float = 0.0


_DELIVERED = Step(state=State.DELIVERED)


def judged(
    inbound: Inbound, *, wants_reply: bool, encoding: HeaderEncoding = HeaderEncoding.STRICT
) -> Judgement:
    """What an answer means.

    Args:
        inbound: The answer.
        wants_reply: Whether an event in it goes back to the broker; where it does not, as from a
            dead-letter sink, nobody looks at the body.
        encoding: How attributes stand in headers.
    """
    status = inbound.status
    if not 200 <= status < 300:
        verdict = Verdict.AGAIN if status in RETRIED_STATUSES else Verdict.NEVER
        return Judgement(verdict=verdict, status=status, reason=f"the answer is {status}")
    says_event = wants_reply and _says_event(inbound.headers)
    if wants_reply and not says_event and inbound.body:
        return _bad_reply(NO_EVENT)
    if not says_event or status == _ACCEPTED:
        return _taken(status)
    return _replied(inbound, encoding)


@lru_cache
def _taken(status: int) -> Judgement:
    return Judgement(verdict=Verdict.TAKEN, status=status)


def _replied(inbound: Inbound, encoding: HeaderEncoding) -> Judgement:
    try:
        event = decode(inbound.headers, inbound.body, encoding=encoding)
    except EventError as error:
        return _bad_reply(f"the function's answer is no valid CloudEvent: {error.message}")
    if isinstance(event, list):
        return _bad_reply("the function's answer is a batch of events, and a broker takes one")
    return Judgement(verdict=Verdict.TAKEN, status=inbound.status, reply=event)


def unanswered(fault: Fault, reason: str) -> Judgement:
    """What it means that there is no answer."""
    if fault is Fault.TOO_LARGE:
        return _bad_reply(reason)
    verdict = Verdict.NEVER if fault is Fault.REFUSED else Verdict.AGAIN
    return Judgement(verdict=verdict, status=0, reason=reason)


def step(
    judgement: Judgement, policy: DeliveryPolicy, *, tries: int, retry_after: str | None = None
) -> Step:
    """What follows.

    Args:
        judgement: Of the last try.
        policy: How the event is tried.
        tries: Tries before the last one.
        retry_after: The `Retry-After` of its answer.
    """
    if judgement.verdict is Verdict.TAKEN:
        return _DELIVERED
    if judgement.verdict is Verdict.NEVER or tries >= policy.retry:
        return Step(state=State.DEAD)
    delay_s = wait_s(policy, tries, status=judgement.status, retry_after=retry_after)
    return Step(state=State.DUE, delay_s=delay_s)


def _bad_reply(reason: str) -> Judgement:
    return Judgement(verdict=Verdict.AGAIN, status=_BAD_REPLY, reason=reason)


def _says_event(headers: Sequence[tuple[bytes, bytes]]) -> bool:
    """Whether an answer says that it is an event, by its version or its content type."""
    for name, value in headers:
        lower = name.lower()
        if lower == b"ce-specversion":
            return True
        if lower == b"content-type" and value.strip().lower().startswith(_FORMATS):
            return True
    return False
