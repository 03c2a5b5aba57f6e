"""What a worker has counted, for whoever asks: the workers beside it, and the metrics port.

It knows neither what is counted nor how it is shown.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from functools import partial
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING

from wherry.metrics import Ledger, Number, Snapshot, function_key, number_key

if TYPE_CHECKING:
    import socket

    from wherry.config import Config
    from wherry.metrics.families import Family
    from wherry.metrics.port import MetricsPort
    from wherry.metrics.shared import SharedTotals
    from wherry.serving.edge import Edge
    from wherry.serving.functions import Functions

_log = logging.getLogger("wherry.metrics")
_PUBLISH_S = 0.25
_PATIENCE_S = 0.5


class Metering:
    """The counts of one worker, and where they go.

    Args:
        config: The settings.
        sock: Listening socket of the metrics port, or None.
        totals: Where workers share their counts, when there are several.
        slot: This worker's place in `totals`.

    Attributes:
        ledger: Where calls are counted.
        start_s: Seconds from the start of this worker until it served; 0 before.
    """

    def __init__(
        self, config: Config, sock: socket.socket | None, totals: SharedTotals | None, slot: int
    ) -> None:
        self.ledger = Ledger(config.function)
        self.start_s = 0.0
        self._config = config
        self._socket = sock
        self._totals = totals
        self._slot = slot
        self._baseline = totals.read(slot) if totals is not None else None
        # What the worker before this one has left here of the function's own metrics.
        self._left = totals.board.read(slot) if totals is not None else b""
        self._answered = 0
        self._too_long = False
        self._publishing = Lock()
        self._published_at = 0.0
        self._port: MetricsPort | None = None
        self._edge: Edge | None = None

    def count(self, number: Number, function: str | None = None) -> None:
        """Count something rare of `function`, or of the process."""
        self.ledger.count(function_key(function or self._config.function), number)

    async def open(self, edge: Edge, functions: Functions) -> None:
        """Answer those who scrape."""
        self._edge = edge
        totals = self._totals
        if totals is not None:
            self._answered = totals.board.asked
            totals.board.enter(self._slot)
        if self._socket is None:
            return
        from wherry.metrics.port import MetricsPort

        def reading() -> Snapshot:
            if totals is None:
                return self._snapshot(functions)
            question = totals.board.ask()
            self._answer(functions)
            totals.board.wait(question, _PATIENCE_S)
            return totals.totals(exemplars=True)

        colleagues = None if totals is None else _Colleagues(totals, self._config, self._slot)
        self._port = MetricsPort(
            self._socket, reading, self._config.identity, functions.names, colleagues
        )
        await edge.driver.run(partial(self._port.open, edge.poller))

    def publish_when_due(self, functions: Functions) -> None:
        """Share the counts, a few times a second at most, and answer a colleague who is scraped."""
        if self._totals is None:
            return
        if self._totals.board.asked != self._answered:
            self._answer(functions)
        now = monotonic()
        if now - self._published_at >= _PUBLISH_S:
            self._published_at = now
            self._publish(functions)

    def publish(self, functions: Functions) -> None:
        """Share everything, for the last time."""
        if self._totals is not None:
            self._answer(functions)
            self._totals.board.leave(self._slot)

    def close(self) -> None:
        """Answer nobody any more."""
        if self._port is not None:
            self._port.close()

    def _publish(self, functions: Functions) -> None:
        if self._totals is not None:
            with self._publishing:
                self._totals.publish(self._slot, self._snapshot(functions))

    def _answer(self, functions: Functions) -> None:
        """Share the counts, and what the function itself has counted."""
        if self._totals is None:
            return
        self._publish(functions)
        with self._publishing:
            self._answered = self._totals.board.asked
            fits = self._totals.board.write(self._slot, self._notice(), self._answered)
        if not fits and not self._too_long:
            self._too_long = True
            _log.warning("the function's own metrics are too many to be shared between workers")

    def _notice(self) -> bytes:
        """What has no place among the counts, with what was left here before."""
        exemplars = self.ledger.snapshot().exemplars
        known = "prometheus_client" in sys.modules
        if not exemplars and not known:
            return self._left
        from wherry.metrics.families import Notice, together

        families = Notice.decode(self._left).families
        if known:  # only the function itself, or a scrape, may have imported it
            from wherry.metrics.registry import own_families

            families = together({"": own_families()}, [families])
        return Notice(families, exemplars).encode()

    def _snapshot(self, functions: Functions) -> Snapshot:
        """What this worker has counted, and a dead one before it in its slot."""
        process = function_key(self._config.function)
        numbers = functions.gauges()
        if self._edge is not None:
            numbers[number_key(process, Number.CONNECTIONS)] = len(self._edge.connections)
        numbers[number_key(process, Number.START_SECONDS)] = self.start_s
        return self.ledger.snapshot(numbers, baseline=self._baseline)


class _Colleagues:
    """The workers that share `totals`, as the exposition asks for them."""

    def __init__(self, totals: SharedTotals, config: Config, own: int) -> None:
        self._totals = totals
        self._own = own
        self._are_several = config.workers > 1

    def families(self) -> list[Family]:
        """The function's own metrics, of all of them."""
        from wherry.metrics.families import Notice, together

        board = self._totals.board
        living = board.living()
        texts = {place: board.read(place) for place in self._totals.slots}
        named: dict[str, list[Family]] = {}
        others = []
        for place, text in texts.items():
            if place == self._own and not self._are_several:
                named[""] = Notice.decode(text).families
            elif place in living and self._are_several:
                named[str(place)] = Notice.decode(text).families
            elif text:
                others.append(Notice.decode(text).families)
        return together(named, others)

    def processes(self) -> Mapping[str, int]:
        """The process of each that lives, by its place; empty where there is to be one."""
        if not self._are_several:
            return {}
        return {str(place): process for place, process in self._totals.board.living().items()}
