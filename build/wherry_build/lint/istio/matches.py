"""Rules over what a VirtualService's routes match, and in which order: IST011, IST018.

Istio takes the first route that matches. A later match is never reached when an earlier one asks
for nothing that it does not ask for too; where that cannot be told (two patterns) nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wherry_build.lint.bundle import Bundle
from wherry_build.lint.document import Document
from wherry_build.lint.finding import Severity
from wherry_build.lint.istio.names import http_entries, virtual_services
from wherry_build.lint.node import Keys, Node, entries, items, mapping, text
from wherry_build.lint.rule import Fault, fault, rule

_MANY = frozenset({"headers", "queryParams", "sourceLabels", "withoutHeaders"})
"""Conditions that are maps of conditions, all of which must hold."""

_NAMES = frozenset({"name", "statPrefix"})


@rule("IST011", Severity.ERROR, "a route is never reached, an earlier one takes its calls")
def unreachable(bundle: Bundle) -> Iterator[Fault]:
    """Routes are tried in order."""
    for document in virtual_services(bundle):
        yield from _unreachable_in(document)


def _unreachable_in(document: Document) -> Iterator[Fault]:
    earlier: dict[tuple[str, str], list[tuple[int, Node]]] = {}
    for number, (keys, route) in enumerate(http_entries(document), start=1):
        matches = [*entries(route, "match")] or [((), {})]
        for below, match in matches:
            takers = (
                first
                for path in _paths_around(match)
                for first, wide in earlier.get(path, ())
                if _takes(wide, match)
            )
            taken = min(takers, default=None)
            if taken is not None:
                yield _fault(document, (*keys, *below), number, taken)
        for _, match in matches:
            earlier.setdefault(_path(match), []).append((number, mapping(match)))


def _path(match: Node) -> tuple[str, str]:
    """How a match asks for a path, and for which; empty where it asks for none."""
    uri = mapping(mapping(match).get("uri"))
    for kind in ("prefix", "exact", "regex"):
        if text(uri.get(kind)):
            return kind, text(uri[kind])
    return "", ""


def _paths_around(match: Node) -> Iterator[tuple[str, str]]:
    """Every way of asking for a path that may take what `match` asks for."""
    kind, path = _path(match)
    yield "", ""
    yield "prefix", "/"
    if kind in {"prefix", "exact"}:
        for length in range(1, len(path) + 1):
            yield "prefix", path[:length]
    if kind in {"exact", "regex"}:
        yield kind, path


def _fault(document: Document, keys: Keys, number: int, taken: int) -> Fault:
    return fault(
        document,
        keys,
        f"got a match of route {number} whose calls route {taken} takes already",
        hint="put the narrower route first",
    )


def _takes(wide: Node, narrow: Node) -> bool:
    """Whether every call that `narrow` matches is matched by `wide`."""
    asked = {key: value for key, value in mapping(wide).items() if key not in _NAMES}
    given = mapping(narrow)
    if asked.pop("ignoreUriCase", False) or given.get("ignoreUriCase"):
        return False
    path = asked.pop("uri", None)
    if path is not None and not _path_takes(mapping(path), mapping(given.get("uri"))):
        return False
    return all(_condition_takes(key, value, given.get(key)) for key, value in asked.items())


def _path_takes(wide: Mapping[str, Node], narrow: Mapping[str, Node]) -> bool:
    prefix = text(wide.get("prefix"))
    if prefix == "/":
        return True
    if prefix:
        path = text(narrow.get("prefix")) or text(narrow.get("exact"))
        return path.startswith(prefix)
    return bool(wide) and wide == narrow


def _condition_takes(key: str, wide: Node, narrow: Node) -> bool:
    if key == "gateways":
        return bool(items(narrow)) and all(each in items(wide) for each in items(narrow))
    if key in _MANY:
        given = mapping(narrow)
        return all(name in given and given[name] == value for name, value in mapping(wide).items())
    return bool(wide == narrow)


@rule("IST018", Severity.WARNING, "a prefix ends inside a segment, and matches its neighbours")
def open_prefix(bundle: Bundle) -> Iterator[Fault]:
    """`/app` matches `/apple` too; the path itself and what is below it are two matches."""
    for document in virtual_services(bundle):
        for keys, route in http_entries(document):
            for below, match in entries(route, "match"):
                prefix = text(mapping(mapping(match).get("uri")).get("prefix"))
                if prefix and not prefix.endswith("/"):
                    yield fault(
                        document,
                        (*keys, *below, "uri", "prefix"),
                        f"got the prefix {prefix!r}, which {prefix}x has too",
                        hint=f"match `exact: {prefix}` and `prefix: {prefix}/`",
                    )
