"""What a platform costs at rest, and how long who comes first after that waits."""

from __future__ import annotations

import http.client
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.local.platform import Platform, until
from benchmarks.local.proxied import processor_s
from benchmarks.serving.memory import pss_bytes, tree
from benchmarks.serving.servers import ServerError

_REST_S = 5.0


@dataclass(frozen=True, kw_only=True)
class Rest:
    """One look.

    Attributes:
        first_ms: From a request to its answer where the function had no replica, each time.
        awake_mb: Memory of the platform with a replica of each function (PSS).
        asleep_mb: The same without any.
        idle_ms_per_s: Processor time of all of it in a second of rest.
    """

    first_ms: list[float]
    awake_mb: float
    asleep_mb: float
    idle_ms_per_s: float


def measure(platform: Platform, *, starts: int, told: Callable[[str], None]) -> Rest:
    """Put a function to sleep and call it, so many times; then put all to sleep."""
    awake = pss_bytes(platform.pid) / 1e6
    first = []
    for number in range(starts):
        told(f"cold start {number + 1}/{starts}")
        platform.scale("quiet", 0)
        first.append(round(_first_answer_s(platform) * 1000, 1))
    for name in ("greet", "quiet", "order"):
        platform.scale(name, 0)
    told("at rest")
    until(lambda: not any((platform.folder / ".wherry" / "run").iterdir()))
    pids = tree(platform.pid)
    spent = processor_s(pids)
    time.sleep(_REST_S)
    spent = processor_s(pids) - spent
    return Rest(
        first_ms=first,
        awake_mb=round(awake, 1),
        asleep_mb=round(pss_bytes(platform.pid) / 1e6, 1),
        idle_ms_per_s=round(spent / _REST_S * 1000, 1),
    )


def _first_answer_s(platform: Platform) -> float:
    connection = http.client.HTTPConnection("127.0.0.1", platform.port, timeout=30)
    try:
        connection.connect()
        began = time.perf_counter()
        connection.request("GET", "/function/quiet?name=wherry")
        answer = connection.getresponse()
        body = answer.read()
        took = time.perf_counter() - began
    finally:
        connection.close()
    if (answer.status, body) != (200, b"hello wherry\n"):
        raise ServerError(f"the first call after idle got {answer.status} {body[:200]!r}")
    return took


def table(found: Rest) -> str:
    """For people."""
    return (
        f"first answer after idle  median {statistics.median(found.first_ms):.1f} ms, "
        f"{min(found.first_ms):.1f} to {max(found.first_ms):.1f}, {len(found.first_ms)} starts\n"
        f"memory                   {found.awake_mb} MB with 3 replicas, "
        f"{found.asleep_mb} MB asleep\n"
        f"at rest                  {found.idle_ms_per_s} ms of processor time a second"
    )
