"""Deliveries that call functions are counted, and those that go elsewhere are not."""

import asyncio

import pytest

from wherry_local.deployment import FunctionKey
from wherry_local.metrics.deliveries import CountedCourier
from wherry_local.queue.delivery import Attempt, Kind, Leased, Message, Settlement, State

HELLO = FunctionKey("hello")
LEASED = Leased(
    number=1,
    token=1,
    message=Message(key="k", kind=Kind.CALL, scope="hello.openfaas-fn"),
    subscriber="hello",
    attempts=0,
)


class Courier:
    def __init__(self, attempt):
        self.settlement = Settlement(state=State.DELIVERED, attempt=attempt)

    async def deliver(self, leased):
        assert leased is LEASED
        return self.settlement


@pytest.mark.parametrize(
    ("function", "attempt", "counted"),
    [
        (HELLO, Attempt(at=1.0, took_s=0.25, status=200), [(HELLO, 200, 0.25)]),
        (HELLO, Attempt(at=1.0, took_s=0.5, status=503), [(HELLO, 503, 0.5)]),
        (HELLO, Attempt(at=1.0, took_s=2.0, status=0), [(HELLO, 502, 2.0)]),
        (HELLO, None, []),
        (None, Attempt(at=1.0, took_s=0.25, status=200), []),
    ],
)
def test_a_try_of_a_function_is_a_call_of_it(function, attempt, counted):
    told = []
    courier = Courier(attempt)
    outer = CountedCourier(courier, lambda _: function, lambda *said: told.append(said))
    assert asyncio.run(outer.deliver(LEASED)) is courier.settlement
    assert told == counted
