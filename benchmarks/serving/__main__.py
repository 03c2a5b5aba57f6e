"""`python -m benchmarks.serving`: check every answer, then measure, then print."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from pathlib import Path

from benchmarks.serving import load, report
from benchmarks.serving.peers import PEERS, Peer
from benchmarks.serving.servers import ServerError, running
from benchmarks.serving.workloads import WORKLOADS, Workload

SUBJECT = "wherry"


def main() -> int:
    """Run the command; 0 when every answer was right and no request failed."""
    options = _options()
    if options.list:
        for each in PEERS:
            print(f"{each.name:25}{each.about}")
        return 0
    if not (options.check or load.is_available()):
        print(load.MISSING, file=sys.stderr)
        return 1
    peers = [each for each in PEERS if each.name in options.peers]
    series: list[report.Series] = []
    for workload in (each for each in WORKLOADS if each.name in options.workloads):
        able = [peer for peer in peers if workload.app in peer.commands]
        try:
            series += _measured(workload, able, options)
        except ServerError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
    if options.check:
        print("every answer is right")
        return 0
    print(report.table(series, SUBJECT))
    if options.json:
        settings = {"rounds": options.rounds, "seconds": options.seconds}
        text = json.dumps(report.document(series, SUBJECT, settings), indent=2)
        options.json.write_text(text + "\n")
    return 1 if any(each.faults for each in series) else 0


def _measured(
    workload: Workload, peers: list[Peer], options: argparse.Namespace
) -> list[report.Series]:
    """All servers are up and idle but the one under load; rounds go from one to the next."""
    runs: dict[str, list[load.Figures]] = {peer.name: [] for peer in peers}
    with contextlib.ExitStack() as stack:
        ports = {peer.name: stack.enter_context(running(peer, workload.app)) for peer in peers}
        for name, port in ports.items():
            fault = workload.fault(port)
            if fault:
                raise ServerError(f"{name} answers {workload.name} wrongly: {fault}")
        if options.check:
            return []
        for port in ports.values():
            load.run(workload, port, seconds=1)
        for number in range(options.rounds):
            for name, port in ports.items():
                print(f"{workload.name} {number + 1}/{options.rounds} {name}", file=sys.stderr)
                runs[name].append(load.run(workload, port, seconds=options.seconds))
    return [
        report.Series(workload=workload.name, peer=name, runs=each) for name, each in runs.items()
    ]


def _options() -> argparse.Namespace:
    names, kinds = [each.name for each in PEERS], [each.name for each in WORKLOADS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving", description=__doc__)
    parser.add_argument("--peers", nargs="+", choices=names, default=names, metavar="PEER")
    parser.add_argument("--workloads", nargs="+", choices=kinds, default=kinds, metavar="WORKLOAD")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each peer (5)")
    parser.add_argument("--seconds", type=int, default=3, help="length of a run (3)")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    parser.add_argument("--check", action="store_true", help="check the answers, measure nothing")
    parser.add_argument("--list", action="store_true", help="list the peers")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
