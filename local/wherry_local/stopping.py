"""When a process that serves is to end: at the first signal, and at the second without delay.

It knows which signals end it, and nothing of what is served.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def on_signals(kill: Callable[[], None]) -> asyncio.Event:
    """An event that the first signal to the running loop sets.

    Args:
        kill: Ends everything at once; it is called at each signal after the first.
    """
    stopping = asyncio.Event()

    def stop() -> None:
        if stopping.is_set():
            kill()
        stopping.set()

    loop = asyncio.get_running_loop()
    for number in _ENDING:
        loop.add_signal_handler(number, stop)
    return stopping
