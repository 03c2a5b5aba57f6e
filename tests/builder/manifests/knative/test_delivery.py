"""How events are tried: what is whose, dead letters, and times as Knative reads them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_build.errors import ManifestError
from wherry_build.manifests.knative.delivery import iso_duration
from wherry_build.project.specification.amounts import Duration

USUAL = {"retry": 5, "backoffPolicy": "exponential", "backoffDelay": "PT0.5S"}


@pytest.fixture
def delivery(objects):
    """Delivery of the broker and of the trigger, of a project that says these of them."""

    def delivery(*, broker=None, trigger=None):
        text = "functions: {hello: {}, dead: {}}\n"
        if broker is not None:
            text += f"brokers: {{default: {{delivery: {broker}}}}}\n"
        said = f", delivery: {trigger}" if trigger is not None else ""
        found = objects(f"{text}triggers: {{t: {{function: hello{said}}}}}")
        of_broker = found.get(("Broker", "default"), {"spec": {}})["spec"].get("delivery")
        return of_broker, found["Trigger", "t"]["spec"].get("delivery")

    return delivery


def test_a_trigger_of_a_broker_of_the_cluster_has_the_usual(delivery):
    assert delivery() == (None, USUAL)


def test_a_trigger_that_says_nothing_leaves_it_to_its_broker(delivery):
    """Written on the Trigger, it would take the place of all that the Broker says."""
    assert delivery(broker="{retry: 2}") == ({**USUAL, "retry": 2}, None)


def test_a_broker_that_says_nothing_has_the_usual(objects):
    broker = objects("functions: {hello: {}}\nbrokers: {b: {class: Kafka}}")["Broker", "b"]
    assert broker["spec"]["delivery"] == USUAL
    assert broker["metadata"]["annotations"] == {"eventing.knative.dev/broker.class": "Kafka"}


def test_what_a_trigger_does_not_say_is_its_brokers(delivery):
    _, found = delivery(
        broker="{retry: 2, timeout: 10s, dead_letter: {function: dead}}", trigger="{delay: 2s}"
    )
    assert found == {
        "deadLetterSink": {
            "ref": {
                "apiVersion": "serving.knative.dev/v1",
                "kind": "Service",
                "name": "dead",
                "namespace": "default",
            }
        },
        "retry": 2,
        "backoffPolicy": "exponential",
        "backoffDelay": "PT2S",
        "timeout": "PT10S",
    }


def test_who_wants_no_retry_gets_none(delivery):
    _, found = delivery(trigger="{retry: 0, dead_letter: {url: 'http://a.b/c'}}")
    assert found == {"deadLetterSink": {"uri": "http://a.b/c"}, "retry": 0}


def test_a_dead_letter_to_the_same_function_is_an_error(delivery):
    with pytest.raises(ManifestError) as caught:
        delivery(trigger="{dead_letter: {function: hello}}")
    assert "triggers.t.delivery.dead_letter: got 'hello'" in caught.value.message


def test_a_brokers_dead_letter_to_its_own_subscriber_is_told(told):
    text = (
        "functions: {hello: {}, dead: {}}\n"
        "brokers: {default: {delivery: {dead_letter: {function: hello}}}}\n"
        "triggers: {t: {function: hello%s}}"
    )
    assert "trigger 't': what hello does not take goes to hello again" in told(text % "")[1]
    own = ", delivery: {dead_letter: {function: dead}}"
    assert "again" not in told(text % own)[1]


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("1ms", "PT0.1S"),
        ("100ms", "PT0.1S"),
        ("101ms", "PT0.2S"),
        ("500ms", "PT0.5S"),
        ("30s", "PT30S"),
        ("60s", "PT1M"),
        ("90s", "PT1M30S"),
        ("59999ms", "PT1M"),
        ("1h", "PT1H"),
        ("24h", "PT24H"),
        ("3661500ms", "PT1H1M1.5S"),
    ],
)
def test_durations(said, written):
    assert iso_duration(Duration.parse(said)) == written


@given(st.integers(1, 24 * 3_600_000))
def test_a_duration_is_itself_rounded_up_and_no_part_too_large_for_knatives_reader(milliseconds):
    found = re.fullmatch(
        r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d))?S)?",
        iso_duration(Duration(milliseconds=milliseconds)),
    )
    assert found is not None
    hours, minutes, seconds, tenth = (int(part or 0) for part in found.groups())
    assert max(minutes, seconds) < 60
    tenths = ((hours * 60 + minutes) * 60 + seconds) * 10 + tenth
    assert 0 <= tenths * 100 - milliseconds < 100


def test_what_is_rounded_is_told(told):
    text = (
        "functions: {hello: {}}\n"
        "brokers: {b: {delivery: {delay: 50ms, timeout: 1s}}}\n"
        "triggers: {t: {function: hello, broker: b, delivery: {timeout: 1234ms}}}"
    )
    losses, _ = told(text)
    assert set(losses) == {"brokers.b.delivery.delay", "triggers.t.delivery.timeout"}
    assert "1.3s" in losses["triggers.t.delivery.timeout"].reason
