"""The life of an application: its own start and stop, and what it keeps between them.

The application runs in a task of its own from its start to its stop. One that does not know the
lifespan protocol raises at once, and is served without. This module must not know requests.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from wherry.adapters.asgi.scope import ASGI
from wherry.errors import HandlerStartError

_log = logging.getLogger("wherry.adapters.asgi")
_STOP_S = 10.0


class Lifespan:
    """One application's life in this process.

    Attributes:
        state: What it put into the scope's `state`; None while it is not known to have a life.
    """

    def __init__(self, application: Any) -> None:
        self.state: dict[str, Any] | None = None
        self._application = application
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Have the application start.

        Raises:
            HandlerStartError: It says that it cannot.
        """
        self._requests: asyncio.Queue[str] = asyncio.Queue()
        self._answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        state: dict[str, Any] = {}
        self._task = asyncio.create_task(self._run(state))
        answer = await self._ask("startup")
        if answer["type"] == "lifespan.startup.failed":
            said = answer.get("message", "")
            raise HandlerStartError(f"the application says that it cannot start: {said}")
        if answer["type"] == "lifespan.startup.complete":
            self.state = state

    async def stop(self) -> None:
        """Have it stop, and wait for that within bounds."""
        task = self._task
        if task is None or task.done():
            return
        try:
            answer = await asyncio.wait_for(self._ask("shutdown"), _STOP_S)
            if answer["type"] == "lifespan.shutdown.failed":
                _log.error("the application says that it cannot stop: %s", answer.get("message"))
        except asyncio.TimeoutError:
            _log.warning("the application did not stop within %.0f s", _STOP_S)
        finally:
            task.cancel()

    async def _ask(self, what: str) -> dict[str, Any]:
        self._requests.put_nowait(f"lifespan.{what}")
        return await self._answers.get()

    async def _run(self, state: dict[str, Any]) -> None:
        scope = {"type": "lifespan", "asgi": ASGI.copy(), "state": state}
        try:
            await self._application(scope, self._receive, self._answers.put)
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # as where a handler is called: it may raise anything
            _log.debug("the application has no lifespan: %s", type(error).__name__, exc_info=error)
        finally:
            self._answers.put_nowait({"type": "ended"})

    async def _receive(self) -> dict[str, Any]:
        return {"type": await self._requests.get()}
