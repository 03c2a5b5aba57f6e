"""The first command of a README."""

import pytest

from wherry_local.transcript import first_transcript

URL = "http://127.0.0.1:9001/"


def readme(block):
    return f"# hello\n\nText.\n\n```console\n{block}```\n\n```console\n$ curl other\nx\n```\n"


@pytest.mark.parametrize(
    "url", ["http://localhost:8080", "http://localhost:8080/", "http://127.0.0.1:8080/"]
)
def test_its_url_is_where_the_function_is(url):
    text = readme(f"$ curl -s '{url}?a=1'\none\n\ntwo\n")
    assert first_transcript(text, URL) == [f"$ curl -s '{URL}?a=1'", "one", "", "two"]


@pytest.mark.parametrize("text", ["", "# x", "```console\n$ ls\n```", "```\n$ curl x\ny\n```\n"])
def test_none_is_nothing(text):
    assert first_transcript(text, URL) == []
