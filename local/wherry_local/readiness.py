"""How a runtime that was started says that it is ready: one byte in a pipe, WHERRY_READY_FD."""

from __future__ import annotations

import asyncio
import os


async def said_ready(descriptor: int, timeout_s: float) -> bool:
    """Wait for the byte; False when the pipe ends without one, or it does not come in time.

    Args:
        descriptor: The pipe's reading end; it is closed.
        timeout_s: Seconds to wait.
    """
    loop = asyncio.get_running_loop()
    said: asyncio.Future[bool] = loop.create_future()

    def settle(is_ready: bool) -> None:
        if not said.done():
            said.set_result(is_ready)

    loop.add_reader(descriptor, lambda: settle(os.read(descriptor, 1) != b""))
    timer = loop.call_later(timeout_s, settle, False)
    try:
        return await said
    finally:
        timer.cancel()
        loop.remove_reader(descriptor)
        os.close(descriptor)
