"""Takes events with typed data, and fails as the data say."""

from dataclasses import dataclass

from wherry import CloudEvent, Context, cloud_event


@dataclass
class Order:
    amount: int


@cloud_event(type="com.acme.order")
async def handle(event: CloudEvent, order: Order, context: Context):
    if order.amount == 1:
        raise ValueError("canary-exception")
    if order.amount == 2:
        return {event: "canary-result"}
    return None
