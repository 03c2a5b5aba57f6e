"""Results are lines that a Go client can read, and that a terminal may show."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_build.remote.result import BuildResult, Status, shown

LONGEST = 65_536 - 1  # what Go's bufio.Scanner takes, its line break not counted


def documents(result):
    lines = list(result.lines())
    assert all(line.endswith(b"\n") and line.count(b"\n") == 1 for line in lines)
    assert all(len(line) <= LONGEST for line in lines)
    return [json.loads(line) for line in lines]


def test_what_each_says():
    step = BuildResult(status=Status.IN_PROGRESS, log=("one", "two\nthree"))
    assert documents(step) == [{"log": ["one", "two", "three"], "status": "in_progress"}]
    done = BuildResult(status=Status.SUCCESS, image="acme/hello:1")
    assert documents(done) == [{"image": "acme/hello:1", "status": "success"}]
    failed = BuildResult(status=Status.FAILED, error="no\nway")
    assert documents(failed) == [{"error": "no way", "status": "failed"}]
    assert documents(BuildResult(status=Status.IN_PROGRESS)) == [{"status": "in_progress"}]


@pytest.mark.parametrize("letter", ["x", '"', "\\", "é", "\U0001f600", "\ufffe"])
def test_the_longest_there_is_fits(letter):
    text = letter * 100_000
    result = BuildResult(
        status=Status.FAILED, log=(text, "between", text, text), error=text, image="a" * 255
    )
    found = documents(result)
    assert [each["status"] for each in found[:-1]] == ["in_progress"] * (len(found) - 1)
    assert found[-1]["status"] == "failed"
    assert found[-1]["error"].startswith(letter * 1000)
    log = [line for each in found for line in each.get("log", [])]
    assert [len(line) for line in log] == [4_003, 7, 4_003, 4_003]


def test_many_lines_are_several_documents_in_their_order():
    lines = tuple(f"line {n} " + "x" * 80 for n in range(5_000))
    found = documents(BuildResult(status=Status.SUCCESS, log=lines))
    assert len(found) > 1
    assert [line for each in found for line in each["log"]] == list(lines)
    assert [each["status"] for each in found].count("success") == 1


@given(st.lists(st.text(max_size=300), max_size=20), st.text(max_size=300))
def test_nothing_that_a_terminal_would_obey(log, error):
    for document in documents(BuildResult(status=Status.FAILED, log=tuple(log), error=error)):
        for text in [*document.get("log", []), document.get("error", "")]:
            assert not any(ord(letter) < 32 or 0x7F <= ord(letter) < 0xA0 for letter in text)


def test_colours_go_and_words_stay():
    assert shown("\x1b[1;31merror\x1b[0m: no\x1b]8;;http://x\x07way\x1b]8;;\x07\tthere\r") == [
        "error: noway    there"
    ]
