from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Request

    from wherry import Context


@dataclass
class Order:
    id: str
    count: int = 1


def handle(order: Order, who: Request, what: Context | None = None):
    return {"id": order.id, "count": order.count, "method": who.method, "call": what.call_id}
