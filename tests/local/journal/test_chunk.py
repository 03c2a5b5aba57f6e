"""What replicas write, as text again, with its call."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_local.deployment import FunctionKey
from wherry_local.journal.chunk import Chunk, chunk_of, lines_of
from wherry_local.journal.line import LogLine

HELLO = FunctionKey("hello")
STAMP = "2026-11-23T16:20:00.250Z"
AT = 1795450800.25


def lines(*written, stream="stderr"):
    content = b"".join(each if isinstance(each, bytes) else each.encode() for each in written)
    return list(lines_of(HELLO, Chunk(5.0, "hello-x", stream, content)))


def record(**said):
    return json.dumps({"ts": STAMP, "level": "info", **said}, separators=(",", ":")) + "\n"


def test_what_a_handler_prints_is_what_it_printed():
    [line] = lines(record(logger="stdout", message="héllo", call_id="c1"))
    assert line == LogLine(
        at=AT, function=HELLO, replica="hello-x", text="héllo", call_id="c1", stream="stdout"
    )


def test_a_line_of_logging_has_its_level_and_a_traceback_its_lines():
    found = lines(record(logger="mine", message="oh", call_id="c1", exception="Trace\n  at\nE"))
    assert [each.text for each in found] == ["INFO oh", "Trace", "  at", "E"]
    assert {(each.at, each.call_id, each.stream) for each in found} == {(AT, "c1", "stderr")}


def test_the_line_of_a_call_is_short():
    [line] = lines(
        record(
            logger="wherry.access",
            method="GET",
            path="/a",
            status=200,
            bytes=3,
            seconds=0.00002,
            call_id="c1",
        )
    )
    assert (line.text, line.call_id) == ("GET /a 200 3 B 0.000020 s", "c1")


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (b"plain\n", "plain"),
        (b"with a return\r\n", "with a return"),
        (b"\x1b[31mred\x00\xff\n", "\\x1b[31mred\\x00\\xff"),
        ("\x9b31mred\n".encode(), "\\x9b31mred"),
        (b'{"ts":"never ends\n', '{"ts":"never ends'),
        (b'{"ts":"x","logger":1}\n', '{"ts":"x","logger":1}'),
        (b'{"ts":"x"}\n', '{"ts":"x"}'),
        (b"\n", ""),
    ],
)
def test_whatever_else_is_written_stays_as_it_is_and_harms_no_terminal(written, text):
    [line] = lines(written, stream="stdout")
    assert (line.text, line.at, line.stream, line.call_id) == (text, 5.0, "stdout", "")


@pytest.mark.parametrize("logger", ["stdout", "wherry.serving"])
def test_what_a_function_says_by_the_runtime_harms_no_terminal_either(logger):
    said = {"ts": "x", "logger": logger, "message": "\x1b[2Jred\x9b0m\ta"}
    written = json.dumps(said, separators=(",", ":")) + "\n"
    [line] = lines(written.encode())
    assert line.text.removeprefix("INFO ") == "\\x1b[2Jred\\x9b0m\ta"


def test_a_time_that_is_none_is_that_of_the_reading():
    [line] = lines(b'{"ts":"soon","logger":"stdout","message":"x"}\n')
    assert (line.at, line.text) == (5.0, "x")


@given(st.binary(max_size=200))
def test_any_bytes_give_as_many_lines_as_they_have(content):
    found = lines(content, b"\n")
    assert len(found) == content.count(b"\n") + 1
    assert not any(each in line.text for line in found for each in "\n\x1b\x00\x7f\x9b")


def test_a_line_goes_to_a_chunk_and_back():
    line = LogLine(at=AT, function=HELLO, replica="-", text="told", call_id="c2", stream="platform")
    assert list(lines_of(HELLO, chunk_of(line))) == [line]
