import threading

import pytest

from wherry_build.image.registry.abreast import abreast

PATIENCE_S = 30


def nothing():
    pass


@pytest.mark.parametrize("count", [0, 1, 2, 9])
def test_all_are_done_each_once(count):
    done = []

    abreast([lambda n=n: done.append(n) for n in range(count)], most=3, stop=nothing)

    assert sorted(done) == list(range(count))


def test_they_go_on_at_the_same_time():
    together = threading.Barrier(3)

    abreast([lambda: together.wait(PATIENCE_S)] * 3, most=3, stop=nothing)

    assert not together.broken


def test_there_are_never_more_than_so_many():
    turn, running, most = threading.Lock(), [0], [0]
    free = threading.Semaphore(2)

    def call():
        assert free.acquire(blocking=False)
        with turn:
            running[0] += 1
            most[0] = max(most[0], running[0])
        with turn:
            running[0] -= 1
        free.release()

    abreast([call] * 50, most=2, stop=nothing)

    assert most[0] <= 2


def test_after_an_error_those_that_run_are_stopped_and_none_begins():
    stopped, begun, ended = threading.Event(), threading.Event(), []

    def long():
        begun.set()
        assert stopped.wait(PATIENCE_S)
        ended.append("long")

    def failing():
        assert begun.wait(PATIENCE_S)
        raise ValueError("first")

    with pytest.raises(ValueError, match="first"):
        abreast([long, failing, lambda: ended.append("later")], most=2, stop=stopped.set)

    assert ended == ["long"]
    assert not [each for each in threading.enumerate() if each.name == "wherry-push"]
