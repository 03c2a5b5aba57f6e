"""How much a queue holds. Values only."""

from __future__ import annotations

from dataclasses import dataclass

MEBIBYTE = 1024 * 1024
ROW_BYTES = 512
"""What a message and each delivery of it is counted as beside its bytes, so that many are much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What is held at most; beyond it nothing is accepted, or the oldest history goes.

    Attributes:
        pending_messages: Messages with a delivery that is not over.
        pending_bytes: Their bytes, with `ROW_BYTES` for each message and each delivery.
        reserve: Share of the two that only what follows from a delivery may use beyond them, so
            that a full queue still empties itself.
        finished_messages: Messages of the history.
        finished_bytes: Their bytes, counted in the same way, with the answers.
        finished_age_s: Age of a finished message at which it goes.
        answer_bytes: Bytes of an answer's body that are kept.
        cached_bytes: Bytes of pending messages that are kept in memory too.
    """

    pending_messages: int = 10_000
    pending_bytes: int = 256 * MEBIBYTE
    reserve: float = 0.25
    finished_messages: int = 10_000
    finished_bytes: int = 256 * MEBIBYTE
    finished_age_s: float = 7 * 86_400.0
    answer_bytes: int = MEBIBYTE
    cached_bytes: int = 32 * MEBIBYTE
