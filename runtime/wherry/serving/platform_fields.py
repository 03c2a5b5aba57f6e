"""What the platforms say in header fields of their own, beside the call itself.

A gateway's time stamp, the proxies' account of who calls, a web hook sender's question, and what
travels beside a trace. Only a
request that has such a field comes here; the names are in `wherry.serving.fields`. It knows no
socket and calls no handler.
"""

from __future__ import annotations

from time import time_ns
from typing import TYPE_CHECKING

from wherry.declarations import Kind
from wherry.metrics import Ledger, Number
from wherry.serving import webhook
from wherry.serving.fields import START_TIME, is_forwarding
from wherry.trace import FIELDS, parse_passage

if TYPE_CHECKING:
    from wherry.config import Config
    from wherry.handler import Handler
    from wherry.reply import Reply
    from wherry.serving.exchange import Exchange
    from wherry.serving.forwarded import ProxyTrust

_START_DIGITS = 20
_LONGEST_WAIT_NS = 24 * 3600 * 10**9


class PlatformFields:
    """Gives the platforms' fields their effect.

    Attributes:
        believes_proxies: Whether any proxy is trusted, so that what they say is of interest.
    """

    def __init__(self, config: Config, handler: Handler, ledger: Ledger, function: int) -> None:
        self._ledger = ledger
        self._function = function
        self.believes_proxies = bool(config.trusted_proxies)
        self._trust: ProxyTrust | None = None
        if self.believes_proxies:
            from wherry.serving.forwarded import ProxyTrust  # a cold start pays for its patterns

            self._trust = ProxyTrust(config.trusted_proxies, config.forwarded_fields)
        self._consent: webhook.Consent | None = None
        if handler.kind is Kind.EVENT and config.webhook_origins:
            self._consent = webhook.Consent(config.webhook_origins, config.webhook_rate)

    def apply(self, exchange: Exchange) -> Reply | None:
        """Note what was said on the exchange; the answer where that is all there is to do."""
        said = exchange.platform_fields or []
        if self._trust is not None:
            exchange.origin = self._trust.origin(exchange.peer, said)
            if exchange.origin is None:
                _strip(exchange)
        asked = None
        for name, value in said:
            if name == START_TIME:
                self._stamp(exchange, value)
            elif name == webhook.REQUEST_ORIGIN:
                asked = value
            elif name in FIELDS:
                exchange.context.note_passage(parse_passage(said))
        if asked is None or self._consent is None or exchange.method != webhook.METHOD:
            return None
        return self._consent.answer(asked.decode("latin-1"))

    def _stamp(self, exchange: Exchange, value: bytes) -> None:
        """Note when the gateway took the call; nonsense and another day are no time."""
        if not value.isdigit() or len(value) > _START_DIGITS:
            return
        waited = time_ns() - int(value)
        if abs(waited) < _LONGEST_WAIT_NS:
            exchange.context.note_start(int(value))
            # Its clock may be ahead of ours: no wait is shorter than none.
            self._ledger.count(self._function, Number.GATEWAY_STAMPS)
            self._ledger.count(self._function, Number.GATEWAY_SECONDS, max(waited, 0) / 1e9)


def _strip(exchange: Exchange) -> None:
    """Take away what only a trusted proxy may say: from anyone else it is a lie."""
    exchange.headers = [each for each in exchange.headers if not is_forwarding(each[0].lower())]
