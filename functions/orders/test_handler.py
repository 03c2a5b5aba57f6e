from pathlib import Path

import pytest

from wherry import CloudEvent
from wherry.loader import load
from wherry.testing import invoke_event

orders = load(Path(__file__).parent)


def placed(data, **attributes):
    given = {"type": "com.acme.order.placed", "source": "/shop", "id": "7"} | attributes
    return CloudEvent(given, data)


@pytest.mark.parametrize("structured", [False, True], ids=["binary", "structured"])
def test_an_order_is_accepted(structured):
    items = [{"sku": "oar", "quantity": 2}, {"sku": "sail", "quantity": 1}]
    answer = invoke_event(orders, placed({"id": "A-1", "items": items}), structured=structured)
    assert answer.status == 200
    event = answer.event
    assert (event.type, event.source, event.subject) == (
        "com.acme.order.accepted",
        "/orders",
        "A-1",
    )
    assert event.data == {"id": "A-1", "pieces": 3}


def test_the_reply_to_the_same_order_is_the_same_event():
    order = placed({"id": "A-1", "items": [{"sku": "oar", "quantity": 2}]})
    first, second = (invoke_event(orders, order).event for _ in range(2))
    assert first.id == second.id == "7.accepted"


@pytest.mark.parametrize(
    "data",
    [
        None,
        "an order",
        {},
        {"id": "A-1"},
        {"id": "A-1", "items": []},
        {"id": 1, "items": [{"sku": "oar", "quantity": 2}]},
        {"id": "A-1", "items": [{"sku": "oar"}]},
        {"id": "A-1", "items": [{"sku": "oar", "quantity": 0}]},
        {"id": "A-1", "items": [{"sku": "oar", "quantity": True}]},
        {"id": "A-1", "items": ["oar"]},
    ],
)
def test_what_is_no_order_is_dropped(data):
    answer = invoke_event(orders, placed(data))
    assert answer.status == 422
    assert "items with a sku" in answer.json["detail"]


def test_an_order_that_is_too_large_is_dropped():
    answer = invoke_event(orders, placed({"id": "A-1", "items": [{"sku": "oar", "quantity": 101}]}))
    assert answer.status == 422
    assert answer.json["detail"] == "101 pieces are more than the 100 of one order"


def test_another_event_is_refused():
    answer = invoke_event(orders, placed({}, type="com.acme.order.cancelled"))
    assert answer.status == 422
