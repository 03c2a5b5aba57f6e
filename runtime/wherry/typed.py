"""Typed parameters: a JSON body read into the type that the handler asked for.

Dataclasses and TypedDicts are converted by `wherry.conversion`, msgspec's and pydantic's classes
by their own libraries; faults take one shape whoever found them, and never repeat a value. This
module must not know handlers or sockets.
"""

from __future__ import annotations

import dataclasses
import re
import sys
import typing
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol, get_args, get_origin

import orjson

from wherry.conversion import Compiler
from wherry.errors import PayloadError
from wherry.nesting import MAX_DEPTH, is_too_deep, may_be_deep
from wherry.payload_faults import Converter, Fault, fault, pointer, type_name

if TYPE_CHECKING:
    from collections.abc import Iterable

_JSON_TYPE = re.compile(r"(?:application|text)/json|[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.-]*\+json")
_CHARSET = re.compile(r";\s*charset\s*=\s*\"?([^\s\";]+)", re.IGNORECASE)
_LONG_INTEGER = re.compile(rb"[0-9]{19}")
_MSGSPEC_TYPES = re.compile(r"Expected `([^`]*)`[^,`]*(?:, got `([^`]*)`)?.*", re.DOTALL)
_MSGSPEC_NAMES = re.compile(r"\b(?:object|array)\b")
_MSGSPEC_MISSING = re.compile(r"Object missing required field `([^`]*)`.*", re.DOTALL)
_MSGSPEC_PATH = re.compile(r" - at `(?:key in )?\$([^`]*)`", re.DOTALL)
_MSGSPEC_STEP = re.compile(r"\.([^.\[\]]+)|\[([^\]]+)\]")


class Decoder(Protocol):
    """Makes values of one type."""

    def from_json(self, text: bytes) -> Any:
        """Value of the JSON document `text`; PayloadError 400 or 422 where there is none."""
        ...

    def from_value(self, value: Any) -> Any:
        """Value of JSON already parsed; PayloadError 422 where it does not fit."""
        ...


