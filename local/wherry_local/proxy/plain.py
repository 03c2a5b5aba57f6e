"""What the gateway answers by itself on the paths of functions, in OpenFaaS's words."""

from __future__ import annotations

from wherry.reply import Reply
from wherry_local.deployment import FunctionKey

_TEXT = (b"content-type", b"text/plain; charset=utf-8")
_INTERNAL = (b"x-openfaas-internal", b"proxy")


def answer(status: int, text: str, *more: tuple[bytes, bytes]) -> Reply:
    """A line of text, marked as not the function's own."""
    return Reply(status, [_TEXT, _INTERNAL, *more], text.encode() + b"\n")


def unknown(key: FunctionKey) -> Reply:
    """There is no such function."""
    return answer(404, f"error finding function {key}: not found")


def no_replica(key: FunctionKey, status: int, reason: str) -> Reply:
    """No replica takes the call."""
    if status == 404:
        return unknown(key)
    if status in {429, 503}:
        said = f"No endpoints available for: {key}. {reason}"
        return answer(status, said, (b"retry-after", b"1"))
    return answer(status, f"Can't reach service for: {key}. {reason}")


def unreachable(key: FunctionKey) -> Reply:
    """Its replica ended, or gave no HTTP."""
    return answer(502, f"Can't reach service for: {key}.")


def late(key: FunctionKey) -> Reply:
    """It did not begin to answer in time."""
    return answer(504, f"{key} did not answer in time.")


def looping(key: FunctionKey) -> Reply:
    """The call has come back too often."""
    return answer(508, f"{key} was called by itself, through the gateway, too many times.")
