"""Batch mode: a JSON array of events, possibly empty, all of one specversion.

Each element is read as a structured event of its own and a fault names its place. Must not know
headers other than the content type.
"""

from __future__ import annotations

from collections.abc import Iterable

from wherry.cloudevents import jsontext
from wherry.cloudevents.event import CloudEvent, adopt
from wherry.cloudevents.faults import InvalidEvent
from wherry.cloudevents.limits import DEFAULT, Limits
from wherry.cloudevents.mode import BATCH_TYPE, Mode, require
from wherry.cloudevents.structured import read_document, write_document
from wherry.errors import EventError
from wherry.nesting import may_be_deep

_HEADERS = (b"content-type", BATCH_TYPE.encode("ascii"))


def decode_batch(
    content_type: str,
    body: bytes,
    *,
    max_events: int = DEFAULT.events,
    limit: Limits = DEFAULT,
) -> list[CloudEvent]:
    """The events of a JSON array, in its order; EventError 413 where there are too many."""
    require(Mode.BATCH, content_type)
    documents = jsontext.loads(body)
    if not isinstance(documents, list):
        raise EventError("a batch must be a JSON array of events")
    if len(documents) > max_events:
        raise EventError(f"a batch has at most {max_events} events", status=413)
    source = jsontext.Elements(body)
    deep = may_be_deep(body)
    events: list[CloudEvent] = []
    for index, document in enumerate(documents):
        try:
            event = read_document(document, source, index, deep=deep, limit=limit)
            _require_same_version(event, events)
        except EventError as error:
            raise EventError(
                f"event {index} of the batch: {error.message}",
                attribute=error.attribute,
                status=error.problem.status,
            ) from None
        events.append(event)
    return events


def _require_same_version(event: CloudEvent, earlier: list[CloudEvent]) -> None:
    if earlier and event.specversion != earlier[0].specversion:
        raise EventError(
            "attribute 'specversion' must be the same in all events of a batch",
            attribute="specversion",
        )


def encode_batch(events: Iterable[object]) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Headers and body of `events`, ours or an SDK's; InvalidEvent where one cannot be written."""
    adopted = [adopt(event) for event in events]
    if len({event.specversion for event in adopted}) > 1:
        raise InvalidEvent(
            "all events of a batch must have the same specversion", attribute="specversion"
        )
    return [_HEADERS], b"[" + b",".join([write_document(event) for event in adopted]) + b"]"
