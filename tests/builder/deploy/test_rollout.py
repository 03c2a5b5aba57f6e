"""How far a set of objects is, and when waiting is in vain."""

from wherry_build.deploy.identity import ObjectKey
from wherry_build.deploy.readiness import Readiness, State
from wherry_build.deploy.rollout import PATIENCE_S, Rollout


def key(kind, name, group="serving.knative.dev/v1"):
    return ObjectKey(api_version=group, kind=kind, namespace="fns", name=name)


HELLO, ORDERS = key("Service", "hello"), key("Service", "orders")
TRIGGER = key("Trigger", "orders", "eventing.knative.dev/v1")
READY, WAITING, FAILING = (
    Readiness(state=State.READY),
    Readiness(state=State.WAITING),
    Readiness(state=State.FAILING, message="RevisionFailed"),
)


def test_what_is_not_ready_is_pending_in_order():
    rollout = Rollout([HELLO, ORDERS, TRIGGER], now_s=0)
    assert rollout.pending() == [HELLO, ORDERS, TRIGGER]
    rollout.observe(ORDERS, READY, now_s=1)
    assert rollout.pending() == [HELLO, TRIGGER]
    assert rollout.counts() == (1, 3)


def test_only_news_are_news():
    rollout = Rollout([HELLO], now_s=0)
    assert rollout.observe(HELLO, WAITING, now_s=1)
    assert not rollout.observe(HELLO, WAITING, now_s=2)
    assert rollout.observe(HELLO, FAILING, now_s=3)
    assert rollout.observe(HELLO, Readiness(state=State.FAILING, message="other"), now_s=4)


def test_a_workload_has_failed_when_it_says_so_for_long():
    rollout = Rollout([HELLO, ORDERS], now_s=0)
    rollout.observe(HELLO, FAILING, now_s=5)
    rollout.observe(ORDERS, WAITING, now_s=5)
    assert rollout.failed(now_s=5 + PATIENCE_S - 0.1) == {}
    assert rollout.failed(now_s=5 + PATIENCE_S) == {HELLO: FAILING}


def test_what_says_it_with_other_words_has_said_it_all_the_time():
    rollout = Rollout([HELLO], now_s=0)
    rollout.observe(HELLO, FAILING, now_s=0)
    other = Readiness(state=State.FAILING, message="ContainerMissing")
    rollout.observe(HELLO, other, now_s=PATIENCE_S - 1)
    assert rollout.failed(now_s=PATIENCE_S) == {HELLO: other}


def test_what_takes_it_back_begins_anew():
    rollout = Rollout([HELLO], now_s=0)
    rollout.observe(HELLO, FAILING, now_s=0)
    rollout.observe(HELLO, WAITING, now_s=5)
    rollout.observe(HELLO, FAILING, now_s=6)
    assert rollout.failed(now_s=6 + PATIENCE_S - 1) == {}
    assert rollout.failed(now_s=6 + PATIENCE_S) == {HELLO: FAILING}


def test_a_trigger_may_wait_for_its_subscriber():
    rollout = Rollout([HELLO, TRIGGER], now_s=0)
    rollout.observe(HELLO, WAITING, now_s=0)
    rollout.observe(TRIGGER, FAILING, now_s=0)
    assert rollout.failed(now_s=100 * PATIENCE_S) == {}


def test_a_trigger_has_failed_when_nothing_is_left_that_could_help():
    rollout = Rollout([HELLO, TRIGGER], now_s=0)
    rollout.observe(TRIGGER, FAILING, now_s=0)
    rollout.observe(HELLO, READY, now_s=50)
    assert rollout.failed(now_s=50 + PATIENCE_S - 0.1) == {}
    assert rollout.failed(now_s=50 + PATIENCE_S) == {TRIGGER: FAILING}


def test_nothing_has_failed_where_all_is_ready():
    rollout = Rollout([HELLO], now_s=0)
    rollout.observe(HELLO, READY, now_s=1)
    assert rollout.failed(now_s=1000) == {}
    assert rollout.unready() == {}
