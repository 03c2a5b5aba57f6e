from pathlib import Path

from wherry.loader import load
from wherry.testing import invoke

HANDLER = load(Path(__file__).with_name("handler.py"))


def test_it_works_out_the_total() -> None:
    answer = invoke(HANDLER, method="POST", json={"name": "oar", "price": 19.5, "quantity": 2})
    assert answer.json == {"name": "oar", "total": 39.0}


def test_what_does_not_fit_is_refused() -> None:
    assert invoke(HANDLER, method="POST", json={"name": "oar", "price": "cheap"}).status == 422
