"""From parsed JSON to dataclasses, TypedDicts and the standard library's types.

A converter is compiled once for each annotation and collects every fault rather than the first.
It is strict about JSON types, with these courtesies: an int is taken where a float is meant, and
text where a date, time, UUID, Decimal, bytes (base64) or enum is meant. Members that the type
does not have are ignored, so that a sender may evolve before its receiver. Faults name types and
places, never values. This module must not know requests or content types.
"""

from __future__ import annotations

import base64
import collections.abc
import dataclasses
import enum
import re
import typing
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin
from uuid import UUID

Fault = dict[str, str]
Converter = Callable[[Any, str, list[Fault]], Any]

MAX_FAULTS = 100
INVALID: Final = object()
"""What a converter returns beside the faults it added."""

_UNIONS = frozenset({Union, type(int | str)})
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
_SCALARS = (str, int, float, bool)
_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}:[0-9]{2})"
    r"(?:\.([0-9]{1,9}))?([Zz]|[+-][0-9]{2}:[0-9]{2})?"
)
_TIME = re.compile(r"([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?([Zz]|[+-][0-9]{2}:[0-9]{2})?")
_INTEGER = re.compile(r"-?[0-9]{1,300}")


class UnsupportedType(TypeError):  # noqa: N818 - turned into a HandlerSignatureError at load
    """An annotation that JSON cannot be converted to."""


def pointer(path: str, member: object) -> str:
    """The JSON pointer of `member` below `path` (RFC 6901)."""
    return f"{path}/{str(member).replace('~', '~0').replace('/', '~1')}"


def type_name(value: object) -> str:
    """The name a sender knows the JSON type of `value` by."""
    return "null" if value is None else type(value).__name__


def fault(path: str, expected: str, got: str) -> Fault:
    """One fault, in the shape that problems carry."""
    return {"path": path, "expected": expected, "got": got}


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
        if origin is Annotated or _is_required(origin):
            return self.converter(arguments[0])
        if hasattr(kind, "__supertype__"):
            return self.converter(kind.__supertype__)
        if kind is None or kind is type(None):
            return _exactly("null", type(None))
        if origin in _UNIONS:
            return self._union(kind, arguments)
        if origin is Literal:
            return _literal(kind, arguments)
        container = self._container(kind, origin or kind, arguments)
        if container is not None:
            return container
        if isinstance(kind, type):
            return self._class(kind)
        raise UnsupportedType(name_of(kind))

    def _class(self, kind: type) -> Converter:  # noqa: PLR0911 - one return a sort of class
        if kind in _SCALARS:
            return _scalar(kind)
        if kind in _TEXTUAL:
            return _textual(kind, _TEXTUAL[kind])
        if kind is Decimal:
            return _decimal
        if issubclass(kind, enum.Enum):
            return _enumeration(kind)
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
                return _refuse(faults, path, expected, value)
            items = [element(item, f"{path}/{index}", faults) for index, item in enumerate(value)]
            if faults:
                return INVALID
            try:
                return items if made is list else made(items)
            except TypeError:  # an unhashable element of a set
                return _refuse(faults, path, expected, value)

        return convert

    def _tuple(self, kind: Any, arguments: tuple[Any, ...]) -> Converter:
        elements, expected = [self.converter(each) for each in arguments], name_of(kind)

        def convert(value: Any, path: str, faults: list[Fault]) -> Any:
            if value.__class__ is not list or len(value) != len(elements):
                return _refuse(faults, path, expected, value)
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
                return _refuse(faults, path, expected, value)
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
            return _refuse(faults, path, expected, value)

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
            (name, self.converter(each), name in required, name_of(each))
            for name, each in hints.items()
        ]
        return _object(kind, members)


def name_of(kind: Any) -> str:
    """How `kind` is named to a sender: `list[int]`, `int | null`, `Order`."""
    if kind is None or kind is type(None):
        return "null"
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated or _is_required(origin):
        return name_of(arguments[0])
    if origin in _UNIONS:
        return " | ".join(name_of(each) for each in arguments)
    if origin is Literal:
        return "one of " + ", ".join(repr(each) for each in arguments)
    if arguments:
        inner = ", ".join("..." if each is ... else name_of(each) for each in arguments)
        return f"{name_of(origin)}[{inner}]"
    return getattr(kind, "__name__", None) or str(kind)


def _object(kind: type, members: list[tuple[str, Converter, bool, str]]) -> Converter:
    expected = kind.__name__

    def convert(value: Any, path: str, faults: list[Fault]) -> Any:
        if value.__class__ is not dict:
            return _refuse(faults, path, expected, value)
        before, made = len(faults), {}
        for name, member, required, wanted in members:
            if name in value:
                made[name] = member(value[name], pointer(path, name), faults)
            elif required:
                _add(faults, fault(pointer(path, name), wanted, "nothing"))
        if len(faults) > before:
            return INVALID
        try:
            return kind(**made)
        except ValueError:  # what `__post_init__` says may hold values: the place is enough
            _add(faults, fault(path, f"a valid {expected}", "dict"))
            return INVALID

    return convert


