import pytest


@pytest.mark.parametrize(
    ("path", "name"),
    [("/", "world"), ("/?name=Ada", "Ada"), ("/any/path?name=%C3%85sa%20%26%20co", "Åsa & co")],
)
def test_it_greets(wherry_invoke, path, name):
    answer = wherry_invoke(path=path)
    assert (answer.status, answer.json) == (200, {"hello": name})


def test_markup_in_a_name_is_data(wherry_invoke):
    answer = wherry_invoke(path="/?name=%3Cb%3E")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json == {"hello": "<b>"}
