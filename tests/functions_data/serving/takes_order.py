"""A function whose parameter is read from JSON."""

from dataclasses import dataclass
from typing import Any

from wherry import http


@dataclass
class Order:
    number: int
    rest: Any = None


@http
def take(order: Order):
    return {"number": order.number}
