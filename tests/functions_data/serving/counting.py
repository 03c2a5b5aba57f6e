"""Takes the body as a stream and counts it."""

from collections.abc import Iterator


def handle(body: Iterator[bytes]) -> str:
    return str(sum(len(chunk) for chunk in body))
