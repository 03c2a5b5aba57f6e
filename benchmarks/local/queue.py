"""How many messages a second the queue accepts durably, and how many deliveries it settles.

`python -m benchmarks.local.queue` prints a line for each number of receivers; `measure` is for the
benchmark of the whole platform. Nothing is delivered to anybody: this is what the queue leaves of a
second for everything else.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.serving.circumstances import circumstances
from wherry_local.queue.bounds import Bounds
from wherry_local.queue.delivery import Accepted, Attempt, Kind, Message, Settlement, State
from wherry_local.queue.sqlite import SqliteQueue

HEADERS = (
    (b"ce-specversion", b"1.0"),
    (b"ce-id", b"A234-1234-1234"),
    (b"ce-type", b"com.acme.order.placed"),
    (b"ce-source", b"/shop/orders"),
    (b"ce-time", b"2026-04-05T17:31:00Z"),
    (b"content-type", b"application/json"),
)
ATTRIBUTES = {name.decode()[3:]: value.decode() for name, value in HEADERS[:-1]}
DELIVERED = Settlement(state=State.DELIVERED, attempt=Attempt(at=0.0, took_s=0.01, status=200))
ROOMY = Bounds(pending_messages=10_000_000, pending_bytes=1 << 40)
LEASED_AT_ONCE = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was seen; seconds of CPU are of all threads of the process.

    Attributes:
        receivers: Deliveries of each message.
        senders: Messages that wait to be stored at once.
    """

    receivers: int
    senders: int
    messages: int
    accepted_per_s: float
    accepted_per_cpu_s: float
    accept_p50_ms: float
    accept_p99_ms: float
    settled_per_s: float
    settled_per_cpu_s: float


def measure(
    folder: Path, *, receivers: int, messages: int, senders: int = 64, body_bytes: int = 256
) -> Figures:
    """Accept so many messages with so many receivers each, then settle every delivery."""
    return asyncio.run(_measure(folder, receivers, messages, senders, b"x" * body_bytes))


async def _measure(
    folder: Path, receivers: int, messages: int, senders: int, body: bytes
) -> Figures:
    queue = SqliteQueue(folder / "queue.sqlite3", bounds=ROOMY)
    subscribers = tuple(f"trigger-{number}" for number in range(receivers))
    numbers = iter(range(messages))
    waits_s: list[float] = []

    async def send() -> None:
        for number in numbers:
            message = Message(
                key=f"{number:026d}",
                kind=Kind.EVENT,
                scope="default/default",
                headers=HEADERS,
                body=body,
                attributes=ATTRIBUTES,
                accepted_at=time.time(),
            )
            began = time.perf_counter()
            await queue.accept(Accepted(message=message, subscribers=subscribers))
            waits_s.append(time.perf_counter() - began)

    began, cpu_began = time.perf_counter(), time.process_time()
    await asyncio.gather(*(send() for _ in range(senders)))
    accept_s, accept_cpu_s = time.perf_counter() - began, time.process_time() - cpu_began
    began, cpu_began = time.perf_counter(), time.process_time()
    settled = 0
    while leased := await queue.lease(LEASED_AT_ONCE, 60.0):
        settled += len(leased)
        await asyncio.gather(*(queue.settle(each, DELIVERED) for each in leased))
    settle_s, settle_cpu_s = time.perf_counter() - began, time.process_time() - cpu_began
    await queue.close()
    centiles = statistics.quantiles(waits_s, n=100)
    return Figures(
        receivers=receivers,
        senders=senders,
        messages=messages,
        accepted_per_s=messages / accept_s,
        accepted_per_cpu_s=messages / accept_cpu_s,
        accept_p50_ms=centiles[49] * 1e3,
        accept_p99_ms=centiles[98] * 1e3,
        settled_per_s=settled / settle_s,
        settled_per_cpu_s=settled / settle_cpu_s,
    )


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.local.queue", description=__doc__)
    parser.add_argument("--receivers", type=int, nargs="+", default=[1, 10, 100])
    parser.add_argument("--deliveries", type=int, default=20_000, help="of each measurement")
    parser.add_argument("--senders", type=int, nargs="+", default=[1, 64])
    parser.add_argument("--json", type=Path, help="write the figures there")
    options = parser.parse_args()
    found = []
    for senders in options.senders:
        for receivers in options.receivers:
            with tempfile.TemporaryDirectory(dir=os.environ.get("WHERRY_BENCH_FOLDER")) as made:
                messages = max(500, options.deliveries // receivers)
                figures = measure(
                    Path(made), receivers=receivers, messages=messages, senders=senders
                )
            found.append(asdict(figures))
            print(
                f"{receivers:4d} receivers, {senders:3d} senders: {figures.accepted_per_s:7.0f}"
                f" accepted/s ({figures.accepted_per_cpu_s:.0f} a second of CPU,"
                f" p50 {figures.accept_p50_ms:.2f} ms, p99 {figures.accept_p99_ms:.2f} ms),"
                f" {figures.settled_per_s:.0f} settled/s"
            )
    if options.json:
        settings = {"body_bytes": 256, "synchronous": "FULL"}
        options.json.write_text(
            json.dumps({"circumstances": circumstances(settings), "queue": found}, indent=2)
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
