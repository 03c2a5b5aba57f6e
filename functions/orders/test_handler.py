import pytest

from wherry import CloudEvent


def placed(data, **attributes):
    given = {"type": "com.acme.order.placed", "source": "/shop", "id": "7"} | attributes
    return CloudEvent(given, data)


@pytest.mark.parametrize("structured", [False, True], ids=["binary", "structured"])
def test_an_order_is_accepted(wherry_invoke, structured):
    items = [{"sku": "oar", "quantity": 2}, {"sku": "sail", "quantity": 1}]
    answer = wherry_invoke(event=placed({"id": "A-1", "items": items}), structured=structured)
    event = answer.expect().event
    assert (event.type, event.source, event.subject) == (
        "com.acme.order.accepted",
        "/orders",
        "A-1",
    )
    assert event.data == {"id": "A-1", "pieces": 3}


def test_the_reply_to_the_same_order_is_the_same_event(wherry_invoke):
    order = placed({"id": "A-1", "items": [{"sku": "oar", "quantity": 2}]})
    first, second = (wherry_invoke(event=order).event for _ in range(2))
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
def test_what_is_no_order_is_dropped(wherry_invoke, data):
    answer = wherry_invoke(event=placed(data))
    answer.expect(422)
    assert "items with a sku" in answer.json["detail"]


def test_an_order_that_is_too_large_is_dropped(wherry_invoke):
    answer = wherry_invoke(event=placed({"id": "A-1", "items": [{"sku": "oar", "quantity": 101}]}))
    answer.expect(422)
    assert answer.json["detail"] == "101 pieces are more than the 100 of one order"


def test_another_event_is_refused(wherry_invoke):
    answer = wherry_invoke(event=placed({}, type="com.acme.order.cancelled"))
    answer.expect(422)
