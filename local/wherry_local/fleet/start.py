"""The start of one replica, until it is ready or it is known why it does not get so."""

from __future__ import annotations

import asyncio
import logging
import random

from wherry_local.deployment import Deployment
from wherry_local.errors import LocalError
from wherry_local.fleet.fault import start_fault
from wherry_local.fleet.replica import Launcher, Replica
from wherry_local.journal.line import Journal

logger = logging.getLogger(__name__)

_FAULT_LINES = 40
_END_S = 5.0
_LETTERS = "bcdfghjklmnpqrstvwxz2456789"  # no vowels: a name must not spell a word


class StartFailed(LocalError):  # noqa: N818 - named for the state
    """A replica did not get ready; says why."""


async def start(
    launcher: Launcher, deployment: Deployment, journal: Journal, start_s: float
) -> Replica:
    """A replica that is ready; where this is cancelled, there is none.

    Args:
        launcher: Who starts it.
        deployment: What it serves.
        journal: Has what it writes.
        start_s: Seconds that it may take.

    Raises:
        StartFailed: It did not get ready.
    """
    key = deployment.key
    name = f"{key.name}-{''.join(random.choices(_LETTERS, k=5))}"  # noqa: S311 - a name
    try:
        replica = await launcher.launch(deployment, name)
    except Exception as error:
        raise _failed(name, error) from error
    loop = asyncio.get_running_loop()
    until = loop.time() + start_s
    try:
        if await replica.ready(start_s):
            return replica
        # One that closes its pipe without a word is about to end, or has lost its descriptors.
        code = await _exit_code(replica, _END_S if loop.time() < until else 0.0)
    except BaseException as error:
        replica.kill()
        await replica.wait()
        if isinstance(error, Exception):
            raise _failed(name, error) from error
        raise
    lines = [each.text for each in journal.read(key, replica=name, tail=_FAULT_LINES)]
    raise StartFailed(start_fault(lines, code, start_s))


def _failed(name: str, error: Exception) -> StartFailed:
    """What is said of a start that did not come to its end; calls must not wait for it."""
    if isinstance(error, LocalError):
        return StartFailed(error.message)
    logger.error("%s could not be started", name, exc_info=error)
    return StartFailed(f"the platform could not start it: {type(error).__name__}")


async def _exit_code(replica: Replica, within_s: float) -> int | None:
    """The exit code of a replica that ends within a time; None of one that was killed then."""
    end = asyncio.ensure_future(replica.wait())
    is_over = bool((await asyncio.wait({end}, timeout=within_s))[0])
    replica.kill()
    code = await end
    return code if is_over else None
