"""The load of a function: averages weighed with time, and the alarm."""

import pytest

from wherry_local.autoscaling.load import Load


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def test_each_call_counts_with_its_time():
    clock = Clock()
    load = Load(clock)
    load.enter()
    clock.now += 1
    load.enter()
    clock.now += 1
    load.leave()
    load.leave()
    clock.now += 2
    # One call for a second, two for a second, none for two.
    assert load.read() == (104.0, 3.0, 2)
    assert load.in_flight == 0


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
