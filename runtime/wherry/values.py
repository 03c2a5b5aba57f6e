"""Frozen values for less than `dataclasses` asks of a start.

`dataclasses` imports `inspect`, and for each class it writes the source of its methods and compiles
it anew in every process: twenty classes were a third of a cold start. Here the methods are shared,
and nothing is compiled. It is for what every start makes; elsewhere a dataclass does as well. It
knows nothing of what the values mean.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, TypeVar, overload

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_named: object) -> Callable[[Any], Any]:
        """Only type checkers need to know."""
        return lambda decorator: decorator


T = TypeVar("T")


@overload
def frozen(kind: type[T], /) -> type[T]: ...
@overload
def frozen(*, kw_only: bool) -> Callable[[type[T]], type[T]]: ...
@dataclass_transform(kw_only_default=True, frozen_default=True)
def frozen(kind: type[T] | None = None, /, *, kw_only: bool = True) -> Any:
    """Make a class of annotated fields one of frozen, slotted values that are equal by content.

    A field's default is shared by all, so it must be immutable. The class has no base of its own.

    Args:
        kind: The class, when used bare.
        kw_only: Whether fields are given by name alone.
    """

    def made(written: type[T]) -> type:
        members = dict(vars(written))
        names = tuple(written.__annotations__)
        defaults = {name: members.pop(name) for name in names if name in members}
        for given_by_type in ("__dict__", "__weakref__"):
            members.pop(given_by_type, None)
        members |= {
            "__qualname__": written.__qualname__,
            "__slots__": names,
            "__match_args__": () if kw_only else names,
            "_defaults": defaults,
        }
        return type(written.__name__, (_Value,), members)

    return made if kind is None else made(kind)


def replaced(old: T, /, **changes: Any) -> T:
    """A copy of a value with `changes`, by field name.

    Raises:
        TypeError: It has no such field.
    """
    kept = {name: getattr(old, name) for name in type(old).__slots__}  # type: ignore[attr-defined]
    return type(old)(**(kept | changes))


class _Value:
    """What all values do."""

    __slots__: ClassVar[tuple[str, ...]] = ()
    __match_args__: ClassVar[tuple[str, ...]] = ()
    _defaults: ClassVar[dict[str, Any]] = {}

    def __init__(self, *given: Any, **named: Any) -> None:
        kind = type(self)
        by_place = dict(zip(kind.__match_args__, given, strict=False))
        fields = {**kind._defaults, **by_place, **named}
        is_twice = given and (len(by_place) < len(given) or by_place.keys() & named.keys())
        if is_twice or len(fields) != len(kind.__slots__):
            self._complain(len(given), named)
        try:
            for name, content in fields.items():
                object.__setattr__(self, name, content)
        except AttributeError:
            self._complain(len(given), named)

    def _complain(self, positional: int, named: dict[str, Any]) -> NoReturn:
        kind = type(self)
        required = [name for name in kind.__slots__ if name not in kind._defaults]
        raise TypeError(
            f"{kind.__name__}: got {positional} positional arguments and the fields "
            f"{sorted(named)}, expected {required or 'none'} and no others than {kind.__slots__}"
        )

    def __setattr__(self, name: str, content: object) -> NoReturn:
        raise AttributeError(f"cannot assign to field {name!r} of a {type(self).__name__}")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"cannot delete field {name!r} of a {type(self).__name__}")

    def _contents(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in type(self).__slots__)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._contents() == other._contents()

    def __hash__(self) -> int:
        return hash(self._contents())

    def __repr__(self) -> str:
        pairs = zip(type(self).__slots__, self._contents(), strict=True)
        return f"{type(self).__qualname__}({', '.join(f'{n}={c!r}' for n, c in pairs)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (type(self), self._contents())


def _again(kind: type[_Value], contents: tuple[Any, ...]) -> _Value:
    """A value from its contents, for `copy` and `pickle`."""
    return kind(**dict(zip(kind.__slots__, contents, strict=True)))
