"""Tries asynchronous calls: calls the function, judges its answer, and has the callback follow."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from wherry_local.deployment import Deployment, FunctionKey
from wherry_local.fleet.replica import Functions, NoReplica
from wherry_local.gateway import callbacks
from wherry_local.gateway.answers import Refused
from wherry_local.gateway.call_fields import without
from wherry_local.gateway.callbacks import Callbacks, callback_of
from wherry_local.gateway.retries import RetryRules, retry_rules
from wherry_local.proxy.call import CallFailed, Fault, Inbound, Outbound, call
from wherry_local.queue.delivery import Answer, Attempt, Leased, Settlement, State

CALLBACK_NOTE = "callbackUrl"
KEPT_BYTES = 256 * 1024
"""How much of an answer is kept for `GET /async-function/{call-id}`."""
_ANSWER_BYTES = 10 * 1024 * 1024
_START_S = 30.0
_INTERNAL = "X-OpenFaaS-Internal"


class CallCourier:
    """A `wherry_local.queue.contract.Courier` of calls and their callbacks.

    Args:
        functions: Who is called.
        callbacks: Who posts callbacks.
    """

    def __init__(self, functions: Functions, callbacks: Callbacks) -> None:
        self._functions = functions
        self._callbacks = callbacks

    @staticmethod
    def function_of(leased: Leased) -> FunctionKey | None:
        """The function that a delivery calls; None of a callback."""
        is_callback = leased.subscriber == callbacks.SUBSCRIBER
        return None if is_callback else key_of(leased.message.scope)

    async def deliver(self, leased: Leased) -> Settlement:
        """Try once."""
        if leased.subscriber == callbacks.SUBSCRIBER:
            return await self._callbacks.deliver(leased)
        began, at = time.monotonic(), time.time()
        tried = await self._try(leased)
        answer = tried.answer
        attempt = Attempt(
            at=at,
            took_s=time.monotonic() - began,
            status=answer.status if answer is not None else 0,
            reason=tried.reason,
        )
        tries = leased.attempts + 1
        if tried.may_go_again and tries < tried.rules.attempts:
            delay_s = tried.rules.delay_s(tries, retry_after=_retry_after(answer))
            return Settlement(
                state=State.DUE, attempt=attempt, delay_s=delay_s, answer=_kept(answer)
            )
        return _ended(leased, attempt, answer)

    def give_up(self, leased: Leased, attempt: Attempt) -> Settlement:
        """Dead; of a call the callback follows."""
        if leased.subscriber == callbacks.SUBSCRIBER:
            return Settlement(state=State.DEAD, attempt=attempt)
        return _ended(leased, attempt, None)

    async def _try(self, leased: Leased) -> _Tried:
        key = key_of(leased.message.scope)
        replicas = self._functions.find(key)
        if replicas is None:
            return _Tried(reason=f"there is no function {key}", may_go_again=False)
        rules = _rules(replicas.deployment)
        try:
            answer = await call(
                replicas,
                _outbound(leased),
                timeout_s=replicas.deployment.timeout_s + _START_S,
                limit_bytes=_ANSWER_BYTES,
            )
        except CallFailed as failed:
            # An answer that is too long once is so again.
            may = failed.kind is not Fault.TOO_LARGE
            return _Tried(reason=failed.reason, may_go_again=may, rules=rules)
        except NoReplica as none:
            return _Tried(reason=none.reason, rules=rules)
        if answer.status < 400:
            return _Tried(answer=answer, may_go_again=False, rules=rules)
        return _Tried(
            answer=answer,
            reason=f"the function answered {answer.status}",
            # What a part of the platform answered says nothing of the function.
            may_go_again=answer.status in rules.codes or answer.header(_INTERNAL) is not None,
            rules=rules,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tried:
    """What came of one try.

    Attributes:
        answer: The function's answer, or None.
        reason: What was wrong, empty where nothing was.
        may_go_again: Whether another try may do better.
        rules: How often and when.
    """

    answer: Inbound | None = None
    reason: str = ""
    may_go_again: bool = True
    rules: RetryRules = field(default_factory=RetryRules)


def _ended(leased: Leased, attempt: Attempt, answer: Inbound | None) -> Settlement:
    """A call that is not tried again, with the callback that it wants."""
    url = leased.message.notes.get(CALLBACK_NOTE)
    # A function that was never reached is told of as OpenFaaS does: 503, and no body.
    told = Answer(status=503) if answer is None else _whole(answer)
    return Settlement(
        state=State.DEAD if attempt.reason else State.DELIVERED,
        attempt=attempt,
        answer=_kept(answer),
        follows=callback_of(leased, url, told, attempt.took_s) if url else (),
    )


def key_of(scope: str) -> FunctionKey:
    """The function of a call's scope, `NAME.NAMESPACE`."""
    name, _, namespace = scope.partition(".")
    return FunctionKey(name, namespace)


def _rules(deployment: Deployment) -> RetryRules:
    try:
        return retry_rules(deployment.annotations)
    except Refused:
        return RetryRules()  # the project's own are not refused at deployment


def _outbound(leased: Leased) -> Outbound:
    message = leased.message
    return Outbound(
        method="POST",
        target=message.target,
        headers=without(message.headers, b"content-length"),
        body=message.body,
    )


def _retry_after(answer: Inbound | None) -> str | None:
    if answer is None or answer.status not in {429, 503}:
        return None
    return answer.header("retry-after")


def _whole(answer: Inbound) -> Answer:
    return Answer(status=answer.status, headers=answer.headers, body=answer.body)


def _kept(answer: Inbound | None) -> Answer | None:
    """As much of an answer as is kept; its `Content-Length` says how long all of it was."""
    if answer is None:
        return None
    headers = without(answer.headers, b"content-length", b"transfer-encoding")
    headers.append((b"Content-Length", b"%d" % len(answer.body)))
    return Answer(status=answer.status, headers=headers, body=answer.body[:KEPT_BYTES])
