"""Thirty minutes of mixed load: `python -m benchmarks.soak`."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

from benchmarks.serving.circumstances import circumstances
from benchmarks.serving.origins import ThisEnvironment
from benchmarks.soak import plot, publication, report, vitals
from benchmarks.soak.figures import Results, Run
from benchmarks.soak.run import soak
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
    told = partial(print, file=sys.stderr, flush=True)
    seconds = options.minutes * 60
    interval_s = min(_MOST_S, max(_LEAST_S, seconds / _SAMPLES))
    run = soak(workers=options.workers, seconds=seconds, interval_s=interval_s, told=told)
    results = _with_former(options.json, run) if options.add else _fresh(run)
    print(report.table(results))
    if options.json is not None:
        results.write(options.json)
    if options.svg is not None:
        options.svg.write_text(plot.svg(results))
    if options.publish:
        results.write(publication.RESULTS)
        publication.publish(results)
    return 0 if is_flat(run) else 1


def _fresh(run: Run) -> Results:
    return Results(circumstances=_circumstances(), runs=[run])


def _circumstances() -> dict[str, str]:
    known = circumstances({"version": ThisEnvironment().version()})
    del known["load"]  # that tool is not used here
    return known


def _with_former(path: Path, run: Run) -> Results:
    """`run` beside those in `path` with another number of workers."""
    others = [each for each in Results.read(path).runs if each.workers != run.workers]
    return Results(circumstances=_circumstances(), runs=[*others, run])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0, help="how long (30)")
    parser.add_argument("--workers", type=int, default=1, help="1 is one process alone (1)")
    parser.add_argument("--json", type=Path, help="write every sample there")
    parser.add_argument("--svg", type=Path, help="draw the run there")
    parser.add_argument(
        "--add", action="store_true", help="beside the runs that --json already has"
    )
    parser.add_argument(
        "--publish", action="store_true", help="as benchmarks/soak/results.json and in the docs"
    )
    options = parser.parse_args()
    if options.add and (options.json is None or not options.json.exists()):
        parser.error("--add needs a --json that is there")
    return options


if __name__ == "__main__":
    sys.exit(main())
