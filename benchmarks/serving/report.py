"""A run as a table for people, and what it was to reach."""

from __future__ import annotations

from benchmarks.serving.figures import Results, Series, ideal_ratio, p99_ratio, requests_ratio
from benchmarks.serving.goals import judged
from benchmarks.serving.peers import SUBJECT


def table(results: Results) -> str:
    """Every measure, each with the subject first and its ratio to every peer."""
    parts = [_requests(results), _cold_starts(results), _memory(results), _goals(results)]
    return "\n\n".join(part for part in parts if part)


def _requests(results: Results) -> str:
    if not results.series:
        return ""
    lines = [
        (
            f"{'workload':17}{'server':25}{'req/s':>9}{'p99 ms':>9}  "
            f"{SUBJECT} answers so many times as much; p99 as a part of theirs"
        )
    ]
    for row in results.series:
        figures = f"{row.per_s:>9,.0f}{row.p99_ms:>9.1f}"
        faults = f"  {row.faults} FAULTS" if row.faults else ""
        compared = _compared(results, row)
        lines.append(f"{row.workload:17}{row.peer:25}{figures}  {compared}{faults}".rstrip())
    return "\n".join(lines)


def _compared(results: Results, row: Series) -> str:
    ideal = f"{ideal_ratio(row).median:.1%} of the ideal  " if row.ideal_per_s else ""
    ours = results.series_of(row.workload, SUBJECT)
    if ours is None or row is ours:
        return ideal
    return f"{ideal}{requests_ratio(ours, row)} times; p99 {p99_ratio(ours, row)}"


def _cold_starts(results: Results) -> str:
    if not results.cold_starts:
        return ""
    lines = [f"{'cold start':17}{'server':25}{'ms':>9}{'least':>9}{'most':>9}"]
    lines += [
        f"{each.handler:17}{each.peer:25}{each.median_ms:>9.1f}"
        f"{min(each.runs_ms):>9.1f}{max(each.runs_ms):>9.1f}"
        for each in results.cold_starts
    ]
    return "\n".join(lines)


def _memory(results: Results) -> str:
    if not results.memory:
        return ""
    lines = [f"{'memory':17}{'server':25}{'PSS MB':>9}"]
    lines += [
        f"{f'{each.workers} workers':17}{each.peer:25}{each.median_mb:>9.1f}"
        for each in results.memory
    ]
    return "\n".join(lines)


def _goals(results: Results) -> str:
    found = judged(results)
    if not found:
        return ""
    width = max(len(each.goal.what) for each in found)
    lines = [f"{'to reach':{width}}  {'goal':>9}  in this run"]
    lines += [
        f"{each.goal.what:{width}}  {each.goal.wanted:>9}  {each.found}"
        f"{'' if each.is_reached else '  NOT REACHED'}"
        for each in found
    ]
    return "\n".join(lines)
