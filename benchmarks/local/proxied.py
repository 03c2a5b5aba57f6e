"""Requests through the gateway, beside the same function asked directly and through plain proxies.

A proxy has core 0 for itself; the load and the function share core 1. There the load of a fast
proxy is the limit, so beside requests a second stand requests for each second of processor time
that the proxy itself took: what one core would carry.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.local.platform import Platform
from benchmarks.local.proxies import PROXIES, proxying
from benchmarks.serving import load
from benchmarks.serving.answers import Body
from benchmarks.serving.figures import Figures, Ratio
from benchmarks.serving.memory import tree
from benchmarks.serving.servers import (
    Launch,
    Running,
    ServerError,
    clean_environment,
    free_ports,
    serving,
)
from benchmarks.serving.workloads import Workload

GATEWAY, LOGGED, DIRECT = "wherry", "wherry, access log on", "direct"
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_PAUSE_MS = 4
_PACED_S = 1
"""Rounds at half load are short and many: shared machines stand still for some milliseconds a few
times a second, and the median is of rounds in which they did so seldom."""
_PACED_ROUNDS = 9
_HANDLER = Path(__file__).parent / "project" / "greet.py"


@dataclass(frozen=True, kw_only=True)
class Proxied:
    """The runs of one way to the function, in the order of the rounds.

    Attributes:
        way: What stands between.
        runs: Load as fast as it answers.
        processor_s: Processor time that what stands between took in each.
        paced: Load at about half of what the gateway answered.
    """

    way: str
    runs: list[Figures] = field(default_factory=list)
    processor_s: list[float] = field(default_factory=list)
    paced: list[Figures] = field(default_factory=list)

    def per_core_s(self, seconds: int) -> list[float]:
        """Requests for each second of processor time."""
        return [
            run.per_s * seconds / spent if spent else 0.0
            for run, spent in zip(self.runs, self.processor_s, strict=True)
        ]


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way to the function: the load's port and target, and whose processor time counts."""

    name: str
    port: int
    target: str
    pids: Callable[[], Sequence[int]]

    def workload(self, connections: int = 32) -> Workload:
        """What is asked."""
        return Workload(
            name=self.name,
            about="GET with a query",
            app="greet",
            target=self.target,
            expected=Body(b"hello wherry\n"),
            connections=connections,
        )


def measure(
    platform: Platform, *, rounds: int, seconds: int, told: Callable[[str], None]
) -> list[Proxied]:
    """Every way in every round; then all at the same pace.

    Raises:
        ServerError: Something does not start, or answers wrongly.
    """
    with contextlib.ExitStack() as stack:
        ways = _ways(platform, stack, told)
        found = {way.name: Proxied(way=way.name) for way in ways}
        for way in ways:
            fault = way.workload().fault(way.port)
            if fault:
                raise ServerError(f"{way.name}: {fault}")
            load.run(way.workload(), way.port, seconds=1)
        for number in range(rounds):
            for way in ways:
                told(f"proxied {number + 1}/{rounds} {way.name}")
                before = processor_s(way.pids())
                run = load.run(way.workload(), way.port, seconds=seconds)
                found[way.name].processor_s.append(processor_s(way.pids()) - before)
                found[way.name].runs.append(run)
        gateway = found[GATEWAY].runs
        half = sorted(run.per_s for run in gateway)[len(gateway) // 2] / 2
        connections = max(1, round(half * _PAUSE_MS / 1000))
        for number in range(_PACED_ROUNDS):
            for way in ways:
                told(f"at half load {number + 1}/{_PACED_ROUNDS} {way.name}")
                paced = load.run(
                    way.workload(connections), way.port, seconds=_PACED_S, pause_ms=_PAUSE_MS
                )
                found[way.name].paced.append(paced)
    return list(found.values())


def _ways(
    platform: Platform, stack: contextlib.ExitStack, told: Callable[[str], None]
) -> list[Way]:
    query = "?name=wherry"
    direct = stack.enter_context(_direct())
    own = (platform.pid,)  # its replicas are below it, and are not what stands between
    ways = [
        Way(name=DIRECT, port=direct.port, target=f"/{query}", pids=lambda: (direct.pid,)),
        Way(
            name=GATEWAY,
            port=platform.port,
            target=f"/function/quiet{query}",
            pids=lambda: own,
        ),
        Way(
            name=LOGGED,
            port=platform.port,
            target=f"/function/greet{query}",
            pids=lambda: own,
        ),
    ]
    for proxy in PROXIES:
        if proxy.program is None:
            told(f"{proxy.name}: absent: it is not on the PATH")
            continue
        server = stack.enter_context(proxying(proxy, platform.replica("quiet"), core=0))
        ways.append(
            Way(
                name=proxy.name,
                port=server.port,
                target=f"/{query}",
                pids=lambda pid=server.pid: tree(pid),  # type: ignore[misc]
            )
        )
    return ways


def _direct() -> contextlib.AbstractContextManager[Running]:
    """The function by itself, on core 0, as everything that stands between would be."""
    port = free_ports(1)[0]
    settings = {
        "WHERRY_HANDLER": str(_HANDLER),
        "WHERRY_ACCESS_LOG": "off",
        "WHERRY_METRICS_PORT": "off",
        "PORT": str(port),
    }
    launch = Launch(
        words=(sys.executable, "-m", "wherry"),
        environment=clean_environment() | settings,
        port=port,
    )
    return serving(launch, "the function does not serve", core=0)


def processor_s(pids: Sequence[int]) -> float:
    """Processor time that processes have taken so far."""
    total = 0.0
    for pid in pids:
        with contextlib.suppress(OSError):
            words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += (int(words[11]) + int(words[12])) * _TICK_S
    return total


def table(found: Sequence[Proxied], *, seconds: int) -> str:
    """For people: each way, and the gateway as a multiple of it."""
    ours = next(each for each in found if each.way == GATEWAY)
    direct = next(each for each in found if each.way == DIRECT)
    names = f"{'req/s':>9}{'per core s':>12}{'p99 ms':>9}{'half load: p99 ms':>19}"
    compared = f"{GATEWAY} per core s, as a multiple; p99 added to direct at half load, ms"
    lines = [f"{'way':24}{names}  {compared}"]
    for each in found:
        per_s = _median([run.per_s for run in each.runs])
        p99 = _median([run.p99_ms for run in each.runs])
        paced = _median([run.p99_ms for run in each.paced])
        ratio = Ratio.of(ours.per_core_s(seconds), each.per_core_s(seconds))
        added = paced - _median([run.p99_ms for run in direct.paced])
        faults = sum(run.faults for run in (*each.runs, *each.paced))
        lines.append(
            f"{each.way:24}{per_s:>9,.0f}{_median(each.per_core_s(seconds)):>12,.0f}{p99:>9.1f}"
            f"{paced:>19.2f}  {ratio}; {added:.2f}{f'  {faults} FAULTS' if faults else ''}"
        )
    return "\n".join(lines)


def _median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]
