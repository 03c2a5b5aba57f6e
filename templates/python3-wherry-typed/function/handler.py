"""FUNCTION_NAME: JSON in, checked against the annotations; JSON out."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Item:
    """What the caller sends; a body that does not fit is answered with 422 and every fault."""

    name: str
    price: float
    quantity: int = 1


@dataclass(frozen=True)
class Total:
    """What the caller gets."""

    name: str
    total: float


def handle(item: Item) -> Total:
    """Work out the total."""
    return Total(name=item.name, total=round(item.price * item.quantity, 2))
