"""The Distributed Tracing extension of CloudEvents: the trace in which an event began.

`traceparent` and `tracestate` of an event stay what they were where it was made, however many hops
it travels; the header fields of the same names belong to one hop (extensions/distributed-tracing).
"""

from __future__ import annotations

from wherry.cloudevents.event import CloudEvent

TRACEPARENT = "traceparent"
TRACESTATE = "tracestate"


def began_in(event: CloudEvent, traceparent: str, tracestate: str = "") -> CloudEvent:
    """The event with the trace that it began in; itself where it names one already."""
    attributes = event.wire_attributes()
    if TRACEPARENT in attributes or TRACESTATE in attributes:
        return event
    known = {**attributes, TRACEPARENT: traceparent}
    if tracestate:
        known[TRACESTATE] = tracestate
    return CloudEvent.received(known, event.payload)
