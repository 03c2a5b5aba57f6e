"""What the queue and the brokers have to show, as metrics of our own. Values only, no I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from wherry_local.metrics.text import Family, Kind, Point
from wherry_local.queue.delivery import Kind as MessageKind
from wherry_local.queue.delivery import State


def event_families(
    counts: Mapping[tuple[MessageKind, State], int], brokers: Sequence[Mapping[str, Any]]
) -> Iterator[Family]:
    """The families of the queue and of the brokers.

    Args:
        counts: Deliveries by what they deliver and how they stand, as the queue gives them.
        brokers: The brokers, as `/system/overview` shows them.
    """
    yield Family(
        name="wherry_queue_deliveries",
        kind=Kind.GAUGE,
        meaning="Deliveries that the queue holds, those that are over included.",
        points=[
            Point(
                value=counts.get((kind, state), 0),
                labels={"kind": kind.value, "state": state.value},
            )
            for kind in MessageKind
            for state in State
        ],
    )
    yield Family(
        name="wherry_broker_triggers",
        kind=Kind.GAUGE,
        meaning="Triggers of a broker.",
        points=[
            Point(
                value=each["triggers"],
                labels={"namespace": each["namespace"], "broker": each["name"]},
            )
            for each in brokers
        ],
    )
