"""What an adapter gives: another framework's function in a form of ours.

One module for each framework stands beside this one. It must not know sockets, threads, limits or
deadlines: what it returns is a function whose parameters are filled as those of any handler, by
annotation, most often with the `wherry.request.Request` alone.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple, Protocol

from wherry.handler import Hooks

# Named tuples, because every start of a function waits while these classes are made.


class Source(NamedTuple):
    """A user's module that has been imported, and what is known about it.

    Attributes:
        module: The module.
        file: The file it came from; None when it was imported by its name.
        name: Name of the function that was asked for; None to find it.
    """

    module: ModuleType
    file: str | None
    name: str | None


class Adapted(NamedTuple):
    """A function of another framework that Wherry can call.

    Attributes:
        function: What is called; its parameters are annotated as those of a handler of ours.
        name: Name of the user's function, for messages.
        hooks: The hooks that the framework has for it; None for those of the module.
        on_mount: Told the path below which it answers, beside other functions of its process.
    """

    function: Callable[..., Any]
    name: str
    hooks: Hooks | None = None
    on_mount: Callable[[str], None] | None = None


class Adapter(Protocol):
    """One framework; its module has these names at the top level."""

    SIGNATURES: tuple[str, ...]
    """What `--signature` calls it; the first is the framework itself."""

    def find(self, source: Source, signature: str | None) -> Adapted | None:
        """The function, when `source` is of this framework; None when it is not.

        Args:
            source: The module.
            signature: One of `SIGNATURES` when the user has said so; None to judge by the module,
                and then only what is beyond doubt is taken.

        Raises:
            HandlerSignatureError: The user has said so, and it is not.
            HandlerNameNotFound: It is, but has no function of the wanted name.
        """
        ...
