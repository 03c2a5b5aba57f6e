"""Wheels are found where they were put, and those that nobody used for long make room."""

import os

import pytest
from tests.builder.image.wheels.wheel_making import locked

from wherry_build.image.wheels.cache import WheelCache


@pytest.fixture
def cache(tmp_path):
    return WheelCache(tmp_path / "wheels", limit_bytes=2500)


def put(cache, content):
    wheel = locked(content, name=content[:1].decode(), size=len(content))
    with cache.alone(wheel), cache.receiving(wheel) as part:
        part.write_bytes(content)
    return wheel


def test_what_was_put_there_is_found(cache):
    wheel = put(cache, b"a" * 10)
    assert cache.found(wheel).read_bytes() == b"a" * 10
    cache.place(wheel).write_bytes(b"a")  # cut by somebody else
    assert cache.found(wheel) is None


def test_what_was_not_used_for_longest_goes(cache):
    wheels = []
    for number, letter in enumerate((b"a", b"b", b"c")):
        wheels.append(put(cache, letter * 1000))
        if number < 2:
            os.utime(cache.place(wheels[-1]), (number + 1, number + 1))
        if number == 1:
            assert cache.found(wheels[0])  # used: newer than the second
    assert [cache.found(wheel) is not None for wheel in wheels] == [True, False, True]


def test_a_wheel_that_fails_is_not_there(cache):
    wheel = locked(b"a")

    def receive():
        with cache.receiving(wheel) as part:
            part.write_bytes(b"a")
            raise RuntimeError("its hash was another")

    with pytest.raises(RuntimeError):
        receive()
    assert cache.found(wheel) is None
    assert list(cache.place(wheel).parent.iterdir()) == []
