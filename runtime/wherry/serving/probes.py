"""What the platforms ask to know whether to send work here, or to start over.

Answered on the loop's thread, never behind a handler. Paths are matched exactly; everything else
belongs to the function. A function's `ready` and `alive` hooks are asked in a thread of their
own, for a second at most.
"""

from __future__ import annotations

import enum
import logging
import threading
from collections.abc import Awaitable, Callable

from wherry.errors import ConfigError
from wherry.lifecycle import Lifecycle, State
from wherry.reply import Reply

_log = logging.getLogger("wherry.probes")
HOOK_PATIENCE_S = 1.0
_TEXT = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
METHODS = frozenset({"GET", "HEAD"})


class Probe(enum.Enum):
    """What is asked."""

    LIVENESS = "liveness"
    READINESS = "readiness"


PATHS: dict[str, Probe] = {
    "/_/health": Probe.LIVENESS,  # OpenFaaS
    "/_/ready": Probe.READINESS,
    "/health/liveness": Probe.LIVENESS,  # Knative
    "/health/readiness": Probe.READINESS,
    "/livez": Probe.LIVENESS,  # Kubernetes
    "/readyz": Probe.READINESS,
}


_OFFERED = {"/healthz": Probe.LIVENESS}  # Kubernetes has given it up; functions have it often


def chosen(paths: tuple[str, ...] | None) -> dict[str, Probe]:
    """The probes that are answered: all of `PATHS`, or those of `paths`.

    Raises:
        ConfigError: One of them is no probe.
    """
    if paths is None:
        return PATHS
    known = PATHS | _OFFERED
    for path in paths:
        if path not in known:
            raise ConfigError(
                f"WHERRY_PROBES: got {path!r}, expected some of {', '.join(known)}",
                hint="WHERRY_PROBES=on",
            )
    return {path: known[path] for path in paths}


def verdict(probe: Probe, lifecycle: Lifecycle, *, saturated: bool) -> Reply | None:
    """The answer that follows from the state alone; None when the function's hook decides.

    Args:
        probe: What is asked.
        lifecycle: The state of this process.
        saturated: Whether one more call would be refused.
    """
    if lifecycle.state is State.STOPPED:
        return Reply(503, _TEXT, b"stopped\n")
    if probe is Probe.LIVENESS:
        return None
    if not lifecycle.is_ready:
        return Reply(503, _TEXT, lifecycle.state.value.encode() + b"\n")
    if saturated:
        return Reply(429, _TEXT, b"at the limit of calls in flight\n")
    return None


class Asking:
    """Asks sync hooks, each in a thread; one that does not come back is not asked again."""

    def __init__(self) -> None:
        self._asked: dict[Callable[[], object], threading.Thread] = {}

    def ask(self, hook: Callable[[], object], answer: Callable[[Reply], None]) -> None:
        """Call `answer` with what `hook` says, from another thread."""
        before = self._asked.get(hook)
        if before is not None and before.is_alive():
            answer(_no_answer())
            return
        said: list[Reply] = []
        asked = threading.Thread(
            target=lambda: said.append(_verdict_of(hook)), name="probe", daemon=True
        )
        self._asked[hook] = asked
        asked.start()

        def wait() -> None:
            asked.join(HOOK_PATIENCE_S)
            answer(said[0] if said else _no_answer())

        threading.Thread(target=wait, name="probe-answer", daemon=True).start()


async def ask(hook: Callable[[], Awaitable[object]]) -> Reply:
    """The answer that an async hook gives: a bool, or a bool and a message."""
    import asyncio  # whoever has an async hook has imported it

    try:
        answer = await asyncio.wait_for(hook(), HOOK_PATIENCE_S)
    except (asyncio.TimeoutError, TimeoutError):
        return _no_answer()
    except Exception:
        _log.exception("the probe hook raised")
        return _NOT_WELL
    return _reply_of(answer)


def _verdict_of(hook: Callable[[], object]) -> Reply:
    try:
        return _reply_of(hook())
    except BaseException:  # a thread of ours must not die of what a hook raises
        _log.exception("the probe hook raised")
        return _NOT_WELL


def _no_answer() -> Reply:
    _log.warning("the probe hook took longer than %.0f s", HOOK_PATIENCE_S)
    return Reply(503, _TEXT, b"no answer from the function\n")


def _reply_of(answer: object) -> Reply:
    message = b""
    if isinstance(answer, tuple) and len(answer) == 2:
        answer, text = answer
        message = str(text).encode()[:200] + b"\n"
    if answer or answer is None:
        return Reply(200, _TEXT, message or b"OK\n")
    return Reply(503, _TEXT, message or b"not ready\n")


OK = Reply(200, _TEXT, b"OK\n")
BLOCKED = Reply(503, _TEXT, b"the event loop is blocked\n")
_NOT_WELL = Reply(503, _TEXT, b"not well\n")
