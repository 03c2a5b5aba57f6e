"""`python -m benchmarks.serving`: check every answer, then measure, then print."""

from __future__ import annotations

import argparse
import contextlib
import itertools
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.serving import circumstances, cold_start, load, memory, pool_alone, report
from benchmarks.serving.figures import ColdStart, Figures, Memory, Results, Series
from benchmarks.serving.peers import PEERS, SUBJECT, Peer
from benchmarks.serving.publication import PUBLICATION
from benchmarks.serving.servers import Running, ServerError, prepared, running
from benchmarks.serving.workloads import WORKLOADS, Workload

_PARTS = ("requests", "cold-start", "memory")


@dataclass(frozen=True, kw_only=True)
class Profile:
    """How much is measured."""

    workloads: Sequence[str]
    rounds: int
    seconds: int
    cold_runs: int
    memory_runs: int


FULL = Profile(
    workloads=tuple(each.name for each in WORKLOADS),
    rounds=5,
    seconds=3,
    cold_runs=15,
    memory_runs=3,
)
# About six minutes with every peer.
QUICK = Profile(
    workloads=(
        *("http", "http-new", "event-binary", "event-structured"),
        *("blocking-10ms", "async-10ms"),
    ),
    rounds=3,
    seconds=1,
    cold_runs=5,
    memory_runs=1,
)


def main() -> int:
    """Run the command; 0 when every answer was right and no request failed."""
    options = _options()
    if options.list:
        _list()
        return 0
    if not (options.check or load.is_available()):
        print(load.MISSING, file=sys.stderr)
        return 1
    peers, versions = _present([each for each in PEERS if each.name in options.peers])
    faults: list[str] = []
    if options.check:
        _check(peers, _chosen(options), faults)
        if not faults:
            print("every answer is right")
    else:
        results = _measured(peers, versions, options, faults)
        print(report.table(results))
        if options.json:
            results.write(options.json)
        if options.publish and not (faults or _failed(results, SUBJECT)):
            PUBLICATION.publish(results)
        faults += [each for name in versions for each in _failed(results, name)]
    for fault in faults:
        print(f"error: {fault}", file=sys.stderr)
    return 1 if faults else 0


def _list() -> None:
    for peer in PEERS:
        print(f"{peer.name:25}{peer.about}")
    print()
    for workload in WORKLOADS:
        print(f"{workload.name:25}{workload.about}")


def _present(peers: list[Peer]) -> tuple[list[Peer], dict[str, str]]:
    """Those whose programs are here; what runs, and why the others do not."""
    versions = circumstances.versions(peers)
    for name, version in versions.items():
        if version.startswith("absent"):
            print(f"{name}: {version}", file=sys.stderr)
    here = [peer for peer in peers if not versions[peer.name].startswith("absent")]
    return here, versions


def _failed(results: Results, peer: str) -> list[str]:
    """The workloads in which requests to `peer` failed."""
    failed = [each for each in results.series if each.peer == peer and each.faults]
    return [f"{peer}: {each.faults} requests of {each.workload} failed" for each in failed]


@contextlib.contextmanager
def _noted(faults: list[str]) -> Iterator[None]:
    """A server that fails is told at the end; what the others do is worth measuring still."""
    try:
        yield
    except ServerError as error:
        faults.append(str(error))


def _check(peers: list[Peer], workloads: list[Workload], faults: list[str]) -> None:
    """Start each function once, and ask it what every workload would."""
    apps = dict.fromkeys(each.app for each in workloads)
    for peer, app in itertools.product(peers, apps):
        if peer.serves and app in peer.commands:
            with _noted(faults), running(peer, app) as server:
                for workload in (each for each in workloads if each.app == app):
                    _check_one(workload, peer, server)


def _check_one(workload: Workload, peer: Peer, server: Running) -> None:
    fault = workload.fault(server.port)
    if fault:
        raise ServerError(f"{peer.name} answers {workload.name} wrongly: {fault}")


