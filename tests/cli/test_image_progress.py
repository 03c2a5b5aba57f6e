"""What is said of long work: on a terminal, in a log, and not at all."""

import io
import sys

import pytest

from wherry_cli.image_progress import ImageProgress, size


@pytest.fixture
def clock():
    class Clock:
        now = 0.0

        def __call__(self):
            return self.now

    return Clock()


class Terminal(io.TextIOWrapper):
    """A terminal that keeps what it shows."""

    def __init__(self):
        super().__init__(io.BytesIO(), encoding="utf-8", write_through=True)

    def isatty(self):
        return True


def test_in_a_log_only_long_work_is_told(capsys, clock):
    progress = ImageProgress(clock=clock)
    progress.step("base python:3.12-slim")
    for now, done in ((1, 10), (2, 2_000_000), (6, 12_000_000), (7, 14_000_000)):
        clock.now = now
        progress.moved("layer", done, 40_000_000)
    assert capsys.readouterr().err.splitlines() == [
        "base python:3.12-slim",
        "layer: 12.0 MB of 40.0 MB, 2.4 MB/s",
    ]


def test_on_a_terminal_a_line_is_rewritten(monkeypatch, clock):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    progress = ImageProgress(clock=clock)
    for now in (0.2, 0.21, 0.5):
        clock.now = now
        progress.moved("layer", round(now * 1e6), None)
    progress.step("next")
    progress.close()
    shown = terminal.buffer.getvalue().decode()
    assert shown.count("\r\x1b[K") == 3
    assert shown.endswith("\r\x1b[Knext\n")


def test_several_at_a_time_are_added_up(capsys, clock):
    progress = ImageProgress(clock=clock)
    progress.moved("a", 0, 10)
    progress.of("hello").moved("b", 2_000_000, 4_000_000)
    clock.now = 10
    progress.moved("a", 5, 10)
    assert capsys.readouterr().err == "2 at a time: 2.0 MB, 200.0 kB/s\n"


def test_what_is_done_is_moving_no_more(capsys, clock):
    progress = ImageProgress(clock=clock)
    progress.moved("a", 10, 10)
    clock.now = 10
    progress.moved("b", 5, 10)
    assert capsys.readouterr().err == "b: 5 B of 10 B\n"


def test_a_function_among_several_is_named(capsys):
    ImageProgress().of("hello").step("built")
    assert capsys.readouterr().err == "hello: built\n"


def test_quiet(capsys, clock):
    progress = ImageProgress(is_quiet=True, clock=clock)
    progress.step("x")
    clock.now = 100
    progress.moved("a", 1, 2)
    progress.close()
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("number", "said"),
    [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (29_300_000, "29.3 MB"), (2 * 10**9, "2.0 GB")],
)
def test_sizes(number, said):
    assert size(number) == said
