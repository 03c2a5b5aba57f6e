"""A run as a table for people."""

from __future__ import annotations

from benchmarks.soak.figures import Results, Run
from benchmarks.soak.verdict import LEAST_S, growth_bytes_per_turn, judged


def table(results: Results) -> str:
    """Every run and what is to be said of it."""
    return "\n\n".join(_one(run) for run in results.runs)


def name(run: Run) -> str:
    """How a run is called."""
    return "one process alone" if run.workers == 1 else f"{run.workers} workers under gunicorn"


def _one(run: Run) -> str:
    turns = sum(run.sent.values())
    lines = [f"{name(run)}: {turns:,} turns in {run.seconds:.0f} s, {turns / run.seconds:.0f} a s"]
    for each in judged(run):
        mark = "ok " if each.is_kept else "NOT"
        lines.append(f"  {mark}  {each.what:22} {each.found}")
    if run.seconds < LEAST_S:
        lines.append(f"       too short to say what grows: that takes {LEAST_S:.0f} s")
    else:
        lines.append(f"       memory for each turn   {growth_bytes_per_turn(run):+.1f} bytes")
    lines += [f"  wrong: {fault}" for fault in run.faults]
    lines += [f"  logged: {complaint}" for complaint in run.complaints]
    return "\n".join(lines)
