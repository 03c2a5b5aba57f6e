"""Callbacks: the answer of an asynchronous call, posted to where its caller wants it.

A callback is a message of the queue that follows from the call's last try, so it is tried again
after a failure and after a restart. Where it may go is judged when the call is accepted, and again
at each try, since a name may lead elsewhere by then.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from wherry_local.gateway.answers import Refused
from wherry_local.gateway.call_fields import hops, of_callback
from wherry_local.gateway.retries import RetryRules
from wherry_local.proxy.address_rules import destination_of
from wherry_local.proxy.external import External
from wherry_local.proxy.message import CallFailed, Fault, Inbound
from wherry_local.proxy.request_head import HOPS
from wherry_local.queue.delivery import (
    Accepted,
    Answer,
    Attempt,
    Kind,
    Leased,
    Message,
    Settlement,
    State,
)

SUBSCRIBER = "@callback"
"""For whom the delivery of a callback is; no function can be called so."""
_KEY_SUFFIX = "/callback"
_URL = "callback"
_RULES = RetryRules(
    attempts=8,
    codes=frozenset({408, 425, 429, *range(500, 600)}),
    min_wait_s=1.0,
    max_wait_s=120.0,
)
_TIMEOUT_S = 15.0
_RESOLVE_S = 5.0
_THREADS = 4
_KEPT_BYTES = 4096


class Callbacks:
    """Judges and posts the callbacks of one platform."""

    def __init__(self, external: External) -> None:
        self._external = external
        self._threads: ThreadPoolExecutor | None = None

    async def judge(self, url: str) -> None:
        """Whether a callback may go to `url`.

        A host that cannot be resolved now is let pass: it is judged again before it is asked.

        Raises:
            Refused: It may not (400).
        """
        try:
            self._external.judge(url)
            destination = destination_of(url)
            if self._threads is None:
                self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="callbacks")
            resolving = asyncio.get_running_loop().run_in_executor(
                self._threads, self._external.resolve, destination
            )
            await asyncio.wait_for(resolving, _RESOLVE_S)
        except CallFailed as failed:
            if failed.kind is Fault.REFUSED:
                raise Refused(400, f"X-Callback-Url: {failed.reason}") from None
        except (TimeoutError, asyncio.TimeoutError):
            return

    def close(self) -> None:
        """Let go of the threads."""
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
            self._threads = None

    async def deliver(self, leased: Leased) -> Settlement:
        """Post one callback; what came of it."""
        message = leased.message
        began, at = time.monotonic(), time.time()
        status, reason = 0, ""
        answer: Inbound | None = None
        try:
            answer = await self._external.post(
                message.notes[_URL], message.headers, message.body, _TIMEOUT_S
            )
            status = answer.status
        except CallFailed as failed:
            reason = failed.reason
            is_final = failed.kind is Fault.REFUSED
        else:
            is_final = status not in _RULES.codes
            if not 200 <= status < 300:
                reason = f"the receiver of the callback answered {status}"
        attempt = Attempt(at=at, took_s=time.monotonic() - began, status=status, reason=reason)
        kept = None
        if answer is not None:
            kept = Answer(status=status, headers=answer.headers, body=answer.body[:_KEPT_BYTES])
        if not reason:
            return Settlement(state=State.DELIVERED, attempt=attempt, answer=kept)
        tries = leased.attempts + 1
        if is_final or tries >= _RULES.attempts:
            return Settlement(state=State.DEAD, attempt=attempt, answer=kept)
        retry_after = answer.header("retry-after") if answer is not None else None
        delay_s = _RULES.delay_s(tries, retry_after=retry_after)
        return Settlement(state=State.DUE, attempt=attempt, delay_s=delay_s, answer=kept)


def is_callback(message: Message) -> bool:
    """Whether a message is one, and no call."""
    return _URL in message.notes


def callback_of(leased: Leased, url: str, answer: Answer, took_s: float) -> Sequence[Accepted]:
    """The callback that follows from the last try of a call."""
    call = leased.message
    name = call.scope.partition(".")[0]
    headers = [
        *of_callback(answer.headers),
        (b"X-Call-Id", call.key.encode()),
        (b"X-Function-Status", b"%d" % answer.status),
        (b"X-Function-Name", name.encode()),
        (b"X-Duration-Seconds", f"{took_s:.6f}".encode()),
        # Where it calls a function of this platform again, that call is one that came from this.
        (HOPS, b"%d" % hops(call.headers)),
    ]
    message = Message(
        key=f"{call.key}{_KEY_SUFFIX}",
        kind=Kind.CALL,
        scope=call.scope,
        headers=headers,
        body=answer.body,
        accepted_at=time.time(),
        parent=leased.number,
        notes={_URL: url},
    )
    return [Accepted(message=message, subscribers=[SUBSCRIBER])]
