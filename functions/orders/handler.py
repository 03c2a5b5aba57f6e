"""Accept orders: a function that takes an event and replies with another."""

from typing import Any

from wherry import CloudEvent, Context, Drop, cloud_event

LARGEST = 100


@cloud_event(type="com.acme.order.placed")
async def accept(event: CloudEvent, context: Context) -> CloudEvent | Drop:
    """Reply with `com.acme.order.accepted`, or drop an order that can never be accepted.

    The reply's id follows from the order's, so that an event that is delivered twice is answered
    twice with the same reply, and whoever comes after can tell.
    """
    order = event.data
    if not _is_order(order):
        return Drop("an order needs an id and items with a sku and a quantity")
    pieces = sum(item["quantity"] for item in order["items"])
    if pieces > LARGEST:
        return Drop(f"{pieces} pieces are more than the {LARGEST} of one order")
    context.logger.info("order %s accepted: %d pieces", order["id"], pieces)
    return CloudEvent(
        type="com.acme.order.accepted",
        source="/orders",
        id=f"{event.id}.accepted",
        subject=order["id"],
        data={"id": order["id"], "pieces": pieces},
    )


def _is_order(order: Any) -> bool:
    if not isinstance(order, dict) or not isinstance(order.get("id"), str):
        return False
    items = order.get("items")
    return isinstance(items, list) and bool(items) and all(map(_is_item, items))


def _is_item(item: Any) -> bool:
    if not isinstance(item, dict) or not isinstance(item.get("sku"), str):
        return False
    quantity = item.get("quantity")
    return type(quantity) is int and quantity > 0
