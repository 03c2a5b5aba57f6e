"""Which of several functions a request is for: by path, by event type.

The function whose path is the longest prefix of the request's, whole segments compared as they
were sent, gets the request, and sees that path. An event that is posted elsewhere goes to the
function that accepts its type, else to the one that accepts every type. The function at `/` gets
what is left. Sans I/O; it must not know engines or how an event is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from wherry.declarations import Kind
from wherry.errors import HandlerConflict
from wherry.serving.mounts import Mount

ROOT = "/"


class Routes:
    """The table of one process; functions are numbers, in the order of their mounts.

    Attributes:
        root: The function at `/`, or None.
        rest: The event function that accepts every type, or None.
        event_types: Types that some function accepts.
        takes_events: Whether some function takes events.

    Raises:
        HandlerConflict: Two functions have the same path or event type, or accept every type.
    """

    def __init__(self, mounts: Sequence[Mount]) -> None:
        self._paths: dict[str, int] = {}
        self._types: dict[str, int] = {}
        self.root: int | None = None
        self.rest: int | None = None
        self._first_of_events: int | None = None
        for number, mount in enumerate(mounts):
            self._add_path(mounts, number, mount.path)
            if mount.handler.kind is Kind.EVENT:
                self._add_types(mounts, number)
        self.event_types = frozenset(self._types)
        self.takes_events = self._first_of_events is not None
        self._depth = max((path.count("/") for path in self._paths), default=0)

    def by_path(self, path: str) -> int | None:
        """The function with the longest path that `path` is or lies below, `/` left out."""
        found = self._paths.get(path)
        if found is not None:
            return found
        segments = path.split("/", self._depth + 1)
        for count in range(min(len(segments) - 1, self._depth), 0, -1):
            found = self._paths.get("/".join(segments[: count + 1]))
            if found is not None:
                return found
        return None

    def by_types(self, types: Iterable[str]) -> int | None:
        """The one function that accepts events of all these types, or None.

        Without any type, or with one that cannot be told, it is a function that says what is
        wrong with the event.
        """
        found = {self._types.get(each, self.rest) for each in types}
        if not found:
            return self._first_of_events if self.rest is None else self.rest
        return found.pop() if len(found) == 1 else None

    def _add_path(self, mounts: Sequence[Mount], number: int, path: str) -> None:
        other = self.root if path == ROOT else self._paths.get(path)
        if other is not None:
            raise HandlerConflict(
                f"functions {_both(mounts, other, number)} have the same path {path}",
                hint='give one of them another: @http(path="/...")',
            )
        if path == ROOT:
            self.root = number
        else:
            self._paths[path] = number

    def _add_types(self, mounts: Sequence[Mount], number: int) -> None:
        if self._first_of_events is None:
            self._first_of_events = number
        accepted = mounts[number].handler.event_types
        for each in sorted(accepted):
            if each in self._types:
                raise HandlerConflict(
                    f"functions {_both(mounts, self._types[each], number)} accept events of the "
                    f"same type {each}",
                    hint="an event goes to one function: leave the type to one of them",
                )
            self._types[each] = number
        if not accepted:
            if self.rest is not None:
                raise HandlerConflict(
                    f"functions {_both(mounts, self.rest, number)} accept events of every type",
                    hint="say which: @cloud_event(type=...)",
                )
            self.rest = number


def _both(mounts: Sequence[Mount], first: int, second: int) -> str:
    return f"{mounts[first].name!r} and {mounts[second].name!r}"
