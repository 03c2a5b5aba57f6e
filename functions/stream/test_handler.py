import pytest


def counts(text):
    return [line for line in text.splitlines() if line.startswith("data: {")]


def test_it_counts_and_ends(wherry_invoke):
    answer = wherry_invoke(path="/?to=2&every=0")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text == (
        'event: tick\nid: 1\ndata: {"count":1}\n\n'
        'event: tick\nid: 2\ndata: {"count":2}\n\n'
        "event: end\ndata: done\n\n"
    )


@pytest.mark.parametrize(("query", "number"), [("", 3), ("to=0", 0), ("to=x", 3), ("to=1000", 100)])
def test_it_counts_so_far_and_no_further(wherry_invoke, query, number):
    assert len(counts(wherry_invoke(path=f"/?every=0&{query}").text)) == number


@pytest.mark.parametrize("every", ["-1", "nan", "soon"])
def test_it_takes_no_odd_pause(wherry_invoke, every):
    assert len(counts(wherry_invoke(path=f"/?to=1&every={every}").text)) == 1
