"""Consent to deliveries by web hook: the answer to a sender who asks for it with OPTIONS.

Sans I/O (CloudEvents HTTP 1.1 Web Hooks 1.0.2, section 4). Consent is these headers alone,
whatever the status; without them a sender knows that it may not send. A callback URL that a sender
names is never fetched: it would let anyone make this server call anywhere.
"""

from __future__ import annotations

from wherry.reply import Reply

ANY = "*"
METHOD = "OPTIONS"
REQUEST_ORIGIN = "webhook-request-origin"


class Consent:
    """Who may deliver, and how often.

    Args:
        origins: Senders as they call themselves, in lower case; `*` is all of them.
        rate: Deliveries a minute that a sender is told it may make, or None for no limit.
    """

    def __init__(self, origins: tuple[str, ...], rate: int | None) -> None:
        self._origins = frozenset(origins)
        self._rate = ANY if rate is None else str(rate)

    def answer(self, origin: str) -> Reply | None:
        """What a sender of this name is told; None when nothing is granted to it."""
        if ANY in self._origins:
            granted = ANY
        elif origin.lower() in self._origins:
            granted = origin
        else:
            return None
        headers = [
            (b"allow", b"POST, OPTIONS"),
            (b"webhook-allowed-origin", granted.encode("ascii")),
            (b"webhook-allowed-rate", self._rate.encode("ascii")),
        ]
        return Reply(200, headers)
