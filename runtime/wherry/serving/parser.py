"""The C parser (httptools, llhttp's strict mode), and what its errors mean here.

It is imported when the first request comes that only it may judge, or a moment after the start
(`wherry.serving.warming`): most calls are read without it. It frames messages and must not know
limits, fields or connections.
"""

from __future__ import annotations

from httptools.parser.errors import (
    HttpParserCallbackError,
    HttpParserError,
    HttpParserUpgrade,
)
from httptools.parser.parser import HttpRequestParser

from wherry.serving.receiver import Refused


class Parser(HttpRequestParser):
    """Calls the methods of whoever it was made with, as parts of requests are read."""

    __slots__ = ()

    def take(self, data: bytes | memoryview) -> bytes | None:
        """Read `data`; what follows a request for another protocol, or None where none is asked.

        Raises:
            Refused: It is no HTTP/1.1, or one of the methods has refused it.
        """
        try:
            self.feed_data(data)
        except HttpParserUpgrade as error:
            return bytes(data[error.args[0] :])
        except HttpParserError as error:
            if isinstance(error, HttpParserCallbackError) and error.__context__ is not None:
                raise error.__context__ from None  # what one of the methods raised
            raise Refused(400, "the request is not valid HTTP/1.1") from None
        return None
