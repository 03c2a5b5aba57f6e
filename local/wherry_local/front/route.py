"""The routes of a door: which handler answers which method and path. Values only, no I/O."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from wherry.reply import Reply
from wherry_local.front.asked import Asked

Answer: TypeAlias = Callable[[Asked], Awaitable[Reply]]
"""Answers a request; raises `wherry.errors.RequestRefused` with the problem to answer with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One route.

    Attributes:
        methods: Methods that it answers; any other is 405 with `Allow`, HEAD goes with GET.
        pattern: Its path. `{name}` stands for one segment, `{name...}` at the end for the rest,
            slashes included, with its percent-encoding as sent.
        answer: Who answers.
        guarded: Whether the caller must show the administrator's password.
        limit_bytes: Longest body.
        takes_forms: Whether a browser may send it a form of this very origin, and not JSON alone;
            whoever answers looks for the token that only its own pages carry.
    """

    methods: tuple[str, ...]
    pattern: str
    answer: Answer
    guarded: bool = True
    limit_bytes: int = 1024 * 1024
    takes_forms: bool = False
