"""So many at once, and nobody's turn is lost."""

import threading

import pytest

from wherry_build.remote.turns import Turns


def test_no_more_than_so_many_at_once():
    turns, running, most, done = Turns(3), [], [], []
    lock = threading.Lock()

    def work():
        with turns.turn(on_wait=lambda: None, check=lambda: None):
            with lock:
                running.append(1)
                most.append(len(running))
            done.append(1)
            with lock:
                running.pop()

    threads = [threading.Thread(target=work) for _ in range(20)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)
    assert len(done) == 20
    assert max(most) <= 3


class LeftError(Exception):
    pass


def test_a_turn_comes_back_from_who_fails_and_from_who_leaves():
    turns = Turns(1)

    def leave():
        raise LeftError

    with pytest.raises(ZeroDivisionError), turns.turn(on_wait=leave, check=lambda: None):
        _ = 1 / 0
    with pytest.raises(LeftError), turns.turn(on_wait=lambda: None, check=leave):
        pytest.fail("it has left")
    with turns.turn(on_wait=leave, check=lambda: None):
        waited = []
        with (
            pytest.raises(LeftError),
            turns.turn(on_wait=lambda: waited.append(1), check=lambda: leave() if waited else None),
        ):
            pytest.fail("it has left")
        assert waited == [1]
    with turns.turn(on_wait=leave, check=lambda: None):
        pass
