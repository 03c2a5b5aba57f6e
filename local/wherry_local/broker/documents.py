"""Events, deliveries, triggers and dead letters as the admin API shows them: JSON, and no more.

Times are RFC 3339 in UTC to the millisecond; keys, numbers and positions are texts.
"""

from __future__ import annotations

import base64
import codecs
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import TypeAlias

from wherry_build.project.specification.amounts import Duration
from wherry_build.project.specification.eventing import Filter
from wherry_local.broker.courier import FOLLOWS
from wherry_local.broker.errand import DEAD_LETTER, SCHEDULE
from wherry_local.broker.intake import NOTE_PARENT
from wherry_local.broker.subscription import (
    BrokerKey,
    DeliveryPolicy,
    Destination,
    Subscription,
)
from wherry_local.queue.delivery import Answer, Attempt, Delivery, Message

Document: TypeAlias = "dict[str, object]"

SHOWN_BYTES = 64 * 1024


def time_of(seconds: float | None) -> str | None:
    """A time; None where there is none."""
    if seconds is None:
        return None
    shown = datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="milliseconds")
    return shown[:-6] + "Z"


def event(position: int | None, message: Message, deliveries: Sequence[Delivery]) -> Document:
    """An event in a list."""
    attributes = message.attributes
    broker = BrokerKey.of_scope(message.scope)
    return {
        "key": message.key,
        "position": None if position is None else str(position),
        "id": attributes.get("id", ""),
        "type": attributes.get("type", ""),
        "source": attributes.get("source", ""),
        "subject": attributes.get("subject"),
        "time": attributes.get("time"),
        "broker": broker.name,
        "namespace": broker.namespace,
        "acceptedAt": time_of(message.accepted_at),
        "parent": message.notes.get(NOTE_PARENT),
        "deliveries": [_delivery(each) for each in deliveries],
        "mismatches": len(message.mismatches),
    }


def event_in_full(
    position: int | None,
    message: Message,
    deliveries: Sequence[Delivery],
    *,
    all_data: bool = False,
) -> Document:
    """An event with everything that is known of it, and of each trigger why or why not."""
    matched: list[Document] = [
        {"trigger": each.subscriber, "matched": True, "clause": "", "reason": ""}
        for each in deliveries
        if not each.subscriber.startswith((DEAD_LETTER, SCHEDULE))
    ]
    others: list[Document] = [
        {"trigger": name, "matched": False, "clause": each.clause, "reason": each.reason}
        for name, each in message.mismatches.items()
    ]
    return {
        **event(position, message, deliveries),
        "attributes": dict(message.attributes),
        "headers": [[n.decode("latin-1"), v.decode("latin-1")] for n, v in message.headers],
        "data": data(message.body, whole=all_data),
        "triggers": sorted([*matched, *others], key=lambda each: str(each["trigger"])),
        "deliveries": [_delivery_in_full(each) for each in deliveries],
        "replies": [key for each in deliveries for key in _follows(each.answer)],
    }


def data(body: bytes, *, whole: bool = False) -> Document:
    """A body, as text where it is one; of a long one the beginning, unless all is asked for."""
    shown = body if whole else body[:SHOWN_BYTES]
    is_cut = len(shown) < len(body)
    written: Document = {"bytes": len(body), "truncated": is_cut}
    try:
        # What is cut may end in the middle of a character.
        text = codecs.getincrementaldecoder("utf-8")().decode(shown, final=not is_cut)
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(shown).decode(), **written}
    return {"text": text, **written}


def trigger(subscription: Subscription) -> Document:
    """A trigger."""
    to = subscription.destination
    return {
        "name": subscription.name,
        "namespace": subscription.broker.namespace,
        "broker": subscription.broker.name,
        "function": None if to.function is None else to.function.name,
        "path": None if to.function is None else to.path,
        "uri": None if to.function is not None else to.address,
        "filters": [_filter(each) for each in subscription.filters],
        "delivery": _policy(subscription.policy),
        "source": subscription.origin.value,
    }


def dead_letter(
    delivery: Delivery, message: Message, subscription: Subscription | None
) -> Document:
    """A delivery that was given up."""
    last = delivery.attempts[-1] if delivery.attempts else None
    return {
        "number": str(delivery.number),
        "event": message.key,
        "id": message.attributes.get("id", ""),
        "type": message.attributes.get("type", ""),
        "source": message.attributes.get("source", ""),
        "trigger": delivery.subscriber,
        "function": _receiver(delivery.subscriber, subscription),
        "reason": last.reason if last is not None else "",
        "status": last.status if last is not None else 0,
        "tries": delivery.tries,
        "diedAt": time_of(last.at + last.took_s if last is not None else message.accepted_at),
    }


def _delivery(delivery: Delivery) -> Document:
    last = delivery.attempts[-1] if delivery.attempts else None
    return {
        "number": str(delivery.number),
        "trigger": delivery.subscriber,
        "state": delivery.state.value,
        "tries": delivery.tries,
        "nextAt": time_of(delivery.due_at),
        "lastStatus": last.status if last is not None else None,
        "lastReason": last.reason if last is not None else None,
    }


def _delivery_in_full(delivery: Delivery) -> Document:
    return {
        **_delivery(delivery),
        "attempts": [_attempt(each) for each in delivery.attempts],
        "answer": _answer(delivery.answer),
    }


def _attempt(attempt: Attempt) -> Document:
    return {
        "at": time_of(attempt.at),
        "ms": round(attempt.took_s * 1000, 1),
        "status": attempt.status,
        "reason": attempt.reason,
    }


def _answer(answer: Answer | None) -> Document | None:
    if answer is None or not answer.status:
        return None
    return {"status": answer.status, "text": answer.body.decode(errors="replace")}


def _follows(answer: Answer | None) -> list[str]:
    if answer is None:
        return []
    return [value.decode("ascii") for name, value in answer.headers if name == FOLLOWS]


def _receiver(subscriber: str, subscription: Subscription | None) -> str | None:
    """The function, or the address, that did not take an event."""
    if subscriber.startswith(SCHEDULE) or subscription is None:
        return None
    to: Destination | None = subscription.destination
    if subscriber.startswith(DEAD_LETTER):
        to = subscription.policy.dead_letter
    return _shown(to)


def _shown(to: Destination | None) -> str | None:
    if to is None:
        return None
    return to.address if to.function is None else to.function.name


def _policy(policy: DeliveryPolicy) -> Document:
    written: Document = {
        "retry": policy.retry,
        "backoff": policy.backoff.value,
        "delay": _duration(policy.delay_s),
    }
    if policy.timeout_s is not None:
        written["timeout"] = _duration(policy.timeout_s)
    to = policy.dead_letter
    if to is not None:
        key = "url" if to.function is None else "function"
        written["dead_letter"] = {key: _shown(to)}
    return written


def _duration(seconds: float) -> str:
    return str(Duration(milliseconds=round(seconds * 1000)))


def _filter(said: Filter) -> Mapping[str, object]:
    for dialect in ("exact", "prefix", "suffix"):
        attributes = getattr(said, dialect)
        if attributes:
            return {dialect: dict(attributes)}
    for dialect in ("all", "any"):
        filters = getattr(said, dialect)
        if filters:
            return {dialect: [_filter(each) for each in filters]}
    if said.not_ is not None:
        return {"not": _filter(said.not_)}
    return {"cesql": said.cesql or ""}
