from wherry.testing import Invoke


def test_it_greets_the_world(wherry_invoke: Invoke) -> None:
    assert wherry_invoke().json == {"hello": ["World"]}


def test_it_greets_everybody_in_their_order(wherry_invoke: Invoke) -> None:
    answer = wherry_invoke(path="/?name=ada&name=grace")
    assert answer.json == {"hello": ["Ada", "Grace"]}
