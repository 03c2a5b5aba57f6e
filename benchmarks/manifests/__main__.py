"""`python -m benchmarks.manifests`: render and lint a large project, and say how long it took."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.manifests import steps
from benchmarks.manifests.project import write_project
from benchmarks.manifests.steps import Timing

GOAL_S = 5.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 1 when reading and rendering, or linting, takes longer than it may."""
    options = _options(arguments)
    with tempfile.TemporaryDirectory() as folder:
        timings, of_others = _measured(Path(folder), options)
    by_step = _by_step(timings)
    rendering_s = sum(
        _median(found)
        for step, found in by_step.items()
        if step.startswith("render") or step == steps.READ
    )
    linting_s = _median(by_step["lint"])
    if options.json:
        options.json.write_text(_json(by_step, _by_step(of_others), options) + "\n")
    for step, found in {**by_step, **_by_step(of_others)}.items():
        print(_line(step, found))
    print(f"{'read and render, all':36} {rendering_s:8.2f} s")
    if steps.absent():
        print(f"not on the PATH: {', '.join(steps.absent())}")
    if options.functions == 1000 and max(rendering_s, linting_s) > GOAL_S:
        print(f"error: the goal is {GOAL_S:g} s for each", file=sys.stderr)
        return 1
    return 0


def _measured(folder: Path, options: argparse.Namespace) -> tuple[list[Timing], list[Timing]]:
    project, output = folder / "project", folder / "output"
    write_project(project, options.functions)
    timings = [timing for _ in range(options.rounds) for timing in steps.run(project, output)]
    return timings, [] if options.alone else list(steps.peers(output))


def _by_step(timings: Sequence[Timing]) -> dict[str, list[Timing]]:
    found: dict[str, list[Timing]] = {}
    for timing in timings:
        found.setdefault(timing.step, []).append(timing)
    return found


def _median(found: Sequence[Timing]) -> float:
    return statistics.median(each.seconds for each in found)


def _line(step: str, found: Sequence[Timing]) -> str:
    seconds = [each.seconds for each in found]
    objects = found[0].objects
    return (
        f"{step:36} {_median(found):8.2f} s ({min(seconds):.2f} to {max(seconds):.2f})"
        f" {objects:7,} objects {objects / _median(found):9,.0f} a second"
    )


def _json(
    ours: dict[str, list[Timing]], others: dict[str, list[Timing]], options: argparse.Namespace
) -> str:
    from benchmarks.serving.circumstances import circumstances

    settings = {"functions": options.functions, "rounds": options.rounds}
    return json.dumps(
        {
            "circumstances": circumstances(settings),
            "steps": {
                step: {
                    "objects": found[0].objects,
                    "seconds": [round(each.seconds, 4) for each in found],
                }
                for step, found in {**ours, **others}.items()
            },
            "absent": steps.absent(),
        },
        indent=2,
    )


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.manifests", description=__doc__)
    parser.add_argument("--functions", type=int, default=1000, help="how many [default: 1000]")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each step [default: 5]")
    parser.add_argument("--alone", action="store_true", help="leave the peers out")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every run")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
