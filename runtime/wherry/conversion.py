"""From parsed JSON to dataclasses, TypedDicts and containers of the standard library's types.

A converter is compiled once for each annotation and collects every fault rather than the first.
Members that the type does not have are ignored, so that a sender may evolve before its receiver.
This module must not know requests or content types.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import enum
import typing
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, Literal, get_args, get_origin

from wherry.payload_faults import (
    INVALID,
    UNIONS,
    Converter,
    Fault,
    add,
    fault,
    is_required,
    name_of,
    pointer,
    refuse,
)
from wherry.scalars import (
    SCALARS,
    TEXTUAL,
    decimal,
    enumeration,
    exactly,
    integer_key,
    literal,
    scalar,
    textual,
)

_MADE_OF_LISTS: dict[Any, type] = {
    **dict.fromkeys(
        (
            list,
            collections.abc.Sequence,
            collections.abc.MutableSequence,
            collections.abc.Iterable,
            collections.abc.Collection,
        ),
        list,
    ),
    **dict.fromkeys((set, collections.abc.Set, collections.abc.MutableSet), set),
    frozenset: frozenset,
    tuple: tuple,
}
_DICTS = (dict, collections.abc.Mapping, collections.abc.MutableMapping)


class UnsupportedType(TypeError):  # noqa: N818 - turned into a HandlerSignatureError at load
    """An annotation that JSON cannot be converted to."""


class Compiler:
    """Makes converters, each once; `foreign` makes those of classes that other libraries own."""

    def __init__(self, foreign: Callable[[Any], Converter | None] = lambda _kind: None) -> None:
        self._foreign = foreign
        self._made: dict[Any, Converter] = {}

    def converter(self, kind: Any) -> Converter:
        """The converter to `kind`.

        Raises:
            UnsupportedType: JSON cannot be converted to it, or an annotation in it is unresolved.
        """
        try:
            made = self._made.get(kind)
        except TypeError:  # an unhashable annotation, as Literal[[...]]
            raise UnsupportedType(name_of(kind)) from None
        if made is None:
            # A type may hold itself: until it is made, what refers to it looks it up when called.
            made_by = self._made
            self._made[kind] = lambda value, path, faults: made_by[kind](value, path, faults)  # noqa: PLW0108
            try:
                made = self._made[kind] = self._make(kind)
            except BaseException:
                del self._made[kind]
                raise
        return made

    def _make(self, kind: Any) -> Converter:  # noqa: PLR0911 - one return a form of annotation
        origin, arguments = get_origin(kind), get_args(kind)
        if kind is Any or kind is object:
            return lambda value, _path, _faults: value
        if origin is Annotated or is_required(origin):
            return self.converter(arguments[0])
        if hasattr(kind, "__supertype__"):
            return self.converter(kind.__supertype__)
        if kind is None or kind is type(None):
            return exactly("null", type(None))
        if origin in UNIONS:
            return self._union(kind, arguments)
        if origin is Literal:
            return literal(kind, arguments)
        container = self._container(kind, origin or kind, arguments)
        if container is not None:
            return container
        if isinstance(kind, type):
            return self._class(kind)
        raise UnsupportedType(name_of(kind))

    def _class(self, kind: type) -> Converter:  # noqa: PLR0911 - one return a sort of class
        if kind in SCALARS:
            return scalar(kind)
        if kind in TEXTUAL:
            return textual(kind, TEXTUAL[kind])
        if kind is Decimal:
            return decimal
        if issubclass(kind, enum.Enum):
            return enumeration(kind)
        if dataclasses.is_dataclass(kind):
            return self._dataclass(kind)
        if typing.is_typeddict(kind):
            return self._typed_dict(kind)
        foreign = self._foreign(kind)
        if foreign is None:
            raise UnsupportedType(name_of(kind))
        return foreign

    def _container(self, kind: Any, origin: Any, arguments: tuple[Any, ...]) -> Converter | None:
        if origin is tuple and arguments and arguments[-1] is not ...:
            return self._tuple(kind, arguments)
        if origin in _DICTS:
            return self._dict(kind, arguments)
        made = _MADE_OF_LISTS.get(origin)
        return None if made is None else self._list(kind, arguments[:1], made)

    def _list(self, kind: Any, arguments: tuple[Any, ...], made: type) -> Converter:
        if not arguments:
            arguments = (Any,)
        element, expected = self.converter(arguments[0]), name_of(kind)

        def convert(value: Any, path: str, faults: list[Fault]) -> Any:
            if value.__class__ is not list:
                return refuse(faults, path, expected, value)
            items = [element(item, f"{path}/{index}", faults) for index, item in enumerate(value)]
            if faults:
                return INVALID
            try:
                return items if made is list else made(items)
            except TypeError:  # an unhashable element of a set
                return refuse(faults, path, expected, value)

        return convert

    def _tuple(self, kind: Any, arguments: tuple[Any, ...]) -> Converter:
        elements, expected = [self.converter(each) for each in arguments], name_of(kind)

        def convert(value: Any, path: str, faults: list[Fault]) -> Any:
            if value.__class__ is not list or len(value) != len(elements):
                return refuse(faults, path, expected, value)
            pairs = enumerate(zip(elements, value, strict=True))
            return tuple(
                element(item, f"{path}/{index}", faults) for index, (element, item) in pairs
            )

        return convert

    def _dict(self, kind: Any, arguments: tuple[Any, ...]) -> Converter:
        key_kind, value_kind = arguments or (Any, Any)
        key, element, expected = _key(self, key_kind), self.converter(value_kind), name_of(kind)

        def convert(value: Any, path: str, faults: list[Fault]) -> Any:
            if value.__class__ is not dict:
                return refuse(faults, path, expected, value)
            made = {}
            for name, item in value.items():
                below = pointer(path, name)
                made[name if key is None else key(name, below, faults)] = element(
                    item, below, faults
                )
            return made

        return convert

    def _union(self, kind: Any, arguments: tuple[Any, ...]) -> Converter:
        # An int must stay one where both it and a float are meant.
        ordered = sorted(arguments, key=lambda each: each is float)
        arms, expected = [self.converter(each) for each in ordered], name_of(kind)
        optional = len(arms) == 2 and type(None) in arguments
        inner = next((self.converter(each) for each in arguments if each is not type(None)), None)

        def convert(value: Any, path: str, faults: list[Fault]) -> Any:
            if optional and inner is not None:
                return None if value is None else inner(value, path, faults)
            for arm in arms:
                attempt: list[Fault] = []
                made = arm(value, path, attempt)
                if not attempt:
                    return made
            return refuse(faults, path, expected, value)

        return convert

    def _dataclass(self, kind: type) -> Converter:
        hints = _hints(kind)
        members = [
            (
                each.name,
                self.converter(hints[each.name]),
                each.default is dataclasses.MISSING and each.default_factory is dataclasses.MISSING,
                name_of(hints[each.name]),
            )
            for each in dataclasses.fields(kind)
            if each.init
        ]
        return _object(kind, members)

    def _typed_dict(self, kind: type) -> Converter:
        hints = _hints(kind)
        required: frozenset[str] = kind.__required_keys__  # type: ignore[attr-defined]
        members = [
            # Python 3.10's own TypedDict does not know NotRequired, and calls all required.
            (
                name,
                self.converter(each),
                name in required and not _may_be_absent(each),
                name_of(each),
            )
            for name, each in hints.items()
        ]
        return _object(kind, members)


def _object(kind: type, members: list[tuple[str, Converter, bool, str]]) -> Converter:
    expected = kind.__name__

    def convert(value: Any, path: str, faults: list[Fault]) -> Any:
        if value.__class__ is not dict:
            return refuse(faults, path, expected, value)
        before, made = len(faults), {}
        for name, member, required, wanted in members:
            if name in value:
                made[name] = member(value[name], pointer(path, name), faults)
            elif required:
                add(faults, fault(pointer(path, name), wanted, "nothing"))
        if len(faults) > before:
            return INVALID
        try:
            return kind(**made)
        except ValueError:  # what `__post_init__` says may hold values: the place is enough
            add(faults, fault(path, f"a valid {expected}", "dict"))
            return INVALID

    return convert


def _key(compiler: Compiler, kind: Any) -> Converter | None:
    if kind in (str, Any, object):
        return None
    return integer_key if kind is int else compiler.converter(kind)


def _may_be_absent(kind: Any) -> bool:
    return getattr(get_origin(kind), "_name", None) == "NotRequired"


def _hints(kind: type) -> dict[str, Any]:
    try:
        return typing.get_type_hints(kind, include_extras=True)
    except Exception as error:
        raise UnsupportedType(f"{kind.__name__}, whose annotations do not resolve") from error
