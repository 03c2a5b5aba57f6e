"""Averages over a window: what is known of it counts, and no more."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wherry_local.autoscaling.load import Reading
from wherry_local.autoscaling.window import LoadWindow
from wherry_local.deployment import ScaleMetric

CONCURRENCY, RPS = ScaleMetric.CONCURRENCY, ScaleMetric.RPS


def filled(length_s, *readings):
    window = LoadWindow(length_s)
    for reading in readings:
        window.record(Reading(*reading))
    return window


def test_nothing_is_known_of_one_reading():
    assert filled(60).average(CONCURRENCY, 60) is None
    assert filled(60, (0, 0, 0)).average(CONCURRENCY, 60) is None


def test_a_function_that_has_just_woken_up_is_judged_by_the_time_since():
    # 20 call seconds in 2 s are 10 calls at a time, whatever the window's length.
    assert filled(60, (0, 0, 0), (2, 20, 40)).average(CONCURRENCY, 60) == 10
    assert filled(60, (0, 0, 0), (2, 20, 40)).average(RPS, 60) == 20


def test_average_is_over_the_span():
    window = filled(60, (0, 0, 0), (54, 0, 0), (60, 60, 30))
    assert window.average(CONCURRENCY, 60) == 1
    assert window.average(CONCURRENCY, 6) == 10
    assert window.average(RPS, 6) == 5


def test_between_two_readings_load_was_even():
    window = filled(60, (0, 0, 0), (10, 100, 10))
    assert window.average(CONCURRENCY, 3) == 10


def test_what_is_older_than_the_window_is_forgotten():
    window = filled(6, *((at, at, at) for at in range(1000)))
    assert window.average(CONCURRENCY, 6) == 1
    assert len(window._readings) < 10


def test_no_load_is_exactly_none():
    window = filled(60, (0.1, 0.3, 7), (33.3, 0.3, 7), (70.7, 0.3, 7))
    assert window.average(CONCURRENCY, 60) == 0.0


def test_average_is_rounded_as_knative_does():
    assert filled(60, (0, 0, 0), (3, 10.0000001, 1)).average(CONCURRENCY, 60) == 3.333333


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 50), st.integers(0, 100)), min_size=1, max_size=40),
    st.integers(1, 60),
)
def test_average_is_that_of_every_second(steps, span_s):
    """Against the sum of buckets of a second that Knative's collector makes."""
    at, call_seconds, readings, buckets = 0, 0, [(0, 0, 0)], []
    for elapsed_s, concurrency in steps:
        at += elapsed_s
        call_seconds += elapsed_s * concurrency
        readings.append((at, call_seconds, 0))
        buckets += [concurrency] * elapsed_s
    last = buckets[-span_s:]
    found = filled(60, *readings).average(CONCURRENCY, span_s)
    assert found == pytest.approx(sum(last) / len(last), abs=1e-5)
