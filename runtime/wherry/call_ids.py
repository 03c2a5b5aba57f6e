"""Ids for calls that came without one: 32 random hexadecimal digits.

Made by the hundred, because one at a time costs six times as much. An id names a call in logs; it
is no secret and protects nothing.
"""

from __future__ import annotations

from os import urandom

_AT_ONCE = 128
_DIGITS = 32


class CallIds:
    """A stock of ids; any thread may take one."""

    __slots__ = ("_stock",)

    def __init__(self) -> None:
        self._stock: list[str] = []

    def take(self) -> str:
        """An id that no call has had."""
        try:
            return self._stock.pop()
        except IndexError:
            digits = urandom(_DIGITS * _AT_ONCE // 2).hex()
            ids = [digits[at : at + _DIGITS] for at in range(0, len(digits), _DIGITS)]
            self._stock.extend(ids[1:])
            return ids[0]
