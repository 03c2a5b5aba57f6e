"""`python -m benchmarks.build`: how long it takes from an edited line to a pushed image.

Needs docker-registry and a Docker Engine with the base image of the interop tier:
`tests/interop/run.sh python -m benchmarks.build`.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.interop.distribution import distribution

from benchmarks.build.contestants import Contestant, Docker, Pip, Site, Wherry, manifest, ran
from benchmarks.build.measurement import WORKLOADS, Timings, measure
from benchmarks.serving.circumstances import circumstances
from wherry_build.image.runtime_wheel import runtime_wheel

BASE = "wherry-test-base:bookworm"
REQUIREMENTS = "requests==2.32.5\npydantic==2.12.3\n"
GOALS = {("edit", "docker"): 3.0, ("edit", "pip"): 20.0}
"""How many times ours each is to take."""
EDIT_S = 0.6
START_S = 0.2
OVER_BASE_BYTES = 30_000_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 1 when a goal is missed."""
    options = _options(arguments)
    absent = [tool for tool in ("docker", "docker-registry") if shutil.which(tool) is None]
    if absent:
        print(
            f"error: {' and '.join(absent)}: not found; hint: make interop-tools", file=sys.stderr
        )
        return 3
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        with distribution(folder / "registry") as registry:
            site = Site(folder=folder, registry=registry, base=_base(registry))
            timings, over_base = _measured(site, options)
    starts = [_start_s() for _ in range(max(3, options.rounds))]
    missed = _report(timings, over_base, starts)
    if options.json:
        settings = {"rounds": options.rounds, "requirements": REQUIREMENTS.split()}
        options.json.write_text(
            json.dumps(
                {
                    "circumstances": circumstances(settings),
                    "seconds": timings.seconds,
                    "over_base_bytes": over_base,
                    "start_seconds": starts,
                },
                indent=1,
            )
            + "\n"
        )
    return 1 if missed else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.build", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workloads", nargs="+", choices=WORKLOADS, default=list(WORKLOADS))
    parser.add_argument("--peers", nargs="*", choices=["docker", "pip"], default=["docker", "pip"])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure")
    return parser.parse_args(arguments)


def _base(registry: str) -> str:
    """Put the base into the registry."""
    image = f"{registry}/base:1"
    ran(["docker", "tag", BASE, image])
    ran(["docker", "push", "--quiet", image])
    return image


def _measured(site: Site, options: argparse.Namespace) -> tuple[Timings, int]:
    made = runtime_wheel()
    wheel = site.folder / made.name
    wheel.write_bytes(made.content)
    contestants: list[Contestant] = [Wherry(site)]
    if "docker" in options.peers:
        contestants.append(Docker(site, wheel))
    if "pip" in options.peers:
        contestants.append(Pip(site, wheel))
    timings = measure(
        site,
        contestants,
        options.workloads,
        rounds=options.rounds,
        requirements=REQUIREMENTS,
        told=lambda text: print(text, file=sys.stderr),
    )
    site.write(0, "")
    bare = Wherry(site)
    bare.build()
    return timings, _over_base(site, bare.digest)


def _over_base(site: Site, digest: str) -> int:
    """What the plain HTTP function takes in the registry, over its base."""
    base = {each["digest"] for each in manifest(site, "base", "1")["layers"]}
    own = manifest(site, "wherry/hello", digest)["layers"]
    return sum(each["size"] for each in own if each["digest"] not in base)


def _start_s() -> float:
    began = time.perf_counter()
    command = str(Path(sys.executable).with_name("wherry"))
    subprocess.run([command, "--version"], check=True, capture_output=True, timeout=60)
    return time.perf_counter() - began


def _report(timings: Timings, over_base: int, starts: list[float]) -> list[str]:
    """Print what was measured; the goals that were missed."""
    missed = []
    for workload, by_name in timings.seconds.items():
        print(f"{workload}: {WORKLOADS[workload]}")
        for name, seconds in by_name.items():
            line = f"  {name:8} {timings.median(workload, name):7.2f} s"
            line += f" ({min(seconds):.2f} to {max(seconds):.2f})"
            if name != "wherry":
                ratio, least, most = timings.ratio(workload, name)
                line += f", {ratio:.1f} times ours ({least:.1f} to {most:.1f})"
                goal = GOALS.get((workload, name))
                if goal is not None:
                    line += f"; to reach {goal:g}"
                    missed += [f"{workload} beside {name}"] if ratio < goal else []
            print(line)
    checks = [
        ("start of the command", statistics.median(starts), START_S, "s"),
        ("image over its base", over_base / 1e6, OVER_BASE_BYTES / 1e6, "MB"),
    ]
    if "edit" in timings.seconds:
        checks.append(
            ("whole command after an edit", timings.median("edit", "wherry"), EDIT_S, "s")
        )
    for what, found, goal, unit in checks:
        print(f"{what}: {found:.2f} {unit}; to reach {goal:g} {unit}")
        missed += [what] if found > goal else []
    for what in missed:
        print(f"missed: {what}", file=sys.stderr)
    return missed


if __name__ == "__main__":
    sys.exit(main())
