"""How long a broker waits before it tries an event again. No I/O.

As Knative counts and not as its specification words it: retries are counted from 0, so the first
is after no time at all where the time grows in a line, and after the delay where it doubles.
"""

from __future__ import annotations

from wherry_build.project.specification.eventing import Backoff
from wherry_local.broker.subscription import DeliveryPolicy

LONGEST_S = 86_400.0
"""No wait is longer; a doubled delay would soon be years."""
_DOUBLINGS = 64
_RETRY_AFTER_STATUSES = frozenset({429, 503})


def wait_s(
    policy: DeliveryPolicy, retries: int, *, status: int = 0, retry_after: str | None = None
) -> float:
    """The time until the next try.

    Args:
        policy: How the event is tried.
        retries: Retries that there have been.
        status: What the last try was answered with.
        retry_after: Its `Retry-After`, which counts for 429 and 503, in whole seconds, and only
            where the policy has a bound for it.
    """
    if policy.backoff is Backoff.LINEAR:
        own = policy.delay_s * retries
    else:
        own = policy.delay_s * 2.0 ** min(retries, _DOUBLINGS)
    asked = 0.0
    if policy.retry_after_most_s is not None and status in _RETRY_AFTER_STATUSES:
        asked = min(_seconds(retry_after), policy.retry_after_most_s)
    return min(max(own, asked), LONGEST_S)


def _seconds(text: str | None) -> float:
    """A `Retry-After` in seconds (RFC 9110 section 10.2.3); its dates are not kept to."""
    if text is None or not (text.isascii() and text.isdigit()) or len(text) > 9:
        return 0.0
    return float(text)
