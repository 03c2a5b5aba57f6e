"""orjson, imported by the first use that needs it.

It imports `dataclasses`, `inspect`, `uuid` and `platform`, which is a seventh of an event
function's cold start, while most first calls only read one small document. Until orjson is here,
`loads` reads with the standard library what both read alike, and leaves everything else to orjson:
so a text has one meaning, whoever reads it. This module must not know what is read or written.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, NoReturn

from wherry.nesting import may_be_deep

if TYPE_CHECKING:
    from orjson import OPT_NON_STR_KEYS, Fragment, dumps

__all__ = ["OPT_NON_STR_KEYS", "Fragment", "JSONDecodeError", "dumps", "loads"]

JSONDecodeError = json.JSONDecodeError
"""What `loads` raises; orjson's own error is one."""

_MOST_DIGITS = 18
"""So many fit into 64 bits; orjson reads longer numbers as floats where they do not."""
_INFINITY = float("inf")


def loads(text: bytes) -> Any:
    """Read JSON text in UTF-8, as `orjson.loads` does; JSONDecodeError where it is none."""
    if "orjson" not in sys.modules:
        try:
            return read_early(text)
        except ValueError:
            pass
    import orjson

    globals()["loads"] = orjson.loads
    return orjson.loads(text)


def read_early(text: bytes) -> Any:
    """Read it with the standard library.

    Raises:
        ValueError: It is no JSON, or the two might not agree what it says.
    """
    # An escape may be a lone surrogate, and how deep is too deep differs.
    if b"\\" in text or may_be_deep(text):
        raise ValueError
    return _decode(text.decode())


def _whole(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError
    return int(digits)


def _real(digits: str) -> float:
    number = float(digits)
    if abs(number) == _INFINITY:
        raise ValueError
    return number


def _no_number(_name: str) -> NoReturn:
    raise ValueError


_decode = json.JSONDecoder(parse_int=_whole, parse_float=_real, parse_constant=_no_number).decode


def __getattr__(name: str) -> Any:
    """The rest of orjson, kept here once it has been asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import orjson

    found = globals()[name] = getattr(orjson, name)
    return found
