"""Counts the deliveries that call functions: asynchronous calls, and events.

On OpenFaaS such calls come back through the gateway and are counted there; here they go straight to
a function, and are counted around whoever tries them. It knows no queue and no rules of delivery.
"""

from __future__ import annotations

from collections.abc import Callable

from wherry_local.deployment import FunctionKey
from wherry_local.queue.contract import Courier
from wherry_local.queue.delivery import Attempt, Leased, Settlement

_NO_ANSWER = 502


class CountedCourier:
    """A `wherry_local.queue.contract.Courier` around another.

    Args:
        courier: Who tries deliveries.
        function_of: Which function a delivery calls; None where it goes elsewhere.
        count: Is told of each call: function, status, and seconds.
    """

    def __init__(
        self,
        courier: Courier,
        function_of: Callable[[Leased], FunctionKey | None],
        count: Callable[[FunctionKey, int, float], object],
    ) -> None:
        self._courier = courier
        self._function_of = function_of
        self._count = count

    def give_up(self, leased: Leased, attempt: Attempt) -> Settlement:
        """See `Courier.give_up`; nothing is called."""
        return self._courier.give_up(leased, attempt)

    async def deliver(self, leased: Leased) -> Settlement:
        """Try once; what came of it."""
        function = self._function_of(leased)
        settlement = await self._courier.deliver(leased)
        attempt = settlement.attempt
        if function is not None and attempt is not None:
            self._count(function, attempt.status or _NO_ANSWER, attempt.took_s)
        return settlement
