"""An errand is made once for its lane, and anew when the triggers change."""

from __future__ import annotations

from wherry_local.broker.errand import Errands
from wherry_local.broker.filters import compiled
from wherry_local.broker.subscription import (
    BrokerKey,
    DeliveryPolicy,
    Destination,
    Subscription,
    Subscriptions,
)
from wherry_local.deployment import FunctionKey

BROKER = BrokerKey("shop", "default")
LANE = (str(BROKER), "orders")
SINK = Destination(address="http://sink.example/late")


def subscriptions(function: str, dead_letter: Destination | None = None) -> Subscriptions:
    destination = Destination.of_function(FunctionKey(function, "shop"), namespace="shop")
    trigger = Subscription(
        name="orders",
        broker=BROKER,
        destination=destination,
        policy=DeliveryPolicy(dead_letter=dead_letter),
        condition=compiled([]),
    )
    return Subscriptions([trigger])


class _Project:
    def __init__(self) -> None:
        self.subscriptions = subscriptions("first", SINK)
        self.schedules: dict[str, Destination] = {}
        self.errands = Errands(lambda: self.subscriptions, self.schedules.get)


def test_what_an_event_is_sent_with_beside_its_own_headers():
    errand = _Project().errands.find(LANE)
    assert errand is not None
    assert errand.wants_reply
    assert list(errand.headers) == [
        (b"host", b"first.shop.svc.cluster.local"),
        (b"prefer", b"reply"),
        (b"kn-namespace", b"shop"),
    ]
    assert errand.fields == (
        b"host: first.shop.svc.cluster.local\r\nprefer: reply\r\nkn-namespace: shop\r\n"
    )


def test_it_is_made_once_and_anew_when_the_triggers_change():
    project = _Project()
    first = project.errands.find(LANE)
    assert project.errands.find(LANE) is first
    project.subscriptions = subscriptions("second")
    second = project.errands.find(LANE)
    assert second is not None
    assert second.destination.function == FunctionKey("second", "shop")
    assert project.errands.find((str(BROKER), "dead-letter:orders")) is None


def test_a_trigger_that_is_gone_has_none():
    project = _Project()
    assert project.errands.find(LANE)
    project.subscriptions = Subscriptions()
    assert project.errands.find(LANE) is None


def test_a_dead_letter_goes_to_the_place_that_the_trigger_names_and_wants_no_reply():
    errand = _Project().errands.find((str(BROKER), "dead-letter:orders"))
    assert errand is not None
    assert errand.destination is SINK
    assert list(errand.headers) == [(b"kn-namespace", b"shop")]
    assert not errand.wants_reply


def test_a_schedule_is_asked_for_each_time():
    project = _Project()
    lane = (str(BROKER), "schedule:nightly")
    assert project.errands.find(lane) is None
    project.schedules["nightly"] = SINK
    assert project.errands.find(lane) is not None
    del project.schedules["nightly"]
    assert project.errands.find(lane) is None
