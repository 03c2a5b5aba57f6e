"""Rules over the form of Envoy's configuration: types, fields, merge keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wherry_build.lint.bundle import Bundle
from wherry_build.lint.envoy.bootstrap import (
    Section,
    bootstraps,
    clusters,
    connection_managers,
    filter_chains,
    is_connection_manager,
    listeners,
)
from wherry_build.lint.envoy.fields import ANYWHERE, BY_SECTION, in_list
from wherry_build.lint.envoy.type_urls import PREFIX, is_v2, newer
from wherry_build.lint.finding import Severity
from wherry_build.lint.node import Node, at, mapping, text, walk
from wherry_build.lint.rule import Fault, fix, rule

_TYPED_MAPS = frozenset({"typed_per_filter_config", "typed_extension_protocol_options"})


@rule("ENV001", Severity.ERROR, "a type of Envoy's API v2 is named, which no Envoy knows any more")
def type_of_v2(bundle: Bundle) -> Iterator[Fault]:
    """Envoy 1.18 removed API v2; the type is not found when the file is loaded."""
    for bootstrap in bootstraps(bundle):
        for keys, value in walk(bootstrap.node):
            if keys and keys[-1] == "@type" and is_v2(text(value)):
                better = newer(value)
                yield bootstrap.below(*keys).fault(
                    message=f"got {value}, expected a type of API v3",
                    hint=f"write {better}" if better else "look for its successor in API v3",
                )


@fix("ENV001")
def name_the_type_of_v3(bundle: Bundle, found: Fault) -> None:  # noqa: ARG001
    """Write the type that took its place, where there is one."""
    parent = found.document.get(*found.keys[:-1])
    better = newer(text(at(parent, "@type")))
    if better is not None:
        parent["@type"] = _as_written(parent["@type"], better)


@rule("ENV003", Severity.ERROR, "a typed_config has no @type, or a filter no typed_config")
def typed_without_type(bundle: Bundle) -> Iterator[Fault]:
    """Envoy finds an extension by the type of its configuration, not by its name."""
    for bootstrap in bootstraps(bundle):
        for keys, value in walk(bootstrap.node):
            is_typed = bool(keys) and (
                keys[-1] == "typed_config" or (len(keys) > 1 and keys[-2] in _TYPED_MAPS)
            )
            if is_typed and not text(at(value, "@type")):
                yield bootstrap.below(*keys).fault(
                    message="got a configuration without @type, expected the type of its message",
                    hint=f'add "@type": {PREFIX}envoy.extensions...',
                )
        for entry in _filters(bootstrap):
            given = mapping(entry.node)
            if given and given.keys().isdisjoint({"typed_config", "config_discovery"}):
                yield entry.fault(
                    message=f"got filter {text(given.get('name'))!r} without typed_config, "
                    "expected one that names its type",
                    hint="a filter is found by the type of its typed_config, not by its name",
                )


@rule("ENV004", Severity.WARNING, "a field is deprecated, and one day no Envoy will read it")
def deprecated_field(bundle: Bundle) -> Iterator[Fault]:
    """Fields of which Envoy 1.40 warns when it loads them."""
    for bootstrap in bootstraps(bundle):
        for name, section in _sections(bootstrap):
            for key, better in BY_SECTION[name].items():
                if key in mapping(section.node):
                    yield _deprecated(section.below(key), key, better)
        for keys, value in walk(bootstrap.node):
            if not isinstance(value, Mapping):
                continue
            for key, better in {**ANYWHERE, **in_list(keys)}.items():
                if key in value:
                    yield _deprecated(bootstrap.below(*keys, key), key, better)


@rule("ENV017", Severity.ERROR, "a merge key (<<) is used, which Envoy does not follow")
def merge_key(bundle: Bundle) -> Iterator[Fault]:
    """Envoy's YAML reader knows anchors and aliases, and takes `<<` for a field."""
    for bootstrap in bootstraps(bundle):
        for keys, value in walk(bootstrap.node):
            if getattr(value, "merge", None):
                yield bootstrap.below(*keys).fault(
                    message="got a merge key (<<), expected the fields themselves",
                    hint="write out what is merged; a whole mapping may still be an alias",
                )


def _deprecated(section: Section, key: str, better: str) -> Fault:
    return section.fault(message=f"got deprecated {key}, expected {better}")


def _filters(bootstrap: Section) -> Iterator[Section]:
    for listener in listeners(bootstrap):
        for chain in filter_chains(listener):
            yield from chain.each("filters")
        for connection_manager in connection_managers(listener):
            yield from connection_manager.each("http_filters")


def _sections(bootstrap: Section) -> Iterator[tuple[str, Section]]:
    """The parts that have fields of their own in the table, by the name they have there."""
    yield "bootstrap", bootstrap
    yield "admin", bootstrap.below("admin")
    for cluster in clusters(bootstrap):
        yield "cluster", cluster
    for listener in listeners(bootstrap):
        yield "listener", listener
        for chain in filter_chains(listener):
            yield "filter chain", chain
            for entry in chain.each("filters"):
                if is_connection_manager(entry):
                    yield from _of_connection_manager(entry.below("typed_config"))


def _of_connection_manager(connection_manager: Section) -> Iterator[tuple[str, Section]]:
    yield "connection manager", connection_manager
    for log in connection_manager.each("access_log"):
        if text(log.get("typed_config", "@type")).endswith(".FileAccessLog"):
            yield "file access log", log.below("typed_config")
    for host in connection_manager.each("route_config", "virtual_hosts"):
        for route in host.each("routes"):
            yield "route action", route.below("route")


def _as_written(old: Node, new: str) -> Any:
    """`new` in the quotes that `old` has."""
    return type(old)(new) if isinstance(old, str) else new
