"""The metrics that Wherry itself has: names, types, labels, and what each tells.

The text that is scraped, the page of the documentation and the tests of dashboard and alerts follow
from this table.
"""

from __future__ import annotations

import enum
from typing import NamedTuple

from wherry.metrics.snapshot import Number


class Kind(enum.Enum):
    """A type as Prometheus has it."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Entry(NamedTuple):
    """One metric.

    Attributes:
        kind: Its type.
        name: Its name; a counter's without `_total`.
        meaning: One sentence.
        labels: Names of its labels.
    """

    kind: Kind
    name: str
    meaning: str
    labels: tuple[str, ...] = ("function",)

    @property
    def shown(self) -> str:
        """The name as it stands in the text."""
        return f"{self.name}_total" if self.kind is Kind.COUNTER else self.name


_CALL_LABELS = ("function", "code", "method")
REQUESTS = Entry(Kind.COUNTER, "http_requests", "Calls answered.", _CALL_LABELS)
DURATION = Entry(
    Kind.HISTOGRAM,
    "http_request_duration_seconds",
    "Time from a call's head to its answer.",
    _CALL_LABELS,
)
NUMBERS = {
    Number.IN_FLIGHT: Entry(Kind.GAUGE, "http_requests_in_flight", "Calls being answered."),
    Number.QUEUED: Entry(Kind.GAUGE, "wherry_requests_queued", "Calls waiting for a turn."),
    Number.STUCK: Entry(
        Kind.GAUGE,
        "wherry_requests_stuck",
        "Calls whose handler runs on long after its deadline.",
    ),
    Number.REFUSED: Entry(
        Kind.COUNTER, "wherry_requests_refused", "Calls refused because the function was full."
    ),
    Number.LATE: Entry(
        Kind.COUNTER, "wherry_requests_late", "Calls answered 504: their deadline had passed."
    ),
    Number.ABANDONED: Entry(
        Kind.COUNTER,
        "wherry_requests_abandoned",
        "Late calls whose handler had begun and could not be stopped.",
    ),
    Number.LOOP_BLOCKED: Entry(
        Kind.COUNTER,
        "wherry_event_loop_blocked",
        "Times that an async handler kept the event loop from turning.",
    ),
    Number.RECYCLES: Entry(
        Kind.COUNTER, "wherry_worker_recycles", "Workers that asked to be replaced."
    ),
    Number.EMITTED: Entry(
        Kind.COUNTER, "wherry_events_emitted", "Emitted events that the sink has accepted."
    ),
    Number.LOST: Entry(
        Kind.COUNTER,
        "wherry_events_lost",
        "Emitted events that the sink has not accepted, after every retry.",
    ),
    Number.CONNECTIONS: Entry(
        Kind.GAUGE, "wherry_connections", "Connections that are open, idle ones too."
    ),
    Number.START_SECONDS: Entry(
        Kind.GAUGE,
        "wherry_start_seconds",
        "Time from the start of the worker until it served; of the slowest.",
    ),
    Number.GATEWAY_STAMPS: Entry(
        Kind.COUNTER,
        "wherry_gateway_stamps",
        "Calls for which the gateway said when it took them.",
    ),
    Number.GATEWAY_SECONDS: Entry(
        Kind.COUNTER, "wherry_gateway_seconds", "Time from there until those calls were here."
    ),
}
FUNCTION_INFO = Entry(
    Kind.GAUGE,
    "wherry_function_info",
    "The functions that this process serves, and the process.",
    ("function", "revision", "platform", "version"),
)
BUILD_INFO = Entry(
    Kind.GAUGE,
    "wherry_build_info",
    "Versions of Wherry and of the interpreter.",
    ("version", "python", "implementation"),
)
CATALOGUE = (REQUESTS, DURATION, *NUMBERS.values(), FUNCTION_INFO, BUILD_INFO)
