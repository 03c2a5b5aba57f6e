"""What of a build secret is not to be printed: all of it, and the passwords that are in it."""

from __future__ import annotations

import re
from collections.abc import Iterator

_PASSWORD = re.compile(r"password[\s=:]+(\S+)|://[^/\s:@]*:([^/\s@]+)@", re.IGNORECASE)


def secret_parts(text: str) -> Iterator[str]:
    """A secret, and the passwords in one that is a file of pip's or a netrc."""
    yield text
    for found in _PASSWORD.finditer(text):
        yield found[1] or found[2]
