"""Log records of one call, whoever made them, while it runs.

This module must not know handlers or answers.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from wherry.context import CURRENT, Context


class _Records(logging.Handler):
    """Keeps the records that are made within one context."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []
        self._context = context

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record of this call."""
        if CURRENT.get() is self._context:
            self.records.append(record)


@contextmanager
def recorded(context: Context) -> Iterator[list[logging.LogRecord]]:
    """The records that code makes for `context` until the block ends.

    Level INFO is on meanwhile, as it is in the server; a test's own logging is not touched.
    """
    root = logging.getLogger()
    level, handler = root.level, _Records(context)
    root.addHandler(handler)
    if root.getEffectiveLevel() > logging.INFO:
        root.setLevel(logging.INFO)
    try:
        yield handler.records
    finally:
        root.setLevel(level)
        root.removeHandler(handler)
