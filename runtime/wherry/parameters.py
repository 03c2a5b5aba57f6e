"""What each annotation of a handler's parameter stands for.

Decided once, at load. Classes of flask and of the cloudevents SDK are recognised without
importing either: whoever annotates with them has imported them. This module must not know
requests, nor how a value is made.
"""

from __future__ import annotations

import collections.abc
import enum
import io
import sys
import typing
from typing import IO, Annotated, Any, BinaryIO, Union, get_args, get_origin

from wherry.callables import EMPTY, is_routine, unwrapped
from wherry.request import Request
from wherry.values import frozen

if typing.TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Role(enum.Enum):
    """What fills a parameter."""

    FLASK = "flask.Request"
    EVENT = "CloudEvent"
    BATCH = "list[CloudEvent]"
    CONTEXT = "Context"
    BODY = "bytes"
    TEXT = "str"
    ITERATOR = "Iterator[bytes]"
    ASYNC_ITERATOR = "AsyncIterator[bytes]"
    FILE = "BinaryIO"
    TYPED = "a dataclass, TypedDict, msgspec.Struct, pydantic.BaseModel, dict or list"
    RAW = "wherry.request.Request"


# What messages offer; the raw request is for adapters of other frameworks.
ACCEPTED = ", ".join(role.value for role in Role if role is not Role.RAW)
STREAMS = frozenset({Role.ITERATOR, Role.ASYNC_ITERATOR, Role.FILE})

_BY_NAME = {
    "request": Role.FLASK,
    "req": Role.FLASK,
    "event": Role.EVENT,
    "cloud_event": Role.EVENT,
    "cloudevent": Role.EVENT,
    "context": Role.CONTEXT,
    "ctx": Role.CONTEXT,
    "body": Role.BODY,
}
# Annotations that linters move under TYPE_CHECKING, where no one can resolve them at run time.
_BY_TEXT = {
    "Request": Role.FLASK,
    "flask.Request": Role.FLASK,
    "CloudEvent": Role.EVENT,
    "wherry.CloudEvent": Role.EVENT,
    "list[CloudEvent]": Role.BATCH,
    "list[wherry.CloudEvent]": Role.BATCH,
    "Context": Role.CONTEXT,
    "wherry.Context": Role.CONTEXT,
    "Iterator[bytes]": Role.ITERATOR,
    "Iterable[bytes]": Role.ITERATOR,
    "AsyncIterator[bytes]": Role.ASYNC_ITERATOR,
    "AsyncIterable[bytes]": Role.ASYNC_ITERATOR,
    "BinaryIO": Role.FILE,
    "IO[bytes]": Role.FILE,
}
_PLAIN: dict[type, Role] = {bytes: Role.BODY, str: Role.TEXT}
_OF_BYTES: dict[Any, Role] = {
    collections.abc.Iterator: Role.ITERATOR,
    collections.abc.Iterable: Role.ITERATOR,
    collections.abc.AsyncIterator: Role.ASYNC_ITERATOR,
    collections.abc.AsyncIterable: Role.ASYNC_ITERATOR,
    IO: Role.FILE,
}
_FILES = (BinaryIO, io.BufferedIOBase, io.RawIOBase, io.IOBase, io.BufferedReader)
_SEQUENCES = (list, collections.abc.Sequence, collections.abc.Iterable)
_SDK = ("cloudevents.core.", "cloudevents.v1.")
_UNIONS = frozenset({Union, type(int | str)})


@frozen(kw_only=False)
class Match:
    """What a parameter is filled with.

    Attributes:
        role: The role.
        annotation: The annotation, resolved and without `None` and `Annotated`.
        sdk_event: The class of the cloudevents SDK that was asked for, or None for ours.
    """

    role: Role
    annotation: Any = None
    sdk_event: type | None = None


