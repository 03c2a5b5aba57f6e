"""Values of a build as the runtime has its own (`wherry.values`), with what only builds need.

A build of one edited line makes some seventy classes of values, and what `dataclasses` compiles for
each is a good part of its time; these compile nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar, overload

from wherry import values
from wherry.values import replaced

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:
    from wherry.values import dataclass_transform

__all__ = ["NO_ENTRIES", "frozen", "replaced"]

T = TypeVar("T")
NO_ENTRIES: Mapping[str, Any] = MappingProxyType({})
"""The default of a mapping, which all values share."""


@overload
def frozen(kind: type[T], /) -> type[T]: ...
@overload
def frozen(
    *, kw_only: bool = ..., hidden: tuple[str, ...] = ...
) -> Callable[[type[T]], type[T]]: ...
@dataclass_transform(kw_only_default=True, frozen_default=True)
def frozen(
    kind: type[T] | None = None, /, *, kw_only: bool = True, hidden: tuple[str, ...] = ()
) -> Any:
    """As `wherry.values.frozen`; a value with a method `__post_init__` is checked by it when made.

    Args:
        kind: The class, when used bare.
        kw_only: Whether fields are given by name alone.
        hidden: Fields that are not shown where a value is, for they are secret or large.
    """

    def made(written: type[T]) -> type[T]:
        if "__post_init__" in vars(written):
            setattr(written, "__init__", _made_and_checked)  # noqa: B010 - no subclass has another
        if hidden:
            shown = [name for name in written.__annotations__ if name not in hidden]

            def shown_in_part(value: object) -> str:
                fields = ", ".join(f"{name}={getattr(value, name)!r}" for name in shown)
                return f"{written.__qualname__}({fields})"

            setattr(written, "__repr__", shown_in_part)  # noqa: B010 - as above
        return values.frozen(kw_only=kw_only)(written)

    return made if kind is None else made(kind)


def _made_and_checked(value: Any, *given: Any, **named: Any) -> None:
    super(type(value), value).__init__(*given, **named)
    value.__post_init__()
