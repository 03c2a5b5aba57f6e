"""Coverage-guided fuzzing of the codec and of the reading of requests, by atheris.

    python -m tests.hardening.fuzz_codec codec -max_total_time=60 [FOLDER ...]
    python -m tests.hardening.fuzz_codec parser -max_total_time=60 [FOLDER ...]

What follows the target goes to libFuzzer: its options, the folder where it keeps what reached new
code, and folders to begin from. A finding ends the run with a traceback, a status that is not 0,
and the input in a file `crash-*`.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["wherry"]):
    from wherry.serving.reading import Reading

    from .event_inputs import Message, check

from wherry.config import Config
from wherry.serving.exchange import Exchange
from wherry.serving.fields import Meanings
from wherry.serving.limits import Limits

from .stand import ALLOWED_5XX, Finding

_LIMITS = Limits.of(Config(limit_body_bytes=2_000), is_async=False)
_ENCODINGS = ("strict", "knative")


def codec(data: bytes) -> None:
    """Bytes as a message: the encoding, header lines up to an empty one, the body."""
    head, _, body = data[1:].partition(b"\n\n")
    headers = []
    for line in head.split(b"\n"):
        name, mark, value = line.partition(b":")
        if mark and name.isascii() and not any(byte < 32 and byte != 9 for byte in value):
            headers.append((name, value.strip(b" \t")))
    check(Message(headers, body, _ENCODINGS[data[0] % 2] if data else "strict"))


class _Taken:
    """A connection that only notes what it is told."""

    peer = "192.0.2.1"

    def __init__(self) -> None:
        self.requests: list[tuple[object, ...]] = []

    def new_exchange(self) -> Exchange:
        return Exchange(self)

    def on_head(self, exchange: Exchange, *, has_body: bool) -> None:
        pass

    def on_expect(self) -> None:
        pass

    def on_upgrade(self) -> None:
        pass

    def on_whole(self, exchange: Exchange) -> None:
        self.on_request(exchange)

    def on_request(self, exchange: Exchange) -> None:
        self.requests.append(
            (
                exchange.method,
                exchange.path,
                exchange.query,
                exchange.headers,
                exchange.body,
                exchange.keep_alive,
            )
        )


def parser(data: bytes) -> None:
    """Bytes as a connection's, whole and a byte at a time: the first request is the same."""
    whole, parted = _read([data]), _read([data[at : at + 1] for at in range(len(data))])
    if whole[:1] != parted[:1]:
        raise Finding(f"whole {whole[:1]}, by byte {parted[:1]}")


def _read(pieces: list[bytes]) -> list[tuple[object, ...]]:
    taken = _Taken()
    reading = Reading(taken, _LIMITS, Meanings())
    for piece in pieces:
        problem = reading.feed(piece)
        if problem is not None:
            if problem.status >= 500 and problem.status not in ALLOWED_5XX:
                raise Finding(f"{problem.status}: {problem.detail}")
            break
    return taken.requests


def main() -> None:
    target = {"codec": codec, "parser": parser}[sys.argv.pop(1)]
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
