"""A call that is given up without being tried tells its caller so."""

import pytest

from wherry_local.gateway.callbacks import SUBSCRIBER
from wherry_local.gateway.courier import CALLBACK_NOTE, CallCourier
from wherry_local.queue.delivery import Attempt, Kind, Leased, Message, State

ATTEMPT = Attempt(at=1.0, took_s=0.0, status=0, reason="nobody has survived it")


@pytest.mark.parametrize(
    ("subscriber", "notes", "keys"),
    [
        ("hello", {}, []),
        ("hello", {CALLBACK_NOTE: "http://there.example/"}, ["c/callback"]),
        (SUBSCRIBER, {CALLBACK_NOTE: "http://there.example/"}, []),
    ],
)
def test_the_callback_follows_a_call_that_is_given_up(subscriber, notes, keys):
    message = Message(key="c", kind=Kind.CALL, scope="hello.openfaas-fn", notes=notes)
    leased = Leased(number=7, token=1, message=message, subscriber=subscriber, attempts=0, lost=5)
    settlement = CallCourier(None, None).give_up(leased, ATTEMPT)
    assert (settlement.state, settlement.attempt) == (State.DEAD, ATTEMPT)
    assert [each.message.key for each in settlement.follows] == keys
    for each in settlement.follows:
        assert (b"X-Function-Status", b"503") in each.message.headers
        assert each.message.body == b""
