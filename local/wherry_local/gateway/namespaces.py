"""Which namespaces there are: the default, the project's own, and those that callers made.

Kept in `.wherry/namespaces.json`. The default and the project's cannot go.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson

from wherry_local.deployment import DEFAULT_NAMESPACE
from wherry_local.errors import LocalError
from wherry_local.gateway import storage
from wherry_local.gateway.answers import Refused
from wherry_local.gateway.function_deployment import texts_of
from wherry_local.gateway.names import is_label
from wherry_local.state import StateFolder

_MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Namespace:
    """One namespace."""

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)


class Namespaces:
    """The namespaces of one platform.

    Attributes:
        home: Where the functions of the project live.
    """

    def __init__(self, state: StateFolder, *, home: str = DEFAULT_NAMESPACE) -> None:
        self.home = home
        self._file = state.namespaces
        self._state = state
        fixed = [Namespace(name=name) for name in (DEFAULT_NAMESPACE, home)]
        self._known = {each.name: each for each in [*fixed, *self._read()]}

    def names(self) -> list[str]:
        """The names of all, sorted."""
        return sorted(self._known)

    def find(self, name: str) -> Namespace | None:
        """One of them."""
        return self._known.get(name)

    def require(self, name: str) -> str:
        """`name`, if there is such a namespace.

        Raises:
            Refused: There is none.
        """
        if name not in self._known:
            there = ", ".join(self.names())
            raise Refused(400, f"namespace {name!r} not found; there are: {there}")
        return name

    def shown_with(self, said: str) -> tuple[str, ...]:
        """The namespaces that a caller means who says `said`, which may be nothing.

        Functions of a project with a namespace of its own are found without saying it.

        Raises:
            Refused: There is none of that name.
        """
        if said:
            return (self.require(said),)
        return tuple(dict.fromkeys((DEFAULT_NAMESPACE, self.home)))

    def create(self, namespace: Namespace) -> None:
        """Make one.

        Raises:
            Refused: There is one of that name, or too many are there.
        """
        if namespace.name in self._known:
            raise Refused(409, f"namespace {namespace.name!r} exists")
        if len(self._known) >= _MOST:
            raise Refused(400, f"namespaces: there are {_MOST} already, which is the most")
        self._keep({**self._known, namespace.name: namespace})

    def change(self, namespace: Namespace) -> None:
        """Put one in the place of that of its name.

        Raises:
            Refused: There is none.
        """
        if namespace.name not in self._known:
            raise Refused(404, f"namespace {namespace.name!r} not found")
        self._keep({**self._known, namespace.name: namespace})

    def delete(self, name: str, *, is_used: bool) -> None:
        """Forget one; not while functions live there, for then it `is_used`.

        Raises:
            Refused: There is none, or it must stay.
        """
        if name not in self._known:
            raise Refused(404, f"namespace {name!r} not found")
        if name in {DEFAULT_NAMESPACE, self.home}:
            raise Refused(400, f"namespace {name!r} is the default of this platform and stays")
        if is_used:
            raise Refused(409, f"namespace {name!r} has functions; remove them first")
        self._keep({key: each for key, each in self._known.items() if key != name})

    def _keep(self, known: dict[str, Namespace]) -> None:
        documents = [
            {
                "name": each.name,
                "labels": dict(each.labels),
                "annotations": dict(each.annotations),
            }
            for each in known.values()
        ]
        storage.write(self._state, self._file, orjson.dumps({"namespaces": documents}))
        self._known = known

    def _read(self) -> list[Namespace]:
        try:
            return [
                Namespace(
                    name=each["name"],
                    labels=texts_of(each, "labels"),
                    annotations=texts_of(each, "annotations"),
                )
                for each in storage.read(self._file).get("namespaces", [])
                if is_label(each["name"])
            ]
        except (Refused, AttributeError, KeyError, TypeError) as error:
            raise LocalError(
                f"{self._file}: expected it as the platform writes it: {error}",
                hint=f"rm {self._file}",
            ) from None
