"""Which frameworks there are, and which of them a module is to be shown to.

A framework's adapter is imported only when a cheap look at the module says that it may be one of
its functions, or the user has named it, so that a module of ours pays nothing. This module must
not know how any framework calls its functions.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import cast

from wherry.adapters.adapter import Adapted, Adapter, Source
from wherry.errors import HandlerSignatureError

OURS = "wherry"
"""The signature that says: a function of ours, whatever it looks like."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Framework:
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


# Asked in this order; the first that takes the module has it.
FRAMEWORKS: tuple[Framework, ...] = (
    Framework(
        module="functions_framework",
        signatures=("functions-framework", "http", "cloudevent", "event", "typed", "aio"),
        may_have=imported("functions_framework"),
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
