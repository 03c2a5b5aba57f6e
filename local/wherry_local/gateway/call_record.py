"""An asynchronous call as it is shown: how far it is, each try, and the answer. No I/O."""

from __future__ import annotations

import base64
import codecs
from collections.abc import Sequence
from typing import Any

from wherry_local.gateway.courier import CALLBACK_NOTE, key_of
from wherry_local.gateway.function_status import moment
from wherry_local.queue.delivery import Answer, Delivery, Message, State


def call_row(message: Message, deliveries: Sequence[Delivery]) -> dict[str, Any]:
    """A call as one line of a list."""
    delivery = deliveries[0] if deliveries else None
    return {
        **_head(message, delivery),
        "status": _status(delivery),
        "callback": message.notes.get(CALLBACK_NOTE),
    }


def call_document(message: Message, deliveries: Sequence[Delivery]) -> dict[str, Any]:
    """A call with its tries and its answer."""
    delivery = deliveries[0] if deliveries else None
    due_at = delivery.due_at if delivery is not None and delivery.state is State.DUE else None
    answer = delivery.answer if delivery is not None else None
    return {
        **_head(message, delivery),
        "nextAt": moment(due_at) if due_at is not None else None,
        "attempts": [
            {
                "at": moment(each.at),
                "ms": round(each.took_s * 1000, 3),
                "status": each.status or None,
                "reason": each.reason,
            }
            for each in (delivery.attempts if delivery is not None else ())
        ],
        "callback": message.notes.get(CALLBACK_NOTE),
        "status": _status(delivery),
        "headers": _headers(answer),
        "body": _body(answer),
    }


def _head(message: Message, delivery: Delivery | None) -> dict[str, Any]:
    key = key_of(message.scope)
    return {
        "id": message.key,
        "function": key.name,
        "namespace": key.namespace,
        "state": delivery.state.value if delivery is not None else State.DEAD.value,
        "tries": delivery.tries if delivery is not None else 0,
        "acceptedAt": moment(message.accepted_at),
    }


def _status(delivery: Delivery | None) -> int | None:
    """The status of the last try that was answered."""
    if delivery is None or not delivery.attempts:
        return None
    return delivery.attempts[-1].status or None


def _headers(answer: Answer | None) -> list[list[str]]:
    if answer is None:
        return []
    return [[name.decode("latin-1"), value.decode("latin-1")] for name, value in answer.headers]


def _body(answer: Answer | None) -> dict[str, Any] | None:
    if answer is None:
        return None
    length = len(answer.body)
    for name, value in answer.headers:
        if name.lower() == b"content-length" and value.isdigit():
            length = int(value[:12])
    is_cut = length > len(answer.body)
    shown: dict[str, Any] = {"bytes": length, "truncated": is_cut}
    try:
        # A text may have been cut in the middle of a character.
        shown["text"] = codecs.getincrementaldecoder("utf-8")().decode(answer.body, not is_cut)
    except UnicodeDecodeError:
        shown["base64"] = base64.b64encode(answer.body).decode("ascii")
    return shown
