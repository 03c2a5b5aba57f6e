"""The first command of a function's README with its answer, for a person to paste.

A transcript is a fenced block of `console` that begins with `$ `. Its URL is moved to where the
function is served; nothing is run. Pure: text in, lines out.
"""

from __future__ import annotations

import re

_BLOCK = re.compile(
    r"^```console\n\$ (?P<command>curl [^\n]*)\n(?P<answer>.*?)^```$", re.MULTILINE | re.DOTALL
)
_URL = re.compile(r"http://(?:localhost|127\.0\.0\.1):8080/?")


def first_transcript(readme: str, url: str) -> list[str]:
    """The lines of the first transcript in `readme`, for a function at `url`; none is []."""
    found = _BLOCK.search(readme)
    if found is None:
        return []
    command = _URL.sub(url, found.group("command"))
    return [f"$ {command}", *found.group("answer").rstrip("\n").split("\n")]