def accepts(kind: Any) -> bool:
    """Whether a parameter annotated `kind` is filled from JSON."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in {list, dict, Sequence, Mapping} or kind in {list, dict}:
        return True
    if typing.is_typeddict(kind) or (origin is not None and typing.is_typeddict(origin)):
        return True
    if not isinstance(kind, type) or (origin is not None and arguments):
        return False
    return dataclasses.is_dataclass(kind) or _library(kind) is not None


def decoder_of(kind: Any) -> Decoder:
    """The decoder for a parameter annotated `kind`; made once, at load.

    Raises:
        UnsupportedType: JSON cannot be converted to something in it.
    """
    libraries = {_library(each) for each in _classes(kind)}
    if libraries == {"pydantic"} and not _is_ours(kind):
        return _Pydantic(kind)
    if libraries == {"msgspec"} and not _is_ours(kind):
        return _Msgspec(kind)
    return _Converted(Compiler(_foreign).converter(kind))


def check_content_type(content_type: str | None) -> None:
    """PayloadError 415 unless `content_type` is JSON in UTF-8, or absent."""
    if content_type is not None and not _is_json(content_type):
        raise PayloadError("the body must be application/json in UTF-8", status=415)


def loads(text: bytes) -> Any:
    """Parse JSON, refusing NaN and nesting past 64; integers of any size stay exact.

    Raises:
        PayloadError: 400 where `text` is no JSON or nests too deep.
    """
    try:
        is_plain = _LONG_INTEGER.search(text) is None
        value = orjson.loads(text) if is_plain else _loads_exactly(text)
    except (ValueError, RecursionError):
        raise malformed() from None
    if may_be_deep(text):
        check_depth(value)
    return value


def check_depth(value: Any) -> None:
    """PayloadError 400 where `value` nests deeper than 64."""
    if is_too_deep(value):
        raise PayloadError(f"the body must not nest deeper than {MAX_DEPTH} levels", status=400)


def malformed() -> PayloadError:
    """The refusal of a body that is no JSON."""
    return PayloadError("the body must be valid JSON", status=400)


@lru_cache(maxsize=256)
def _is_json(content_type: str) -> bool:
    kind, _, parameters = content_type.partition(";")
    if _JSON_TYPE.fullmatch(kind.strip().lower()) is None:
        return False
    charset = _CHARSET.search(";" + parameters)
    return charset is None or charset[1].lower() in {"utf-8", "utf8", "us-ascii"}


def _loads_exactly(text: bytes) -> Any:
    import json

    orjson.loads(text)  # the stricter grammar of the two
    return json.loads(text)


class _Converted:
    __slots__ = ("_convert",)

    def __init__(self, convert: Converter) -> None:
        self._convert = convert

    def from_json(self, text: bytes) -> Any:
        return self.from_value(loads(text))

    def from_value(self, value: Any) -> Any:
        faults: list[Fault] = []
        made = self._convert(value, "", faults)
        if faults:
            raise _does_not_fit(faults)
        return made


class _Msgspec:
    __slots__ = ("_decoder", "_kind")

    def __init__(self, kind: Any) -> None:
        import msgspec

        self._kind = kind
        self._decoder = msgspec.json.Decoder(kind)

    def from_json(self, text: bytes) -> Any:
        import msgspec

        if may_be_deep(text):
            return self.from_value(loads(text))
        try:
            return self._decoder.decode(text)
        except msgspec.ValidationError as error:
            loads(text)  # it stops at the first fault, and malformed JSON may come after that
            raise _does_not_fit([_of_msgspec(str(error))]) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise malformed() from None

    def from_value(self, value: Any) -> Any:
        import msgspec

        try:
            return msgspec.convert(value, self._kind)
        except msgspec.ValidationError as error:
            raise _does_not_fit([_of_msgspec(str(error))]) from None


class _Pydantic:
    __slots__ = ("_adapter",)

    def __init__(self, kind: Any) -> None:
        import pydantic

        self._adapter: pydantic.TypeAdapter[Any] = pydantic.TypeAdapter(kind)

    def from_json(self, text: bytes) -> Any:
        import pydantic

        # Its parser takes NaN, and has a limit of depth of its own.
        if may_be_deep(text) or b"N" in text or b"Infinity" in text:
            loads(text)
        try:
            return self._adapter.validate_json(text)
        except pydantic.ValidationError as error:
            raise _of_pydantic(error) from None

    def from_value(self, value: Any) -> Any:
        return self.from_json(orjson.dumps(value))


def _of_msgspec(message: str) -> Fault:
    path = "".join(
        pointer("", name or ("*" if index == "..." else index))
        for name, index in _MSGSPEC_STEP.findall(_msgspec_path(message))
    )
    missing = _MSGSPEC_MISSING.fullmatch(message)
    if missing is not None:
        return fault(pointer(path, missing[1]), "a value", "nothing")
    types = _MSGSPEC_TYPES.fullmatch(message)
    if types is None:
        return fault(path, "a valid value", "another")
    return fault(path, _our_name(types[1]), _our_name(types[2] or "another"))


def _our_name(names: str) -> str:
    return _MSGSPEC_NAMES.sub(lambda name: "dict" if name[0] == "object" else "list", names)


def _msgspec_path(message: str) -> str:
    found = _MSGSPEC_PATH.search(message)
    return "" if found is None else found[1]


def _of_pydantic(error: Any) -> PayloadError:
    faults = []
    for each in error.errors(include_url=False, include_context=False):
        if each["type"] == "json_invalid":
            return malformed()
        path = "".join(pointer("", step) for step in each["loc"])
        got = "nothing" if each["type"] == "missing" else type_name(each["input"])
        faults.append(fault(path, each["type"], got))
    return _does_not_fit(faults[:100])


def _does_not_fit(faults: list[Fault]) -> PayloadError:
    return PayloadError("the body does not fit what the function takes", errors=faults)


def _foreign(kind: Any) -> Converter | None:
    library = _library(kind)
    if library is None:
        return None
    decoder: Decoder = _Pydantic(kind) if library == "pydantic" else _Msgspec(kind)

    def convert(value: Any, path: str, faults: list[Fault]) -> Any:
        try:
            return decoder.from_value(value)
        except PayloadError as error:
            faults += [{**each, "path": path + each["path"]} for each in error.errors]
            return None

    return convert


def _library(kind: Any) -> str | None:
    """Which library owns the class `kind`; whoever annotates with it has imported that."""
    struct = getattr(sys.modules.get("msgspec"), "Struct", None)
    model = getattr(sys.modules.get("pydantic"), "BaseModel", None)
    if not isinstance(kind, type):
        return None
    if struct is not None and issubclass(kind, struct):
        return "msgspec"
    return "pydantic" if model is not None and issubclass(kind, model) else None


def _is_ours(kind: Any) -> bool:
    return dataclasses.is_dataclass(kind) or typing.is_typeddict(kind)


def _classes(kind: Any) -> Iterable[Any]:
    arguments = [each for each in get_args(kind) if each is not ...]
    if not arguments:
        return [kind] if _library(kind) is not None or _is_ours(kind) else []
    return [found for each in arguments for found in _classes(each)]
