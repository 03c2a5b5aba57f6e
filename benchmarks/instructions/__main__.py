"""`python -m benchmarks.instructions`: count, compare with before, and fail on a regression."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from benchmarks.instructions import baseline, counting
from benchmarks.instructions.baseline import ROOT, NoCommit

TOLERANCE = 0.03
_RENEW = "make bench-instructions ARGS=--renew"


def main() -> int:
    """Run the command; 1 when a request costs more than it did, or nothing could be said."""
    options = _options()
    if not counting.is_available():
        print(counting.MISSING, file=sys.stderr)
        return 1
    try:
        if options.renew:
            return _renew()
        before, now, what = _figures(options.against)
    except NoCommit as error:
        print(f"error: nothing to compare with: {error}\n  hint: {_RENEW}", file=sys.stderr)
        return 1
    except counting.CountError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"{baseline.key()}, compared with {what}")
    found = baseline.judge(before, now, tolerance=TOLERANCE)
    print("\n".join(each.line for each in found))
    if any(each.is_regression for each in found):
        print(
            f"error: a request costs over {TOLERANCE:.0%} more than before\n"
            f"  hint: if it is worth it, say why in the commit, and: {_RENEW}",
            file=sys.stderr,
        )
        return 1
    if any(each.change < -TOLERANCE for each in found):
        print(f"cheaper than before: keep it so with {_RENEW}")
    return 0


def _renew() -> int:
    now = counting.count(ROOT)
    baseline.renew(now)
    for name, each in now.items():
        print(f"{name:18}{each:>9,} instructions a request")
    print(f"{baseline.FILE.relative_to(ROOT)} has them for {baseline.key()}")
    return 0


def _figures(against: str) -> tuple[dict[str, int], dict[str, int], str]:
    """What it cost before, what it costs now, and what "before" is."""
    if against:
        return _beside([against])
    before, why_not = baseline.committed()
    if before is not None:
        return before, counting.count(ROOT), "the committed baseline"
    print(f"{why_not}; counting a commit instead", file=sys.stderr)
    return _beside(baseline.commits_before())


def _beside(commits: Sequence[str]) -> tuple[dict[str, int], dict[str, int], str]:
    """The first of `commits` that runs, and the working tree, counted at the same time."""
    with ThreadPoolExecutor(2) as both:
        now = both.submit(counting.count, ROOT)
        for commit in commits:
            before = _counted(commit)
            if before is not None:
                return before, now.result(), f"commit {commit[:12]}"
    raise NoCommit(f"none of these runs: {' '.join(commits)}")


def _counted(commit: str) -> dict[str, int] | None:
    """What a request cost in `commit`; None when it does not run, as one in between may not."""
    try:
        with baseline.tree_of(commit) as tree:
            return counting.count(tree)
    except counting.CountError as error:
        print(f"commit {commit[:12]} does not run: {error}", file=sys.stderr)
        return None


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.instructions", description=__doc__)
    parser.add_argument("--renew", action="store_true", help="make what is counted the baseline")
    parser.add_argument("--against", default="", metavar="COMMIT", help="compare with a commit")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
