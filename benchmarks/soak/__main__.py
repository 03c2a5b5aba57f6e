"""Thirty minutes of mixed load: `python -m benchmarks.soak`."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

from benchmarks.serving.circumstances import circumstances
from benchmarks.soak import plot, report, vitals
from benchmarks.soak.figures import Results, Run
from benchmarks.soak.publication import PUBLICATION
from benchmarks.soak.run import LoadError, soak
from benchmarks.soak.serving import ServerError
from benchmarks.soak.verdict import is_flat

_SAMPLES = 180
_LEAST_S, _MOST_S = 0.5, 10.0
_UNAVAILABLE = """error: this system does not tell what a process holds (/proc/PID/smaps_rollup)
  hint: run it on Linux, in a container for instance"""


def main() -> int:
    """Run, print, write; 1 when something was not as it should be, 2 where it cannot run."""
    options = _options()
    if not vitals.is_available():
        print(_UNAVAILABLE, file=sys.stderr)
        return 2
    try:
        results = Results(circumstances=_circumstances(), runs=_runs(options))
    except (ServerError, LoadError, OSError) as error:
        print(f"error: the run is no run: {error}", file=sys.stderr)
        return 2
    print(report.table(results))
    if options.json is not None:
        results.write(options.json)
    if options.svg is not None:
        options.svg.write_text(plot.svg(results))
    if options.publish:
        PUBLICATION.publish(results)
    return 0 if all(map(is_flat, results.runs)) else 1


def _runs(options: argparse.Namespace) -> list[Run]:
    seconds = options.minutes * 60
    interval_s = min(_MOST_S, max(_LEAST_S, seconds / _SAMPLES))
    told = partial(print, file=sys.stderr, flush=True)
    return [
        soak(workers=workers, seconds=seconds, interval_s=interval_s, told=told)
        for workers in options.workers
    ]


def _circumstances() -> dict[str, str]:
    known = circumstances({})
    del known["load"]  # that tool is not used here
    return known


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0, help="how long (30)")
    parser.add_argument(
        "--workers", type=int, nargs="+", default=[1], help="a run each; 1 is one process alone (1)"
    )
    parser.add_argument("--json", type=Path, help="write every sample there")
    parser.add_argument("--svg", type=Path, help="draw the run there")
    parser.add_argument(
        "--publish", action="store_true", help="as benchmarks/soak/results.json and in the docs"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
