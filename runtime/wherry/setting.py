"""One setting: its names in the environment, and how its text becomes a value.

It must not know which settings there are, nor what follows from them. A text that cannot be read is
a ValueError that says what was expected.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NamedTuple

from wherry import json_library

FORWARDED_FIELDS = frozenset({"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"})
_LABEL_CHARS = 253


class Variable(NamedTuple):
    """One setting as the environment spells it.

    Attributes:
        names: Names in order of precedence; the first that is set and not empty counts.
        field: Attribute of `Config` that it sets.
        parse: Text to value; raises ValueError with what was expected.
        default: What holds when no name is set, in words or as written.
        meaning: One sentence for the reference page.
    """

    names: tuple[str, ...]
    field: str
    parse: Callable[[str], Any]
    default: str
    meaning: str


def whole(low: int, high: int) -> Callable[[str], int]:
    """A whole number within bounds."""

    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
            raise ValueError(f"expected a whole number from {low} to {high}")
        return int(text)

    return parse


def switch(text: str) -> bool:
    """On or off."""
    if text.lower() in {"1", "true", "yes", "on"}:
        return True
    if text.lower() in {"0", "false", "no", "off"}:
        return False
    raise ValueError("expected true or false")


def one_of(*choices: str) -> Callable[[str], str]:
    """One of `choices`, which are in lower case."""

    def parse(text: str) -> str:
        if text.lower() not in choices:
            raise ValueError("expected one of " + ", ".join(choices))
        return text.lower()

    return parse


def is_label(text: str) -> bool:
    """Whether it is letters, digits and, between those, dots, dashes and underscores."""
    inner = text.replace(".", "").replace("-", "").replace("_", "")  # a pattern is compiled longer
    ends = text[:1].isalnum() and text[-1:].isalnum()
    return ends and inner.isalnum() and text.isascii() and len(text) <= _LABEL_CHARS


def label(text: str) -> str:
    """A name as Kubernetes has them."""
    if not is_label(text):
        raise ValueError("expected letters, digits, dots and dashes, at most 253")
    return text


def url(text: str) -> str:
    """An absolute URL of HTTP."""
    if not text.startswith(("http://", "https://")) or not text.isprintable() or " " in text:
        raise ValueError("expected an http:// or https:// URL")
    return text


def extensions(text: str) -> dict[str, str]:
    """Extension attributes of events, in the JSON of Knative's `K_CE_OVERRIDES`."""
    try:
        given = json_library.loads(text.encode()).get("extensions") or {}
        return {str(key): str(value) for key, value in given.items()}
    except (ValueError, AttributeError):
        raise ValueError('expected {"extensions": {"name": "value"}}') from None


def paths(text: str) -> tuple[str, ...]:
    """Paths with what separates them in `PATH`."""
    return tuple(part for part in text.split(os.pathsep) if part)


def lock_file(text: str) -> str | None:
    """A path; None for `off`."""
    return None if text.lower() == "off" else text


def metrics_port(text: str) -> int | None:
    """A port; None for `off`."""
    return None if text.lower() == "off" else whole(0, 65535)(text)


def rate(text: str) -> int | None:
    """A whole number; None for `*`."""
    return None if text == "*" else whole(1, 1_000_000_000)(text)


def probe_paths(text: str) -> tuple[str, ...] | None:
    """Paths of URLs; None, which is all there are, for `on`, and empty for `off`."""
    if text.lower() in {"on", "off"}:
        return None if text.lower() == "on" else ()
    found = _listed(text)
    if not all(path.startswith("/") for path in found):
        raise ValueError("expected on, off or paths with commas between them")
    return found


def networks(text: str) -> tuple[str, ...]:
    """Addresses and networks, among them `*` for any; empty for `none`."""
    import ipaddress

    found = tuple("*" if part == "*" else part.lower() for part in _listed(text))
    try:
        for network in found:
            if network not in {"*", "none"}:
                ipaddress.ip_network(network)
    except ValueError:
        raise ValueError(
            "expected addresses or networks such as 10.0.0.0/8 with commas between them, * or none"
        ) from None
    return () if "none" in found else found


def forwarded_fields(text: str) -> tuple[str, ...]:
    """Header fields in which a proxy says who calls: of one standard or of the other."""
    fields = _listed(text.lower())
    if fields != ("forwarded",) and not FORWARDED_FIELDS.issuperset(fields):
        choices = ", ".join(sorted(FORWARDED_FIELDS))
        raise ValueError(f"expected forwarded alone, or some of {choices}")
    return fields


def origins(text: str) -> tuple[str, ...]:
    """DNS names, among them `*` for any."""
    found = _listed(text.lower())
    if not all(origin == "*" or is_label(origin) for origin in found):
        raise ValueError("expected DNS names with commas between them, or *")
    return found


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part for part in (each.strip() for each in text.split(",")) if part)
