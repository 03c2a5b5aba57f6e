"""What gunicorn's own parser makes of the same bytes, in process: the judge of what is accepted."""

from __future__ import annotations

import re
from typing import NamedTuple

from gunicorn.config import Config
from gunicorn.http.errors import InvalidChunkExtension, NoMoreData, ParseException
from gunicorn.http.message import Request
from gunicorn.http.parser import RequestParser

_PEER = ("192.0.2.1", 1)
_config = Config()


class _Request(Request):
    """gunicorn's, but for the line of a request that came in one piece behind one like it.

    Our parser frames both and tells no positions, so that `wherry.serving.request_line` does not
    see the second: blank lines before it (RFC 9112 section 2.2 asks for one at least to be passed
    over), more blanks than one in it (section 3 allows that) and two other names of protocols.
    """

    def _parse_python(self, unreader, buf):
        if self.req_number > 1:
            line, mark, rest = bytes(buf.lstrip(b"\r\n")).partition(b"\r\n")
            if not line:
                raise NoMoreData(buf)
            line = re.sub(rb" (?:RTSP|ICE)/", b" HTTP/", re.sub(rb" +", b" ", line))
            buf = bytearray(line + mark + rest)
        return super()._parse_python(unreader, buf)


class _Parser(RequestParser):
    mesg_class = _Request


class Verdict(NamedTuple):
    """What a reader of one connection's bytes took and why it stopped.

    Attributes:
        taken: Method and length of the body of each complete request.
        fault: The name of what was refused; empty where the bytes just ended.
    """

    taken: list[tuple[str, int]]
    fault: str


def verdict(data: bytes) -> Verdict:
    """Read as gunicorn does, up to the first fault or a request that ends the connection."""
    taken: list[tuple[str, int]] = []
    parser = _Parser(_config, iter([data]), _PEER)
    try:
        for request in parser:
            taken.append((request.method, len(request.body.read())))
            if request.should_close():
                return Verdict(taken, "")
    except (NoMoreData, StopIteration):
        return Verdict(taken, "")
    except InvalidChunkExtension:  # no part of what a function is given, and no framing either
        return Verdict(taken, "")
    except ParseException as error:
        return Verdict(taken, type(error).__name__)
    except (ValueError, OverflowError) as error:  # its own limits of integers
        return Verdict(taken, type(error).__name__)
    return Verdict(taken, "")
