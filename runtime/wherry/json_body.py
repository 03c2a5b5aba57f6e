"""What handlers return, as JSON.

Key order is kept and there is no newline at the end. Dataclasses, enums, datetimes and UUIDs have
orjson's form (RFC 3339 for moments); msgspec's and pydantic's objects their own; Decimals are
text, sets lists. Integers of any size are exact. NaN and infinities, which JSON does not have,
are null.
"""

from __future__ import annotations

import sys
from typing import Any

from wherry import json_library
from wherry.errors import ResponseError


def dumps(value: Any) -> bytes:
    """Write `value`; ResponseError where it has no JSON form."""
    try:
        return json_library.dumps(value)
    except (TypeError, ValueError, RecursionError):
        return _dumps_slowly(value)


def has_form(value: object) -> bool:
    """Whether `value` is an object of a class that is sent as JSON though it is no dict or list."""
    return hasattr(type(value), "__dataclass_fields__") or _of_library(value) is not None


def is_json(value: object) -> bool:
    """Whether `value` is sent as JSON rather than as text or bytes."""
    return isinstance(value, (dict, list)) or has_form(value)


def _dumps_slowly(value: Any) -> bytes:
    try:
        return json_library.dumps(value, default=_default, option=json_library.OPT_NON_STR_KEYS)
    except Exception as error:
        # What is left is an integer past 64 bits, or has no form at all.
        if "64-bit" in str(error):
            return _dumps_exactly(value)
        raise _no_form(value, error) from error


def _dumps_exactly(value: Any) -> bytes:
    import json

    try:
        text = json.dumps(value, default=_default, allow_nan=False, separators=(",", ":"))
        return text.encode()
    except Exception as error:
        raise _no_form(value, error) from error


def _no_form(value: object, error: Exception) -> ResponseError:
    return ResponseError(
        f"the handler returned a {type(value).__name__} that has no JSON form: {error}"
    )


def _default(value: Any) -> Any:
    if isinstance(value, (set, frozenset)):
        return list(value)
    decimal = sys.modules.get("decimal")  # who has made one has imported it
    if decimal is not None and isinstance(value, decimal.Decimal):
        return str(value)
    library = _of_library(value)
    if library == "pydantic":
        return value.model_dump(mode="json")
    if library == "msgspec":
        return sys.modules["msgspec"].to_builtins(value)
    raise TypeError(f"a {type(value).__name__} is not JSON")


def _of_library(value: object) -> str | None:
    struct = getattr(sys.modules.get("msgspec"), "Struct", None)
    if struct is not None and isinstance(value, struct):
        return "msgspec"
    model = getattr(sys.modules.get("pydantic"), "BaseModel", None)
    return "pydantic" if model is not None and isinstance(value, model) else None
