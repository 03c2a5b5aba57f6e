from pathlib import Path

from wherry.loader import load
from wherry.testing import invoke

HANDLER = load(Path(__file__).with_name("handler.py"))


def test_it_greets_the_world() -> None:
    assert invoke(HANDLER).json == {"hello": "world"}


def test_it_greets_by_name() -> None:
    assert invoke(HANDLER, path="/?name=Ada").json == {"hello": "Ada"}
