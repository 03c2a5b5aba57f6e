"""Ids of calls: random UUIDs (RFC 9562 section 5.4), as OpenFaaS gives its calls.

Made by the hundred, because one at a time costs ten times as much: those of one hundred differ in
their last digits alone. An id names a call in logs; it is no secret.
"""

from __future__ import annotations

from uuid import uuid4

_LAST = tuple(f"{number:02x}" for number in range(256))


class CallIds:
    """A stock of ids."""

    __slots__ = ("_stock",)

    def __init__(self) -> None:
        self._stock: list[str] = []

    def take(self) -> str:
        """An id that no call has had."""
        stock = self._stock
        if not stock:
            most = str(uuid4())[:-2]
            stock.extend([most + last for last in _LAST])
        return stock.pop()
