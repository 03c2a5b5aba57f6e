"""Tells what a document is by its content. Pure; knows the marks of each form and no rule."""

from __future__ import annotations

import re
from collections.abc import Mapping

from wherry_build.lint.document import Form
from wherry_build.lint.node import Node, at, mapping, text

_NGINX = re.compile(
    r"""^[ \t]*(?:
      (?:http|events|server|stream|upstream[ \t]+\S+|location[ \t][^\n;{]+)\s*\{
      | (?:proxy|ssl)_[a-z_]+[ \t][^\n{};]*;  # a part that is included in a whole one
    )""",
    re.MULTILINE | re.VERBOSE,
)
_ENVOY = re.compile(
    r"""^[ \t{]*["']?(?:static_resources|dynamic_resources)["']?\s*:""", re.MULTILINE
)
_BOOTSTRAP = frozenset({"static_resources", "dynamic_resources"})
_FUNCTION = frozenset({"handler", "lang"})


def form_of(node: Node) -> Form:
    """What the document `node` is."""
    if not isinstance(node, Mapping):
        return Form.OTHER
    if isinstance(node.get("kind"), str) and isinstance(node.get("apiVersion"), str):
        return Form.KUBERNETES
    if not _BOOTSTRAP.isdisjoint(node):
        return Form.ENVOY
    return Form.STACK if _is_stack(node) else Form.OTHER


def is_nginx(text: str) -> bool:
    """Whether `text` is the configuration of NGINX."""
    return _NGINX.search(text) is not None and not may_be_envoy(text)


def may_be_envoy(text: str) -> bool:
    """Whether `text` has a key that only Envoy's bootstrap has."""
    return _ENVOY.search(text) is not None


def _is_stack(node: Mapping[str, Node]) -> bool:
    if text(at(node, "provider", "name")) in {"openfaas", "faas"}:
        return True
    functions = mapping(node.get("functions")).values()
    # A wherry.yaml has functions with handlers too, and no languages.
    return bool(functions) and all(mapping(each).keys() >= _FUNCTION for each in functions)
