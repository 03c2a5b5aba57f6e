"""`python -m benchmarks.local`: the local platform and its peers in one run, then a table."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from benchmarks.local import events, proxied, rest
from benchmarks.local.platform import up
from benchmarks.serving import load
from benchmarks.serving.circumstances import circumstances
from benchmarks.serving.servers import ServerError

_PARTS = ("proxied", "events", "rest")


def main() -> int:
    """Run the command; 0 when every answer was right."""
    options = _options()
    if not load.is_available():
        print(load.MISSING, file=sys.stderr)
        return 1
    settings = {"rounds": options.rounds, "seconds": options.seconds}
    found: dict[str, object] = {"circumstances": circumstances(settings)}
    faults = 0
    try:
        with up(core=0, replicas_core=1) as platform:
            if "proxied" in options.parts:
                ways = proxied.measure(platform, **settings, told=_tell)
                print(proxied.table(ways, seconds=options.seconds), end="\n\n")
                found["proxied"] = [asdict(each) for each in ways]
                faults += sum(run.faults for each in ways for run in (*each.runs, *each.paced))
            if "rest" in options.parts:
                rested = rest.measure(platform, starts=options.starts, told=_tell)
                print(rest.table(rested), end="\n\n")
                found["rest"] = asdict(rested)
                platform.scale("order", 1)
            if "events" in options.parts:
                runs = events.measure(platform, **settings, told=_tell)
                print(events.table(runs), end="\n\n")
                found["events"] = [asdict(each) for each in runs]
                faults += sum(each.faults for each in runs)
    except ServerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    if faults:
        print(f"error: {faults} requests failed", file=sys.stderr)
    return 1 if faults else 0


def _tell(what: str) -> None:
    print(what, file=sys.stderr)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.local", description=__doc__)
    parser.add_argument("--parts", nargs="+", choices=_PARTS, default=_PARTS, metavar="PART")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each (3)")
    parser.add_argument("--seconds", type=int, default=3, help="length of a run (3)")
    parser.add_argument("--starts", type=int, default=20, help="cold starts (20)")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
