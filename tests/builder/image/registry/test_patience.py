import pytest

from wherry_build.errors import RegistryError
from wherry_build.image.registry.patience import Interruption, Patience, patiently


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self):
        self.now_s = 0.0
        self.slept = []

    def __call__(self):
        return self.now_s

    def sleep(self, pause_s):
        self.slept.append(pause_s)
        self.now_s += pause_s


@pytest.fixture
def clock():
    return Clock()


def interrupted(times, *, pause_s=None):
    """A call that is interrupted so often."""
    left = [times]

    def call():
        if left[0]:
            left[0] -= 1
            raise Interruption(RegistryError("it is busy"), pause_s=pause_s)
        return "done"

    return call


def test_it_is_tried_until_it_goes_well(clock):
    assert patiently(interrupted(3), Patience(), sleep=clock.sleep, clock=clock) == "done"
    assert len(clock.slept) == 3
    for pause_s, longest_s in zip(clock.slept, (0.25, 0.5, 1), strict=True):
        assert longest_s / 2 <= pause_s <= longest_s


def test_it_is_given_up_after_so_many_tries(clock):
    with pytest.raises(RegistryError, match="it is busy"):
        patiently(interrupted(9), Patience(tries=4), sleep=clock.sleep, clock=clock)
    assert len(clock.slept) == 3


def test_it_is_given_up_after_so_long(clock):
    with pytest.raises(RegistryError):
        patiently(interrupted(99), Patience(tries=99, total_s=60), sleep=clock.sleep, clock=clock)
    assert 50 < clock.now_s <= 60
    assert max(clock.slept) <= 8


def test_the_registry_says_how_long_to_wait(clock):
    patiently(interrupted(2, pause_s=7), Patience(), sleep=clock.sleep, clock=clock)
    assert clock.slept == [7, 7]


def test_nobody_waits_for_longer_than_is_borne(clock):
    with pytest.raises(RegistryError):
        patiently(interrupted(1, pause_s=3600), Patience(), sleep=clock.sleep, clock=clock)
    assert clock.slept == []


def test_what_is_an_error_at_once_is_not_tried_again(clock):
    def call():
        raise RegistryError("no")

    with pytest.raises(RegistryError, match="no"):
        patiently(call, Patience(), sleep=clock.sleep, clock=clock)
    assert clock.slept == []
