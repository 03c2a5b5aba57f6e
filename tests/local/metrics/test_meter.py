"""Figures of the last minute, by a clock that is set by hand."""

from bisect import bisect_left

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wherry_local.metrics import histogram
from wherry_local.metrics.meter import Meter


class Clock:
    def __init__(self):
        self.now = 50.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_of_no_calls_there_are_no_durations(clock):
    figures = Meter(clock).figures()
    assert (figures.per_second, figures.p50_ms, figures.p95_ms, figures.p99_ms) == (
        0,
        None,
        None,
        None,
    )
    assert (figures.calls, figures.errors) == (0, 0)


def test_figures_are_of_the_calls_that_came(clock):
    meter = Meter(clock)
    for number in range(100):
        clock.now += 0.1
        meter.count(200 if number % 10 else 503, 0.1 if number < 95 else 1.0)
    figures = meter.figures()
    assert figures.per_second == pytest.approx(10, rel=0.01)
    assert (figures.calls, figures.errors) == (100, 10)
    assert figures.p50_ms == pytest.approx(100, rel=0.2)
    assert figures.p99_ms == pytest.approx(1000, rel=0.2)


def test_what_is_older_than_a_minute_does_not_count_but_in_the_totals(clock):
    meter = Meter(clock)
    for _ in range(600):
        clock.now += 0.1
        meter.count(500, 2.0)
    for _ in range(660):
        clock.now += 0.1
        meter.count(200, 0.01)
    figures = meter.figures()
    assert figures.p99_ms == pytest.approx(10, rel=0.2)
    assert figures.per_second == pytest.approx(10, rel=0.1)
    assert (figures.calls, figures.errors) == (1260, 600)


def test_after_a_long_silence_the_last_minute_is_silent(clock):
    meter = Meter(clock)
    for _ in range(30):
        clock.now += 1
        meter.count(200, 0.01)
    clock.now += 1000
    figures = meter.figures()
    assert (figures.per_second, figures.p50_ms) == (0, None)
    meter.count(200, 0.01)
    assert meter.figures().per_second == pytest.approx(1 / 65, abs=0.003)


def test_a_minute_of_turns_is_kept_and_no_more(clock):
    meter = Meter(clock)
    for _ in range(10_000):
        clock.now += 1
        meter.count(200, 0.01)
    assert len(meter._turns) <= 15


def test_bounds_that_are_shown_are_bounds_of_bins():
    assert set(histogram.SHOWN) <= set(histogram.BOUNDS)
    assert list(histogram.BOUNDS) == sorted(histogram.BOUNDS)


def bin_of(seconds):
    return bisect_left(histogram.BOUNDS, seconds)


@settings(deadline=None)
@given(st.lists(st.floats(0.0002, 99), min_size=1), st.floats(0.01, 1))
def test_a_quantile_is_in_the_bin_of_the_truth(durations, share):
    bins = histogram.empty()
    for each in durations:
        bins[bin_of(each)] += 1
    rank = max(1, -int(-len(durations) * share // 1))
    truth = sorted(durations)[min(len(durations), rank) - 1]
    found = histogram.quantile(bins, share)
    assert abs(bin_of(found) - bin_of(truth)) <= 1


def test_longer_than_the_last_bound_is_that_bound():
    bins = histogram.empty()
    bins[bin_of(1000.0)] += 1
    assert histogram.quantile(bins, 0.5) == 100
    assert histogram.shown(bins) == [0] * len(histogram.SHOWN)
