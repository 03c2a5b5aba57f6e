"""The console's own files: a style sheet, a script, an icon. Read once, known by their hash."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from pathlib import Path

from wherry.errors import RequestRefused
from wherry.problem import Problem
from wherry.reply import Headers, Reply
from wherry_local.front.asked import Asked

_FOLDER = Path(__file__).parent / "static"
_TYPES = {
    "console.css": b"text/css; charset=utf-8",
    "console.js": b"text/javascript; charset=utf-8",
    "icon.svg": b"image/svg+xml",
}
_KEPT = b"private, max-age=31536000, immutable"
_ASKED_AGAIN = b"no-cache"


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    tag: str


def address(name: str) -> str:
    """Where a page finds a file; it changes with what is in it."""
    return f"/ui/static/{name}?v={_read(name).tag}"


async def answer(asked: Asked) -> Reply:
    """A file.

    Raises:
        RequestRefused: There is none of that name.
    """
    name = asked.named["name"]
    if name not in _TYPES:
        raise RequestRefused(Problem(status=404, detail="the console has no such file"))
    file = _read(name)
    is_current = asked.arguments().get("v") == file.tag
    headers: Headers = [
        (b"etag", f'"{file.tag}"'.encode("ascii")),
        (b"cache-control", _KEPT if is_current else _ASKED_AGAIN),
        (b"x-content-type-options", b"nosniff"),
        (b"cross-origin-resource-policy", b"same-origin"),
    ]
    if _is_known(asked.header("if-none-match") or "", file.tag):
        return Reply(304, headers)
    return Reply(200, [(b"content-type", _TYPES[name]), *headers], file.content)


@functools.cache
def _read(name: str) -> _File:
    content = (_FOLDER / name).read_bytes()
    return _File(content, hashlib.sha256(content).hexdigest()[:16])


def _is_known(condition: str, tag: str) -> bool:
    """Whether `If-None-Match` names the tag (RFC 9110 section 13.1.2: compared weakly)."""
    known = {each.strip().removeprefix("W/") for each in condition.split(",")}
    return "*" in known or f'"{tag}"' in known
