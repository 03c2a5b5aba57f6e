"""Runs of the benchmark that were never made, for the tests of what is done with one."""

from benchmarks.serving.figures import ColdStart, Figures, Memory, Results, Series


def series(peer, *per_s, workload="http", p99_ms=2.0, ideal_per_s=0.0):
    runs = [Figures(per_s=each, p50_ms=1.0, p99_ms=p99_ms, faults=0) for each in per_s]
    return Series(workload=workload, peer=peer, runs=runs, ideal_per_s=ideal_per_s)


def results(*measures):
    return Results(
        circumstances={
            "date": "2026-03-01",
            "processor": "2 cores of a chip",
            "python": "3.11.7",
            "rounds": "2",
        },
        versions={"wherry": "wherry 1", "nginx": "absent: nginx is not installed"},
        series=[each for each in measures if isinstance(each, Series)],
        cold_starts=[each for each in measures if isinstance(each, ColdStart)],
        memory=[each for each in measures if isinstance(each, Memory)],
    )
