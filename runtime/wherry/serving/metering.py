"""What a worker has counted, for whoever asks: the workers beside it, and the metrics port.

It knows neither what is counted nor how it is shown.
"""

from __future__ import annotations

from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from wherry.metrics import Ledger, Number, SharedTotals, Snapshot, function_key

if TYPE_CHECKING:
    import socket

    from wherry.config import Config
    from wherry.metrics.port import MetricsPort
    from wherry.serving.edge import Edge
    from wherry.serving.functions import Functions

_PUBLISH_S = 0.25


class Metering:
    """The counts of one worker, and where they go.

    Args:
        config: The settings.
        sock: Listening socket of the metrics port, or None.
        totals: Where workers share their counts, when there are several.
        slot: This worker's place in `totals`.

    Attributes:
        ledger: Where calls are counted.
    """

    def __init__(
        self, config: Config, sock: socket.socket | None, totals: SharedTotals | None, slot: int
    ) -> None:
        self.ledger = Ledger(config.function)
        self._config = config
        self._socket = sock
        self._totals = totals
        self._slot = slot
        self._baseline = totals.read(slot) if totals is not None else None
        self._published_at = 0.0
        self._port: MetricsPort | None = None

    def count(self, number: Number, function: str | None = None) -> None:
        """Count something rare of `function`, or of the process."""
        self.ledger.count(function_key(function or self._config.function), number)

    async def open(self, edge: Edge, functions: Functions) -> None:
        """Answer those who scrape."""
        if self._socket is None:
            return
        from wherry.metrics.port import MetricsPort

        def reading() -> Snapshot:
            if self._totals is not None:
                self.publish(functions)
                return self._totals.totals()
            return self._snapshot(functions)

        self._port = MetricsPort(self._socket, reading, self._config.identity, functions.names)
        await edge.driver.run(partial(self._port.open, edge.poller))

    def publish_when_due(self, functions: Functions) -> None:
        """Share the counts, a few times a second at most."""
        now = monotonic()
        if self._totals is not None and now - self._published_at >= _PUBLISH_S:
            self._published_at = now
            self.publish(functions)

    def publish(self, functions: Functions) -> None:
        """Share the counts."""
        if self._totals is not None:
            self._totals.publish(self._slot, self._snapshot(functions))

    def close(self) -> None:
        """Answer nobody any more."""
        if self._port is not None:
            self._port.close()

    def _snapshot(self, functions: Functions) -> Snapshot:
        """What this worker has counted, and a dead one before it in its slot."""
        return self.ledger.snapshot(functions.gauges(), baseline=self._baseline)
