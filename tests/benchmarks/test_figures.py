"""Rounds are compared with each other, and a run is read back as it was written."""

import math

from benchmarks.serving import figures
from benchmarks.serving.figures import ColdStart, Memory, Ratio, Results

from .runs import results, series


def test_a_ratio_is_taken_within_each_round():
    found = figures.requests_ratio(series("wherry", 1000, 400, 900), series("other", 100, 50, 100))
    assert (found.median, found.least, found.most) == (9.0, 8.0, 10.0)


def test_a_server_that_answers_nothing_is_infinitely_slower():
    assert Ratio.of([10.0], [0.0]).median == math.inf


def test_the_ideal_is_a_bound_of_the_workload():
    found = figures.ideal_ratio(series("wherry", 3040, 3120, ideal_per_s=3200))
    assert (found.least, found.most) == (0.95, 0.975)


def test_a_small_ratio_is_told_finer():
    assert str(Ratio(median=12.34, least=11.96, most=13.0)) == "12.3 (12.0 to 13.0)"
    assert str(Ratio(median=0.374, least=0.3, most=0.4)) == "0.37 (0.30 to 0.40)"


def test_a_run_is_read_back_as_it_was_written(tmp_path):
    written = results(
        series("wherry", 10.0, 20.0, ideal_per_s=30.0),
        ColdStart(handler="event", peer="wherry", runs_ms=[70.5, 71.0]),
        Memory(workers=2, peer="wherry", runs_mb=[30.1]),
    )
    written.write(tmp_path / "run.json")
    assert Results.read(tmp_path / "run.json") == written