def _measured(
    peers: list[Peer], versions: dict[str, str], options: argparse.Namespace, faults: list[str]
) -> Results:
    """Every part that was asked for."""
    settings = {"rounds": options.rounds, "seconds": options.seconds}
    series: list[Series] = []
    cold_starts: list[ColdStart] = []
    held: list[Memory] = []
    for workload in _chosen(options) if "requests" in options.parts else ():
        with _noted(faults):
            series += _loaded(workload, _able(workload, peers), options)
    if "cold-start" in options.parts:
        with _noted(faults):
            cold_starts = cold_start.measure(peers, runs=options.cold_runs, told=_tell)
    if "memory" in options.parts and memory.is_available():
        runs, seconds = options.memory_runs, options.seconds
        with _noted(faults):
            held = memory.measure(peers, runs=runs, seconds=seconds, told=_tell)
    return Results(
        circumstances=circumstances.circumstances(settings),
        versions=versions,
        series=series,
        cold_starts=cold_starts,
        memory=held,
    )


def _loaded(workload: Workload, peers: list[Peer], options: argparse.Namespace) -> list[Series]:
    """All servers are up and idle but the one under load; rounds go from one to the next."""
    runs: dict[str, list[Figures]] = {peer.name: [] for peer in peers}
    with contextlib.ExitStack() as stack:
        servers = {
            peer.name: stack.enter_context(running(peer, workload.app))
            for peer in peers
            if peer.serves
        }
        others = {
            peer.name: stack.enter_context(prepared(peer, workload.app))
            for peer in peers
            if not peer.serves
        }
        for peer in peers:
            if peer.serves:
                _check_one(workload, peer, servers[peer.name])
        for server in servers.values():
            load.run(workload, server.port, seconds=1)
        for number in range(options.rounds):
            for name, found in runs.items():
                _tell(f"{workload.name} {number + 1}/{options.rounds} {name}")
                found.append(
                    load.run(workload, servers[name].port, seconds=options.seconds)
                    if name in servers
                    else pool_alone.run(others[name], seconds=options.seconds)
                )
    return [
        Series(workload=workload.name, peer=name, runs=each, ideal_per_s=workload.ideal_per_s)
        for name, each in runs.items()
    ]


def _chosen(options: argparse.Namespace) -> list[Workload]:
    return [each for each in WORKLOADS if each.name in options.workloads]


def _able(workload: Workload, peers: list[Peer]) -> list[Peer]:
    return [peer for peer in peers if workload.app in peer.commands]


def _tell(what: str) -> None:
    print(what, file=sys.stderr)


def _options() -> argparse.Namespace:
    names, kinds = [each.name for each in PEERS], FULL.workloads
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the main measures, in six minutes")
    parser.add_argument("--peers", nargs="+", choices=names, default=names, metavar="PEER")
    parser.add_argument("--workloads", nargs="+", choices=kinds, metavar="WORKLOAD")
    parser.add_argument("--parts", nargs="+", choices=_PARTS, default=_PARTS, metavar="PART")
    parser.add_argument("--rounds", type=int, help="runs of each peer (5; quick 3)")
    parser.add_argument("--seconds", type=int, help="length of a run (3; quick 1)")
    parser.add_argument("--cold-runs", type=int, help="cold starts of each (15; quick 5)")
    parser.add_argument("--memory-runs", type=int, help="looks at each's memory (3; quick 1)")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    parser.add_argument(
        "--publish", action="store_true", help="commit to them: the JSON, the plot, the README"
    )
    parser.add_argument("--check", action="store_true", help="check the answers, measure nothing")
    parser.add_argument("--list", action="store_true", help="list the peers and the workloads")
    options = parser.parse_args()
    profile = QUICK if options.quick else FULL
    for name, value in vars(profile).items():
        if getattr(options, name, None) is None:
            setattr(options, name, value)
    return options


if __name__ == "__main__":
    sys.exit(main())
