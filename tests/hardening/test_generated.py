"""Generated inputs in every run of the tests; the long runs are commands, `make harden` a stage.

The seed and the count are fixed: a finding here is a finding everywhere.
"""

from __future__ import annotations

import pytest

from . import event_inputs, raw_requests

COUNT = 20_000
GROWTH_KIB = 8 * 1024
GROWTH_OBJECTS = 2_000


@pytest.mark.timeout(300)
def test_raw_requests():
    report = raw_requests.run(1, COUNT)
    # That the generator is neither all nonsense nor all good.
    assert report.calls > report.inputs // 4
    assert report.refused_by_gunicorn > report.inputs // 8
    assert set(report.statuses) >= {100, 200, 400, 414, 417, 431, 501, 505}
    assert report.end.threads == report.warm.threads
    assert report.end.series - report.warm.series < 1_100  # names are remembered up to a bound
    assert report.end.objects - report.warm.objects < GROWTH_OBJECTS
    assert report.end.resident_kib - report.warm.resident_kib < GROWTH_KIB


@pytest.mark.timeout(300)
def test_event_inputs():
    report = event_inputs.run(1, COUNT)
    assert report.outcomes["1 events"] > report.inputs // 6
    assert set(report.outcomes) >= {"400", "413", "415", "0 events", "2 events"}


def test_an_input_is_the_same_in_every_run():
    from .grammar import raw_input

    assert raw_input(3, 14) == raw_input(3, 14) != raw_input(3, 15)
    assert event_inputs.event_input(3, 14) == event_inputs.event_input(3, 14)
