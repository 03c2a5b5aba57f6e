"""What functions_framework's decorators say of a function, kept on the function itself.

The framework keeps it in a table by the function's bare name, where two modules may collide. This
module must not know how functions are called.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

ATTRIBUTE = "__functions_framework_declaration__"
AIO = "aio"
"""The signature that says: HTTP, with Starlette's request."""

F = TypeVar("F", bound=Callable[..., Any])


class Signature(enum.Enum):
    """What a function is called with, as the framework names it."""

    HTTP = "http"
    CLOUD_EVENT = "cloudevent"
    EVENT = "event"
    TYPED = "typed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """What a decorator was told.

    Attributes:
        signature: What the function is called with.
        is_aio: Whether the decorator was one of `functions_framework.aio`.
        input_type: The type that `@typed` was given; None for the parameter's annotation.
    """

    signature: Signature
    is_aio: bool = False
    input_type: type | None = None


def declare(function: F, declaration: Declaration) -> F:
    """Keep `declaration` on `function`, which is returned."""
    setattr(function, ATTRIBUTE, declaration)
    return function


def declaration_of(function: object) -> Declaration | None:
    """What a decorator said of `function`, or None for an undecorated one."""
    try:
        found = getattr(function, ATTRIBUTE, None)
    except Exception:  # such as flask's proxies outside of a request
        return None
    return found if isinstance(found, Declaration) else None
