"""The queue's benchmark does what it says, on little."""

from benchmarks.local.queue import measure


def test_everything_is_accepted_and_settled(tmp_path):
    figures = measure(tmp_path, receivers=3, messages=200, senders=8)
    assert (figures.receivers, figures.senders, figures.messages) == (3, 8, 200)
    assert 0 < figures.accept_p50_ms <= figures.accept_p99_ms
    assert 10 < figures.accepted_per_s < 1e6
    assert 10 < figures.settled_per_s < 1e6
