"""Rules over Envoy's routes: what a prefix matches, and what becomes of the path."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wherry_build.lint.bundle import Bundle
from wherry_build.lint.envoy.bootstrap import Section, bootstraps, routes
from wherry_build.lint.finding import Severity
from wherry_build.lint.node import text
from wherry_build.lint.rule import Fault, fix, rule

_PREFIXES = ("prefix", "path_separated_prefix")
_ACTIONS = ("route", "redirect")


@rule("ENV007", Severity.WARNING, "a prefix ends inside a segment, and matches its neighbours")
def prefix_of_a_segment(bundle: Bundle) -> Iterator[Fault]:
    """`/service1` matches `/service10` as well."""
    for bootstrap in bootstraps(bundle):
        for route in routes(bootstrap):
            prefix = text(route.get("match", "prefix"))
            if prefix.startswith("/") and not prefix.endswith("/"):
                yield route.fault(
                    "match",
                    "prefix",
                    message=f"got prefix {prefix}, which matches {prefix}x too",
                    hint=f"write path_separated_prefix: {prefix}",
                )


@rule("ENV008", Severity.ERROR, "a prefix is rewritten so that the path begins with two slashes")
def double_slash(bundle: Bundle) -> Iterator[Fault]:
    """`/service1` rewritten to `/` makes `//a` of `/service1/a`."""
    for bootstrap in bootstraps(bundle):
        for route in routes(bootstrap):
            prefix = _prefix(route)
            for action in _ACTIONS:
                better = text(route.get(action, "prefix_rewrite"))
                if prefix and not prefix.endswith("/") and better.endswith("/"):
                    yield route.fault(
                        action,
                        "prefix_rewrite",
                        message=f"got prefix_rewrite {better} for {prefix}, so that {prefix}/a "
                        f"becomes {better}/a",
                        hint=f"write regex_rewrite with the pattern {_pattern(prefix)} and the "
                        f"substitution {better}",
                    )


@fix("ENV008")
def rewrite_by_pattern(bundle: Bundle, found: Fault) -> None:  # noqa: ARG001
    """Take the slash after the prefix away with it."""
    action = found.document.get(*found.keys[:-1])
    prefix = _prefix(Section(document=found.document, keys=found.keys[:-2]))
    position = list(action).index("prefix_rewrite")
    substitution = action.pop("prefix_rewrite")
    rewrite = {"pattern": {"regex": _pattern(prefix)}, "substitution": substitution}
    action.insert(position, "regex_rewrite", rewrite)


def _prefix(route: Section) -> str:
    for name in _PREFIXES:
        if text(route.get("match", name)):
            return text(route.get("match", name))
    return ""


def _pattern(prefix: str) -> str:
    return f"^{re.escape(prefix)}/?"
