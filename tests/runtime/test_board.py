"""What workers leave for each other: questions, answers, texts, and the end of a writer."""

import os
import threading
import time

from wherry.metrics.board import PLACE_BYTES, Board
from wherry.metrics.families import Family, Notice, together
from wherry.metrics.snapshot import Exemplar


def test_what_is_written_is_read_and_stays_when_its_writer_has_left():
    board = Board(3)
    board.enter(1)
    assert board.living() == {1: os.getpid()}
    assert board.write(1, b"text", board.ask())
    board.leave(1)
    assert board.read(1) == b"text"
    assert (board.read(0), board.read(2), board.living()) == (b"", b"", {})


def test_a_text_that_is_too_long_is_none():
    board = Board(2)
    assert board.write(0, b"x" * PLACE_BYTES, 1)
    assert not board.write(0, b"x" * (PLACE_BYTES + 1), 2)
    assert (board.read(0), board.read(1)) == (b"", b"")


def test_a_question_is_waited_for_until_all_that_live_have_answered():
    board = Board(2)
    board.enter(0)
    board.enter(1)
    question = board.ask()
    board.write(0, b"", question)
    answering = threading.Timer(0.1, board.write, (1, b"", question))
    answering.start()
    begun = time.monotonic()
    board.wait(question, 10)
    assert 0.05 < time.monotonic() - begun < 5
    answering.join()
    board.ask()
    board.wait(board.asked, 0.05)  # nobody answers; it ends all the same


def test_a_reader_never_sees_half_a_text():
    board, over = Board(1), threading.Event()
    texts = [bytes([letter]) * size for letter, size in ((97, 50_000), (98, 70_000))]

    def write() -> None:
        while not over.is_set():
            for text in texts:
                board.write(0, text, 0)

    writing = threading.Thread(target=write)
    writing.start()
    seen = {board.read(0) for _ in range(500)}
    over.set()
    writing.join()
    assert seen <= {*texts, b""}


def test_a_reader_does_not_wait_for_a_writer_that_was_killed():
    board = Board(1)
    board.write(0, b"whole", 0)
    count, size, answered, process = board._head(0)
    board._set_head(0, count + 1, size, answered, process)  # as if in the middle of writing
    assert board.read(0) == b""
    board.leave(0)
    assert board.read(0) == b""
    assert Notice.decode(b"") == Notice([], {})
    assert board.write(0, b"its successor's", 0) and board.read(0) == b"its successor's"


def family(name: str, kind: str, mode: str, *samples: tuple[str, float]) -> Family:
    return Family(name, kind, "", "", mode, [(each, (), value) for each, value in samples])


def test_a_notice_is_read_back():
    notice = Notice([family("a", "gauge", "all", ("a", 1.0))], {7: Exemplar("t", "s", 0.1, 2.0)})
    assert Notice.decode(notice.encode()) == notice


def test_workers_together():
    one = [
        family("calls", "counter", "sum", ("calls_total", 2), ("calls_created", 20)),
        family("level", "gauge", "all", ("level", 5)),
        family("peak", "gauge", "max", ("peak", 3)),
    ]
    two = [
        family("calls", "counter", "sum", ("calls_total", 3), ("calls_created", 10)),
        family("level", "gauge", "all", ("level", 6)),
        family("peak", "gauge", "max", ("peak", 1)),
        family("other", "counter", "sum", ("other_total", 1)),
    ]
    found = {each.name: each.samples for each in together({"0": one, "1": two}, [one])}
    assert found == {
        "calls": [("calls_total", (), 7), ("calls_created", (), 10)],
        "level": [("level", (("worker", "0"),), 5), ("level", (("worker", "1"),), 6)],
        "peak": [("peak", (), 3)],  # the dead have no level and no peak
        "other": [("other_total", (), 1)],
    }


def test_what_new_code_has_made_another_type_is_that():
    old, new = family("a", "counter", "sum", ("a_total", 5)), family("a", "gauge", "sum", ("a", 1))
    assert together({"0": [new]}, [[old]]) == [new]
