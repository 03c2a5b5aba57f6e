from pathlib import Path

import pytest

from wherry.loader import load
from wherry.testing import invoke

hello = load(Path(__file__).parent)


@pytest.mark.parametrize(
    ("path", "name"),
    [("/", "world"), ("/?name=Ada", "Ada"), ("/any/path?name=%C3%85sa%20%26%20co", "Åsa & co")],
)
def test_it_greets(path, name):
    answer = invoke(hello, path=path)
    assert (answer.status, answer.json) == (200, {"hello": name})


def test_markup_in_a_name_is_data():
    answer = invoke(hello, path="/?name=%3Cb%3E")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json == {"hello": "<b>"}
