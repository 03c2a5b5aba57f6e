"""Typed functions as functions_framework has them."""

import pytest

from wherry.errors import HandlerSignatureError
from wherry.loader import load
from wherry.testing import invoke

SOURCE = """
    import functions_framework

    class Order:
        def __init__(self, item, count):
            self.item, self.count = item, count

        @staticmethod
        def from_dict(given):
            return Order(given["item"], given["count"])

        def to_dict(self):
            return {"item": self.item, "count": self.count}

    @functions_framework.typed
    def bare(order: Order):
        order.count += 1
        return order

    @functions_framework.typed(Order)
    def told(order):
        return f"{order.count} {order.item}"

    @functions_framework.typed(Order)
    def silent(order: Order): ...

    @functions_framework.typed(Order)
    async def awaited(order):
        return [order.item]

    def undecorated(order: Order):
        return order

    @functions_framework.typed(Order)
    def wrong(order):
        class NoDict: ...
        return NoDict()

    @functions_framework.typed(int)
    def two_types(order: Order): ...

    @functions_framework.typed
    def no_type(order): ...

    @functions_framework.typed
    def no_from_dict(order: str): ...

    @functions_framework.typed
    def no_parameter(): ...
    """
ORDER = {"item": "oar", "count": 2}


@pytest.mark.parametrize(
    ("name", "signature", "body"),
    [
        ("bare", None, b'{"item": "oar", "count": 3}'),
        ("told", None, b"2 oar"),
        ("silent", None, b""),
        ("awaited", None, b'["oar"]'),
        ("undecorated", "typed", b'{"item": "oar", "count": 2}'),
    ],
)
def test_the_input_is_made_by_from_dict(written, name, signature, body):
    handler = load(written(SOURCE), name=name, signature=signature)
    answer = invoke(handler, method="POST", json=ORDER)
    assert (answer.status, answer.body) == (200, body)
    if body[:1] in b"{[" and body:
        assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"", "application/json", 400),
        (b"[]", "application/json", 422),
        (b"{}", "text/plain", 415),
    ],
)
def test_what_is_no_json_object_is_the_callers_fault(written, body, content_type, status):
    handler = load(written(SOURCE), name="bare")
    answer = invoke(handler, method="POST", headers={"content-type": content_type}, body=body)
    assert answer.status == status
    assert invoke(handler).status == 405


def test_what_from_dict_raises_is_the_functions(written):
    handler = load(written(SOURCE), name="bare")
    with pytest.raises(KeyError):
        invoke(handler, method="POST", json={})
    wrong = load(written(SOURCE), name="wrong")
    with pytest.raises(AttributeError):
        invoke(wrong, method="POST", json=ORDER)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("two_types", "declared for int, and its parameter 'order' is annotated Order"),
        ("no_type", "takes nothing, expected a class"),
        ("no_from_dict", "takes str, expected a class with a static method"),
        ("no_parameter", "takes nothing, expected the typed input"),
    ],
)
def test_a_type_that_cannot_be_had_is_told_at_load(written, name, said):
    with pytest.raises(HandlerSignatureError, match=said):
        load(written(SOURCE), name=name)
