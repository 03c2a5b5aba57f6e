"""Makes pages from templates: every value is escaped, and a name that is not given is an error.

The one place that knows Jinja2, which is imported when the first page is asked for.
"""

from __future__ import annotations

import asyncio
import functools
import json
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from wherry.reply import Headers, Reply
from wherry_local.console import content, figures, static_files

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES = Path(__file__).parent / "templates"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""What a page may load and do: what comes from here, and nothing that stands in the page itself."""

PAGE_HEADERS: Headers = [
    (b"content-type", b"text/html; charset=utf-8"),
    (b"content-security-policy", POLICY.encode("ascii")),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    # With `no-referrer` browsers send forms with `Origin: null`, which nobody can check.
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
]
NOTICES = {
    "cancelled": "Cancelled: it is not tried again.",
    "discarded": "Discarded: the dead letter is gone, the event stays in the history.",
    "emitted": "Accepted by the broker.",
    "replayed": "Replayed: this is the new one.",
}
"""What a page says after a form was sent, by the word in its address."""


class Renderer:
    """Makes the pages of one console.

    Args:
        token: What every form of its pages carries.
    """

    def __init__(self, token: str) -> None:
        self._token = token

    async def page(self, template: str, *, status: int = 200, **values: Any) -> Reply:
        """The page that a template makes of values, off the event loop."""
        text = await asyncio.to_thread(self.text, template, **values)
        return Reply(status, list(PAGE_HEADERS), text.encode("utf-8", "replace"))

    def text(self, template: str, **values: Any) -> str:
        """The text of a page."""
        return _environment().get_template(template).render(token=self._token, **values)


@functools.cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {
        "absolute": figures.absolute,
        "clock": figures.clock,
        "count": figures.count,
        "json": _json,
        "keyed": keyed,
        "milliseconds": figures.milliseconds,
        "moment": figures.moment,
        "payload": content.shown_payload,
        "printable": content.printable,
        "rate": figures.rate,
        "relative": figures.relative,
        "segment": segment,
        "size": figures.size,
    }
    made.globals |= {
        "asset": static_files.address,
        "nothing": figures.NOTHING,
        "share": figures.share,
    }
    return made


def segment(text: object) -> str:
    """A text as one segment of a path."""
    return quote(str(text), safe="")


def _json(value: object) -> str:
    """A value as a line of JSON; the filter of Jinja2 writes it for scripts, and not for people."""
    return json.dumps(value, ensure_ascii=False)


def keyed(lines: Sequence[Mapping[str, Any]]) -> list[tuple[str, Mapping[str, Any]]]:
    """Lines of a log with what each is known by, as long as it is shown."""
    seen: Counter[int] = Counter()
    found = []
    for line in lines:
        said = f"{line['timestamp']} {line['name']} {line['instance']} {line['text']}"
        known = zlib.crc32(said.encode("utf-8", "replace"))
        found.append((f"{known:08x}-{seen[known]}", line))
        seen[known] += 1
    return found


def address(path: str, **arguments: object) -> str:
    """A path with a query of the arguments that are not empty."""
    given = {name: str(value) for name, value in arguments.items() if value not in (None, "")}
    return f"{path}?{urlencode(given)}" if given else path


def notice(arguments: dict[str, str]) -> str:
    """What a page is to say of the form that led to it; empty where none did."""
    return NOTICES.get(arguments.get("did", ""), "")


def seen_at(path: str) -> Reply:
    """The way from a form to the page that shows what came of it."""
    return Reply(303, [(b"location", path.encode("ascii")), (b"cache-control", b"no-store")])


def moved_to(path: str) -> Reply:
    """The way from one address to another, whatever the method."""
    return Reply(307, [(b"location", path.encode("ascii"))])
