"""Which text stands for itself as the value of a header, encoded or not."""

from __future__ import annotations

PLAIN = bytes(byte for byte in range(0x21, 0x7F) if byte not in b'"%')
"""U+0021-7E without the quotation mark and the per cent sign; a value of these alone is plain."""


def is_plain(text: str) -> bool:
    """Whether `text` consists of `PLAIN` alone; an empty one does."""
    return text.isascii() and not text.encode().translate(None, PLAIN)
