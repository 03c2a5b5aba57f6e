from pathlib import Path

from wherry.loader import load
from wherry.testing import invoke

HANDLER = load(Path(__file__).with_name("handler.py"))


def test_it_counts() -> None:
    answer = invoke(HANDLER, path="/?to=2")
    assert answer.text == 'id: 1\ndata: {"count":1}\n\nid: 2\ndata: {"count":2}\n\n'
