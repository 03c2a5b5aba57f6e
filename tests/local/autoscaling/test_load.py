"""The load of a function: averages weighed with time, and the alarm."""

import pytest

from wherry_local.autoscaling.load import Load


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def test_average_weighs_each_call_with_its_time():
    clock = Clock()
    load = Load(clock)
    load.enter()
    clock.now += 1
    load.enter()
    clock.now += 1
    load.leave()
    load.leave()
    clock.now += 2
    # One call for a second, two for a second, none for two: three call seconds in four.
    assert load.sample() == (0.75, 2)
    assert load.in_flight == 0


def test_sample_begins_where_the_last_one_ended():
    clock = Clock()
    load = Load(clock)
    load.enter()
    clock.now += 1
    assert load.sample() == (1.0, 1)
    clock.now += 3
    load.leave()
    clock.now += 1
    assert load.sample() == (0.75, 0)


def test_sample_without_time_is_what_is_in_flight():
    load = Load(Clock())
    load.enter()
    load.enter()
    assert load.sample() == (2.0, 2)


def test_reading_counts_what_is_still_in_flight():
    clock = Clock()
    load = Load(clock)
    load.enter()
    assert load.read(clock.now + 5).call_seconds == pytest.approx(5.0)


def test_alarm_rings_once_before_the_call_counts():
    load = Load(Clock())
    heard = []
    load.alarm = lambda: heard.append(load.calls)
    load.enter()
    load.enter()
    assert heard == [0]
