from wherry.testing import Invoke


def test_it_counts(wherry_invoke: Invoke) -> None:
    answer = wherry_invoke(path="/?to=2")
    assert answer.text == 'id: 1\ndata: {"count":1}\n\nid: 2\ndata: {"count":2}\n\n'
