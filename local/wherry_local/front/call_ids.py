"""Ids of calls: random UUIDs (RFC 9562 section 5.4), as OpenFaaS gives its calls.

Made by the hundred, because one at a time costs five times as much. An id names a call in logs; it
is no secret.
"""

from __future__ import annotations

from random import getrandbits

_AT_ONCE = 128
_DIGITS = 32
_VARIANTS = "89ab"


class CallIds:
    """A stock of ids."""

    __slots__ = ("_stock",)

    def __init__(self) -> None:
        self._stock: list[str] = []

    def take(self) -> str:
        """An id that no call has had."""
        try:
            return self._stock.pop()
        except IndexError:
            digits = f"{getrandbits(4 * _DIGITS * _AT_ONCE):0{_DIGITS * _AT_ONCE}x}"
            self._stock.extend(
                _uuid(digits[at : at + _DIGITS]) for at in range(0, len(digits), _DIGITS)
            )
            return self._stock.pop()


def _uuid(digits: str) -> str:
    variant = _VARIANTS[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
