"""Which frameworks there are, and which of them a module is to be shown to.

A framework's adapter is imported only when a cheap look at the module says that it may be one of
its functions, or the user has named it, so that a module of ours pays nothing. This module must
not know how any framework calls its functions.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from types import FunctionType
from typing import NamedTuple, cast

from wherry.adapters.adapter import Adapted, Adapter, Source
from wherry.errors import HandlerSignatureError

OURS = "wherry"
"""The signature that says: a function of ours, whatever it looks like."""


class Framework(NamedTuple):
    """A row of the table.

    Attributes:
        module: Name of the adapter's module beside this one.
        signatures: The adapter's `SIGNATURES`.
        may_have: Whether a module may be of this framework; cheap, and wrong only in saying yes.
    """

    module: str
    signatures: tuple[str, ...]
    may_have: Callable[[Source], bool]


def imported(*names: str) -> Callable[[Source], bool]:
    """A look that says yes where one of the modules `names` has been imported."""
    return lambda _source: any(name in sys.modules for name in names)


def defined(*names: str) -> Callable[[Source], bool]:
    """A look that says yes where the module has one of `names`."""
    return lambda source: any(name in vars(source.module) for name in names)


def takes(name: str, *parameters: str) -> Callable[[Source], bool]:
    """A look that says yes where the wanted function, else `name`, has these parameters."""
    return lambda source: _parameters(vars(source.module).get(source.name or name)) == parameters


def application(*names: str, function_of: tuple[str, ...]) -> Callable[[Source], bool]:
    """A look that says yes where an object of one of `names`, or the wanted one, can be called.

    A plain function is looked at by its parameters.
    """

    def look(source: Source) -> bool:
        wanted = names if source.name is None else (source.name,)
        for value in map(vars(source.module).get, wanted):
            if isinstance(value, FunctionType):
                if _parameters(value) == function_of:
                    return True
            elif callable(value):
                return True
        return False

    return look


def any_of(*looks: Callable[[Source], bool]) -> Callable[[Source], bool]:
    """A look that says yes where one of `looks` does."""
    return lambda source: any(look(source) for look in looks)


def _parameters(value: object) -> tuple[str, ...] | None:
    code = getattr(value, "__code__", None)
    return None if code is None else code.co_varnames[: code.co_argcount]


_ASGI = ("scope", "receive", "send")

# Asked in this order; the first that takes the module has it.
FRAMEWORKS: tuple[Framework, ...] = (
    Framework(
        module="functions_framework",
        signatures=("functions-framework", "http", "cloudevent", "event", "typed", "aio"),
        may_have=imported("functions_framework"),
    ),
    Framework(
        module="openfaas_http",
        signatures=("openfaas-http",),
        may_have=takes("handle", "event", "context"),
    ),
    Framework(
        module="openfaas_flask",
        signatures=("openfaas-flask",),
        may_have=takes("handle", "req"),
    ),
    Framework(
        module="parliament",
        signatures=("parliament",),
        may_have=any_of(imported("parliament"), takes("main", "context")),
    ),
    Framework(
        module="func_python",
        signatures=("func-python", "func-python-cloudevent"),
        may_have=any_of(defined("new"), takes("handle", *_ASGI)),
    ),
    Framework(
        module="asgi",
        signatures=("asgi",),
        may_have=application("app", "application", "asgi", function_of=_ASGI),
    ),
    Framework(
        module="wsgi",
        signatures=("wsgi",),
        may_have=application(
            "app", "application", "wsgi", function_of=("environ", "start_response")
        ),
    ),
)


def signatures() -> tuple[str, ...]:
    """All that `--signature` may be."""
    return (OURS, *(each for framework in FRAMEWORKS for each in framework.signatures))


def find(source: Source, signature: str | None = None) -> Adapted | None:
    """The function in `source`, where it is another framework's; None where it is ours.

    Args:
        source: The module.
        signature: What the user says it is; None to find out.

    Raises:
        HandlerSignatureError: There is no such signature, or the function is not of it.
        HandlerNameNotFound: It is, but has no function of the wanted name.
    """
    if signature is not None and signature not in signatures():
        raise HandlerSignatureError(
            f"signature {signature!r}: expected one of {', '.join(signatures())}",
            hint="leave --signature and WHERRY_SIGNATURE away to have it found out",
        )
    if signature == OURS:
        return None
    for framework in FRAMEWORKS:
        is_asked = signature in framework.signatures
        if is_asked or (signature is None and framework.may_have(source)):
            module = import_module(f"wherry.adapters.{framework.module}")
            adapted = cast("Adapter", module).find(source, signature)
            if adapted is not None:
                return adapted
    return None
