from wherry.testing import Invoke


def test_it_greets_the_world(wherry_invoke: Invoke) -> None:
    assert wherry_invoke().json == {"hello": "world"}


def test_it_greets_by_name(wherry_invoke: Invoke) -> None:
    assert wherry_invoke(path="/?name=Ada").json == {"hello": "Ada"}
