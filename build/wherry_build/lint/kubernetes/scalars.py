"""Rules about scalars that mean one thing to a person and another to a YAML reader."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from wherry_build.lint.bundle import Bundle, Workload
from wherry_build.lint.document import Document
from wherry_build.lint.finding import Severity
from wherry_build.lint.node import Key, Keys, Node, at, entries, items, mapping
from wherry_build.lint.roundtrip import is_plain, quoted
from wherry_build.lint.rule import Fault, fault, fix, rule

_TAKEN_FOR = {
    "a boolean": re.compile(r"y|n|yes|no|on|off", re.IGNORECASE),
    "a number": re.compile(
        r"[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-f_]+|[0-9][0-9_]*|[0-9][0-9_]*\.?[0-9_]*e[-+]?[0-9]+"
        r"|\.(?:inf|nan)|(?:[0-9][0-9_]*)?\.[0-9_]+)",
        re.IGNORECASE,
    ),
}
"""Plain words that the YAML reader of Kubernetes (YAML 1.1) takes for something else."""


@rule("K8S010", Severity.ERROR, "a text without quotes, which a YAML reader takes for another type")
def ambiguous_scalar(bundle: Bundle) -> Iterator[Fault]:
    """Labels, annotations, selectors, env, arguments and data are texts."""
    workloads = {id(each.document): each for each in (*bundle.workloads, *bundle.knative_services)}
    for document in bundle.objects:
        for keys in _text_places(document, workloads.get(id(document))):
            value = document.get(*keys)
            taken_for = _taken_for(value)
            if taken_for:
                yield fault(
                    document,
                    keys,
                    f"got {_written(value)} without quotes, which is read as {taken_for}, "
                    "expected a text",
                    hint=f"write {_written(value, in_quotes=True)}",
                )


@fix("K8S010")
def put_in_quotes(bundle: Bundle, found: Fault) -> None:  # noqa: ARG001
    """Put double quotes around what is written."""
    *above, last = found.keys
    parent = at(found.document.node, *above)
    parent[last] = quoted(parent[last])


def _taken_for(value: Node) -> str:
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, (int, float)):
        return "a number"
    if value is None or isinstance(value, date) or not is_plain(value):
        return ""
    return next((name for name, form in _TAKEN_FOR.items() if form.fullmatch(value)), "")


def _written(value: Node, *, in_quotes: bool = False) -> str:
    text = str(quoted(value))
    return f'"{text}"' if in_quotes else text


def _text_places(document: Document, workload: Workload | None) -> Iterator[Keys]:
    """Keys of every place of an object that only a text may stand in."""
    yield from _values(document, "metadata", "labels")
    yield from _values(document, "metadata", "annotations")
    match (document.group, document.kind):
        case ("", "Service"):
            yield from _values(document, "spec", "selector")
        case ("", "ConfigMap"):
            yield from _values(document, "data")
        case ("", "Secret"):
            yield from _values(document, "stringData")
        case ("networking.istio.io", "DestinationRule"):
            for keys, _ in entries(document.node, "spec", "subsets"):
                yield from _values(document, *keys, "labels")
        case _:
            pass
    if workload is None:
        return
    yield from _values(document, "spec", "selector", "matchLabels")
    if workload.keys:
        yield from _values(document, *workload.keys, "metadata", "labels")
        yield from _values(document, *workload.keys, "metadata", "annotations")
    yield from _values(document, *workload.spec_keys, "nodeSelector")
    for keys, container in workload.containers():
        yield from _container_places(container, keys)


def _container_places(container: Node, keys: Keys) -> Iterator[Keys]:
    for env_keys, variable in entries(container, "env"):
        if "value" in mapping(variable):
            yield (*keys, *env_keys, "value")
    for field in ("command", "args"):
        yield from ((*keys, field, index) for index, _ in enumerate(items(container.get(field))))


def _values(document: Document, *keys: Key) -> Iterator[Keys]:
    for key in mapping(document.get(*keys)):
        yield (*keys, key)
