"""What others say, made fit for a message: servers in their answers, libraries in their errors."""

from __future__ import annotations


def words(text: str, *, limit: int) -> str:
    """`text` on one line, without control characters, at most `limit` of its characters."""
    flat = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return flat if len(flat) <= limit else f"{flat[:limit]}…"


def cause(error: BaseException) -> str:
    """Why a connection failed: the innermost error's words, without the objects around it."""
    inner = error
    while (deeper := _reason(inner)) is not None:
        inner = deeper
    if isinstance(inner, OSError) and inner.strerror:
        return words(inner.strerror, limit=300)
    return words(str(inner), limit=300) or type(inner).__name__


def _reason(error: BaseException) -> BaseException | None:
    reason = getattr(error, "reason", None)  # urllib3 keeps there what it retried after
    if isinstance(reason, BaseException):
        return reason
    return error.__cause__ or error.__context__
