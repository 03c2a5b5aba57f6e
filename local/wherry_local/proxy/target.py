"""Which function a path below the gateway's prefix calls, and with which path. Sans I/O."""

from __future__ import annotations

import re
from typing import NamedTuple

from wherry_local.deployment import DEFAULT_NAMESPACE, FunctionKey

_NAME = re.compile(r"([-A-Za-z0-9_](?:[-A-Za-z0-9_.]{0,251}[-A-Za-z0-9_])?)")
_MOST = 2048


class Target(NamedTuple):
    """What is called.

    Attributes:
        key: The function; of one that names no namespace, that of the default.
        path: The path that it gets, as sent, and nothing of the prefix.
    """

    key: FunctionKey
    path: bytes


class Targets(dict[str, "Target | None"]):
    """Path to what it calls; None where no function can have that name. Bounded.

    Args:
        prefix: What the paths begin with, `/function/`.
    """

    def __init__(self, prefix: str) -> None:
        super().__init__()
        self._prefix = prefix

    def __missing__(self, path: str) -> Target | None:
        target = target_of(path, self._prefix)
        if len(self) >= _MOST:
            self.clear()
        self[path] = target
        return target


def target_of(path: str, prefix: str) -> Target | None:
    """What a path calls; the namespace is what stands behind the name's last dot."""
    name, slash, rest = path.removeprefix(prefix).partition("/")
    if not path.startswith(prefix) or _NAME.fullmatch(name) is None:
        return None
    short, dot, namespace = name.rpartition(".")
    key = FunctionKey(short, namespace) if dot else FunctionKey(name, DEFAULT_NAMESPACE)
    return Target(key, (slash + rest or "/").encode("ascii"))
