"""Names that other frameworks' functions import, found where their packages are not installed.

The finder stands last on `sys.meta_path`, so it is asked only for what no one else has found: an
installed package always wins, and who imports nothing of this pays nothing. This module must not
know what the provided modules do.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from importlib.abc import Loader

PROVIDED: dict[str, str | None] = {
    # The API of cloudevents 1.x, which 2.x keeps below `v1`.
    "cloudevents.abstract": "cloudevents.v1.abstract",
    "cloudevents.conversion": "cloudevents.v1.conversion",
    "cloudevents.exceptions": "cloudevents.v1.exceptions",
    "cloudevents.http": "cloudevents.v1.http",
    "cloudevents.kafka": "cloudevents.v1.kafka",
    "cloudevents.pydantic": "cloudevents.v1.pydantic",
    "cloudevents.sdk": "cloudevents.v1.sdk",
    "functions_framework": "wherry.adapters.functions_framework.api",
    "functions_framework.aio": "wherry.adapters.functions_framework.aio",
    "functions_framework.exceptions": "wherry.adapters.functions_framework.exceptions",
    # Its own modules are one here.
    "parliament": "wherry.adapters.parliament.api",
    "parliament.decorators": "wherry.adapters.parliament.api",
    "parliament.invocation": "wherry.adapters.parliament.api",
    "parliament.server": "wherry.adapters.parliament.api",
    "google": None,
    "google.cloud": None,
    "google.cloud.functions": None,
    "google.cloud.functions.context": "wherry.adapters.functions_framework.context",
    "google.cloud.functions_v1": None,
    "google.cloud.functions_v1.context": "wherry.adapters.functions_framework.context",
    "google.cloud.functions_v1beta2": None,
    "google.cloud.functions_v1beta2.context": "wherry.adapters.functions_framework.context",
}
"""Module names and where each is; what is below a name is below its place. None: empty package."""


class Finder:
    """Finds the modules of `PROVIDED`."""

    @staticmethod
    def find_spec(
        name: str,
        path: Sequence[str] | None = None,  # noqa: ARG004 - the protocol's
        target: ModuleType | None = None,  # noqa: ARG004
    ) -> ModuleSpec | None:
        """The spec of a provided module, or None."""
        known = name
        while known and known not in PROVIDED:
            known = known.rpartition(".")[0]
        if not known:
            return None
        place = PROVIDED[known]
        has_children = any(each.startswith(f"{name}.") for each in PROVIDED)
        if place is None:
            return _spec(name, None, is_package=True) if known == name else None
        place += name[len(known) :]
        try:
            found = importlib.util.find_spec(place)
        except ModuleNotFoundError:  # below a module that is no package
            return None
        if found is None:
            return None
        is_package = has_children or found.submodule_search_locations is not None
        return _spec(name, place, is_package=is_package)


def _spec(name: str, place: str | None, *, is_package: bool) -> ModuleSpec:
    return ModuleSpec(name, cast("Loader", _Loader(place)), origin=place, is_package=is_package)


class _Loader:
    """Loads a provided module: the module at its place, or for a package a copy of its names.

    A package is copied because what is below it must be asked for here as well: by the path of
    the one at its place, every module would be run twice, and its classes be two.
    """

    def __init__(self, place: str | None) -> None:
        self._place = place

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:  # noqa: ARG002
        """None: an ordinary new module."""
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Fill `module`, or put the one at its place in its stead."""
        if self._place is None:
            return
        there = importlib.import_module(self._place)
        if module.__spec__ is None or module.__spec__.submodule_search_locations is None:
            sys.modules[module.__name__] = there
            return
        own = {"__name__", "__package__", "__path__", "__loader__", "__spec__"}
        vars(module).update({k: v for k, v in vars(there).items() if k not in own})


def install() -> None:
    """Let the provided names be found, in this process and from now on; twice is once."""
    if not any(finder is Finder for finder in sys.meta_path):
        sys.meta_path.append(Finder)


def remove() -> None:
    """Let them be found no longer; what has been imported stays."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if finder is not Finder]
