"""Events through the broker: accepted durably, and delivered to every trigger that wants them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.local.platform import Platform, until
from benchmarks.local.proxied import processor_s
from benchmarks.serving import load
from benchmarks.serving.answers import Received
from benchmarks.serving.workloads import Workload

_DRAIN_S = 300.0
_RUN_S = 1
"""Runs are short and many: more than 10,000 events may not wait, and a round that fills the queue
does not count."""


@dataclass(frozen=True, kw_only=True)
class Events:
    """One run: how many events a second were accepted, and how long all of it took.

    Attributes:
        triggers: Deliveries of each event.
        accepted_per_s: Answers 202 in a second; the event is stored by then.
        p99_ms: Of those answers.
        processor_s: Processor time of the platform's process while it accepted.
        delivered_per_s: Deliveries in a second, from the first event to the last delivery.
        faults: Answers that were not 202, such as 429 where the queue was full. The rates count
            these too, so that they say nothing unless there are none.
    """

    triggers: int
    accepted_per_s: float
    p99_ms: float
    processor_s: float
    delivered_per_s: float
    faults: int

    @property
    def per_core_s(self) -> float:
        """Events accepted for each second of processor time of the platform's process."""
        return self.accepted_per_s * _RUN_S / max(self.processor_s, 0.01)


def measure(
    platform: Platform, *, rounds: int, seconds: int, told: Callable[[str], None]
) -> list[Events]:
    """With one trigger and with ten, `rounds` times `seconds` runs of a second each.

    Raises:
        ServerError: The queue was not delivered in time.
    """
    found = []
    count = rounds * seconds
    for number in range(count):
        for broker, triggers in (("one", 1), ("ten", 10)):
            told(f"events {number + 1}/{count} {triggers} triggers")
            found.append(_run(platform, broker, triggers))
    return found


def _run(platform: Platform, broker: str, triggers: int) -> Events:
    workload = Workload(
        name=broker,
        about="a binary event",
        app="order",
        method="POST",
        target=f"/default/{broker}",
        headers={
            "content-type": "application/json",
            "ce-specversion": "1.0",
            "ce-id": "b5e4ad2e-9d84-4f2c-8f3c-b0e9f1a2c3d4",
            "ce-type": "com.acme.order.placed",
            "ce-source": "https://acme.example/shop",
        },
        body=b'{"order": "A-1042", "total": 42}',
        expected=Received(),
    )
    spent, began = processor_s((platform.pid,)), time.monotonic()
    run = load.run(workload, platform.broker_port, seconds=_RUN_S)
    spent = processor_s((platform.pid,)) - spent
    until(lambda: not (platform.queue()["due"] or platform.queue()["leased"]), _DRAIN_S)
    took = time.monotonic() - began
    delivered = run.per_s * _RUN_S * triggers  # the queue's own count is of what it still keeps
    return Events(
        triggers=triggers,
        accepted_per_s=run.per_s,
        p99_ms=run.p99_ms,
        processor_s=round(spent, 2),
        delivered_per_s=round(delivered / took, 1),
        faults=run.faults,
    )


def table(found: Sequence[Events]) -> str:
    """For people: medians of the runs of each number of triggers that had no faults."""
    names = ("accepted/s", "per core s", "p99 ms", "delivered/s")
    lines = [f"{'triggers':>8}" + "".join(f"{name:>13}" for name in names)]
    for triggers in sorted({each.triggers for each in found}):
        runs = [each for each in found if each.triggers == triggers]
        lines.append(f"{triggers:>8}{_told(runs)}")
    return "\n".join(lines)


def _told(runs: Sequence[Events]) -> str:
    whole = [run for run in runs if not run.faults]
    faults = sum(run.faults for run in runs)
    told = f"  {len(runs) - len(whole)} runs do not count: {faults} faults" if faults else ""
    if not whole:
        return told
    per_core = [run.per_core_s for run in whole]
    return (
        f"{median(run.accepted_per_s for run in whole):>13,.0f}{median(per_core):>13,.0f}"
        f"{median(run.p99_ms for run in whole):>13.1f}"
        f"{median(run.delivered_per_s for run in whole):>13,.0f}"
        f"  {len(whole)} runs, {min(per_core):,.0f} to {max(per_core):,.0f} per core s{told}"
    )