def resolve(function: Callable[..., object]) -> dict[str, Any]:
    """Annotations of `function` by parameter, as types; those that cannot be resolved as text."""
    target = unwrapped(function)
    if not is_routine(target):
        target = type(target).__call__ if callable(target) else target
    raw: Mapping[str, Any] = getattr(target, "__annotations__", {})
    namespace = getattr(unwrapped(target), "__globals__", {})
    return {name: _resolved(value, namespace) for name, value in raw.items()}


def match(name: str, annotation: Any) -> Match | None:
    """What fills the parameter `name`, or None when nothing does."""
    if annotation in (EMPTY, Any, object):
        role = _BY_NAME.get(name)
        return None if role is None else Match(role)
    if isinstance(annotation, str):
        role = _BY_TEXT.get(_without_none(annotation))
        return None if role is None else Match(role)
    return _match_type(_bare(annotation))


def _match_type(kind: Any) -> Match | None:
    role = _match_class(kind) if _is_class(kind) else _match_alias(kind)
    if role in {Role.EVENT, Role.BATCH}:
        return Match(role, kind, _sdk(kind if role is Role.EVENT else get_args(kind)[0]))
    if role is None:
        from wherry import typed  # only a parameter that is nothing else asks

        role = Role.TYPED if typed.accepts(kind) else None
    return None if role is None else Match(role, kind)


def _match_class(kind: type) -> Role | None:
    if kind in _PLAIN:
        return _PLAIN[kind]
    if kind in _FILES:
        return Role.FILE
    if kind is Request:
        return Role.RAW
    if _is_context(kind):
        return Role.CONTEXT
    if _is_flask_request(kind):
        return Role.FLASK
    return Role.EVENT if is_event_class(kind) else None


def _match_alias(kind: Any) -> Role | None:
    """The role of an annotation with arguments, as `Iterator[bytes]`."""
    origin, arguments = get_origin(kind), get_args(kind)
    if arguments == (bytes,):
        return _OF_BYTES.get(origin)
    is_batch = len(arguments) == 1 and origin in _SEQUENCES and is_event_class(arguments[0])
    return Role.BATCH if is_batch else None


def _is_class(kind: Any) -> bool:
    return isinstance(kind, type) and get_origin(kind) is None


def is_event_class(kind: Any) -> bool:
    """Whether `kind` is a class of CloudEvents: ours, or one of the cloudevents SDK."""
    if not _is_class(kind):
        return False
    return _is_ours(kind) or _sdk(kind) is not None


def _is_ours(kind: type) -> bool:
    ours = getattr(sys.modules.get("wherry.cloudevents"), "CloudEvent", None)
    return ours is not None and issubclass(kind, ours)


def _sdk(kind: type) -> type | None:
    if _is_ours(kind):
        return None
    # Ours is made from the SDK's: whoever asks for a class above it is content with ours.
    of_sdk = any(base.__module__.startswith(_SDK) for base in kind.__mro__)
    return kind if of_sdk and hasattr(kind, "get_attributes") else None


def _is_context(kind: type) -> bool:
    return kind.__module__ == "wherry.context" and kind.__name__ == "Context"


def _is_flask_request(kind: type) -> bool:
    flask = getattr(sys.modules.get("flask"), "Request", None)
    werkzeug = getattr(sys.modules.get("werkzeug.wrappers"), "Request", None)
    # A class above flask.Request is satisfied by it too.
    return kind is werkzeug or (flask is not None and issubclass(kind, flask))


def _resolved(annotation: Any, namespace: dict[str, Any]) -> Any:
    if not isinstance(annotation, str):
        return annotation

    def holder() -> None: ...

    holder.__annotations__ = {"it": annotation}
    try:
        return typing.get_type_hints(holder, namespace, include_extras=True)["it"]
    except Exception:
        return annotation


def _bare(annotation: Any) -> Any:
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in _UNIONS:
        members = [each for each in get_args(annotation) if each is not type(None)]
        if len(members) == 1:
            return _bare(members[0])
    return annotation


def _without_none(text: str) -> str:
    return text.replace(" ", "").removesuffix("|None").removeprefix("None|")