def _refuse(faults: list[Fault], path: str, expected: str, value: object) -> Any:
    _add(faults, fault(path, expected, type_name(value)))
    return INVALID


def _add(faults: list[Fault], found: Fault) -> None:
    if len(faults) < MAX_FAULTS:
        faults.append(found)


def _exactly(expected: str, kind: type) -> Converter:
    def convert(value: Any, path: str, faults: list[Fault]) -> Any:
        return value if value.__class__ is kind else _refuse(faults, path, expected, value)

    return convert


def _scalar(kind: type) -> Converter:
    if kind is not float:
        return _exactly(kind.__name__, kind)

    def convert(value: Any, path: str, faults: list[Fault]) -> Any:
        if value.__class__ is float:
            return value
        try:
            return float(value) if value.__class__ is int else _refuse(faults, path, "float", value)
        except OverflowError:
            return _refuse(faults, path, "float", value)

    return convert


def _textual(kind: type, read: Callable[[str], Any]) -> Converter:
    expected = kind.__name__

    def convert(value: Any, path: str, faults: list[Fault]) -> Any:
        if value.__class__ is str:
            try:
                return read(value)
            except ValueError:
                pass
        return _refuse(faults, path, expected, value)

    return convert


def _decimal(value: Any, path: str, faults: list[Fault]) -> Any:
    if value.__class__ in {str, int, float}:
        try:
            made = Decimal(str(value))
        except InvalidOperation:
            return _refuse(faults, path, "Decimal", value)
        if made.is_finite():
            return made
    return _refuse(faults, path, "Decimal", value)


def _enumeration(kind: type[enum.Enum]) -> Converter:
    expected = "one of " + ", ".join(repr(each.value) for each in kind)
    by_value = {(type(each.value), each.value): each for each in kind if _is_scalar(each.value)}

    def convert(value: Any, path: str, faults: list[Fault]) -> Any:
        found = by_value.get((value.__class__, value)) if _is_scalar(value) else None
        return _refuse(faults, path, expected, value) if found is None else found

    return convert


def _literal(kind: Any, choices: tuple[Any, ...]) -> Converter:
    expected = name_of(kind)
    known = {(type(each), each) for each in choices}

    def convert(value: Any, path: str, faults: list[Fault]) -> Any:
        if _is_scalar(value) and (value.__class__, value) in known:
            return value
        return _refuse(faults, path, expected, value)

    return convert


def _is_scalar(value: object) -> bool:
    return value is None or value.__class__ in _SCALARS


def _key(compiler: Compiler, kind: Any) -> Converter | None:
    if kind in (str, Any, object):
        return None
    if kind is not int:
        return compiler.converter(kind)

    def convert(value: Any, path: str, faults: list[Fault]) -> Any:
        if _INTEGER.fullmatch(value) is None:
            return _refuse(faults, path, "int", value)
        return int(value)

    return convert


def _hints(kind: type) -> dict[str, Any]:
    try:
        return typing.get_type_hints(kind, include_extras=True)
    except Exception as error:
        raise UnsupportedType(f"{kind.__name__}, whose annotations do not resolve") from error


def _is_required(origin: Any) -> bool:
    """Whether `origin` is Required, NotRequired or ReadOnly, wherever it came from."""
    return getattr(origin, "_name", None) in {"Required", "NotRequired", "ReadOnly"}


def _fraction(digits: str | None) -> str:
    return "" if not digits else "." + digits[:6].ljust(6, "0")


def _zone(zone: str | None) -> str:
    return "+00:00" if zone in {"Z", "z"} else zone or ""


def _datetime(text: str) -> datetime:
    match = _MOMENT.fullmatch(text)
    if match is None:
        raise ValueError("no moment")
    day, clock, fraction, zone = match.groups()
    return datetime.fromisoformat(f"{day}T{clock}{_fraction(fraction)}{_zone(zone)}")


def _time(text: str) -> time:
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError("no time")
    clock, fraction, zone = match.groups()
    return time.fromisoformat(f"{clock}{_fraction(fraction)}{_zone(zone)}")


def _date(text: str) -> date:
    if len(text) != len("2026-01-31"):  # newer Pythons read other forms of ISO 8601 too
        raise ValueError("no date")
    return date.fromisoformat(text)


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


_TEXTUAL: dict[type, Callable[[str], Any]] = {
    datetime: _datetime,
    date: _date,
    time: _time,
    UUID: UUID,
    bytes: _bytes,
}
