from pathlib import Path

import pytest

from wherry.loader import load
from wherry.testing import invoke

stream = load(Path(__file__).parent)


def counts(text):
    return [line for line in text.splitlines() if line.startswith("data: {")]


def test_it_counts_and_ends():
    answer = invoke(stream, path="/?to=2&every=0")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text == (
        'event: tick\nid: 1\ndata: {"count":1}\n\n'
        'event: tick\nid: 2\ndata: {"count":2}\n\n'
        "event: end\ndata: done\n\n"
    )


@pytest.mark.parametrize(("query", "number"), [("", 3), ("to=0", 0), ("to=x", 3), ("to=1000", 100)])
def test_it_counts_so_far_and_no_further(query, number):
    assert len(counts(invoke(stream, path=f"/?every=0&{query}").text)) == number


@pytest.mark.parametrize("every", ["-1", "nan", "soon"])
def test_it_takes_no_odd_pause(every):
    assert len(counts(invoke(stream, path=f"/?to=1&every={every}").text)) == 1
