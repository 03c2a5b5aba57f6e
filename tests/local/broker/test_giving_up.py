"""An event that is given up without being tried goes where its trigger's dead letters go."""

import base64

import pytest
from tests.local.broker.test_errand import BROKER, SINK, subscriptions

from wherry_local.broker.courier import EventCourier
from wherry_local.queue.delivery import Attempt, Kind, Leased, Message, State

ATTEMPT = Attempt(at=1.0, took_s=0.0, status=0, reason="nobody has survived it")


def given_up(there, subscriber="orders"):
    courier = EventCourier(
        functions=None,
        addresses=None,
        subscriptions=lambda: there,
        schedules={}.get,
    )
    message = Message(
        key="k",
        kind=Kind.EVENT,
        scope=str(BROKER),
        headers=[(b"ce-specversion", b"1.0"), (b"ce-id", b"1")],
        attributes={"id": "1"},
    )
    leased = Leased(number=7, token=1, message=message, subscriber=subscriber, attempts=0, lost=5)
    return courier.give_up(leased, ATTEMPT)


def test_its_dead_letter_says_why():
    settlement = given_up(subscriptions("first", SINK))
    assert (settlement.state, settlement.attempt) == (State.DEAD, ATTEMPT)
    (letter,) = settlement.follows
    assert letter.subscribers == ("dead-letter:orders",)
    assert letter.message.parent == 7
    headers = dict(letter.message.headers)
    assert headers[b"ce-knativeerrorcode"] == b"500"
    data = base64.b64decode(headers[b"ce-knativeerrordata"])
    assert data == b"dispatch error: nobody has survived it"


@pytest.mark.parametrize("subscriber", ["orders", "dead-letter:orders", "no-more"])
def test_where_there_is_no_sink_or_it_is_the_sinks_own_nothing_follows(subscriber):
    sink = SINK if subscriber.startswith("dead-letter") else None
    settlement = given_up(subscriptions("first", sink), subscriber)
    assert (settlement.state, settlement.attempt) == (State.DEAD, ATTEMPT)
    assert not settlement.follows
