"""Triggers and Brokers from the files of a cluster: what they mean, and what is wrong with them."""

import pytest

from wherry_build.project.specification.eventing import Backoff, Filter
from wherry_local.broker.subscription import BrokerKey, DeliveryPolicy, Destination, Origin
from wherry_local.broker.trigger_files import ManifestReader
from wherry_local.deployment import FunctionKey
from wherry_local.errors import ManifestInvalid

FUNCTIONS = [FunctionKey("hello"), FunctionKey("letters")]
TRIGGER = """\
apiVersion: eventing.knative.dev/v1
kind: Trigger
metadata:
  name: orders
spec:
  broker: default
  subscriber:
    ref: {apiVersion: serving.knative.dev/v1, kind: Service, name: hello}
"""
EVENT = {"type": "a", "source": "/s", "id": "1", "tenant": "blue"}


def read(tmp_path, *texts, namespace="default"):
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.yaml").write_text(text)
    return ManifestReader(namespace=namespace, functions=FUNCTIONS).read([tmp_path])


def one(tmp_path, *texts):
    (found,) = read(tmp_path, *texts).subscriptions
    return found


def spec(*lines):
    return TRIGGER + "".join(f"  {line}\n" for line in lines)


def to(name, path="/"):
    return Destination.of_function(FunctionKey(name), namespace="default", path=path)


def test_a_trigger(tmp_path):
    found = one(tmp_path, TRIGGER)
    assert (found.name, found.broker) == ("orders", BrokerKey("default", "default"))
    assert found.destination == to("hello")
    assert found.destination.address == "http://hello.default.svc.cluster.local"
    assert found.policy == DeliveryPolicy()
    assert found.origin is Origin.FILE
    assert found.condition(EVENT).passes


def test_what_a_cluster_writes_besides_is_passed_over(tmp_path):
    text = TRIGGER.replace(
        "metadata:\n",
        "metadata:\n  uid: x\n  labels: {eventing.knative.dev/broker: default}\n"
        "  annotations: {a: b}\n  creationTimestamp: null\n",
    )
    assert one(tmp_path, text + "status:\n  conditions: []\n").name == "orders"


def test_documents_and_other_kinds(tmp_path):
    other = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {any: thing}\n"
    foreign = "apiVersion: triggers.tekton.dev/v1beta1\nkind: Trigger\nmetadata: {name: x}\n"
    second = TRIGGER.replace("name: orders", "name: more")
    text = f"# comment\n---\n{other}---\n{TRIGGER}...\n--- # here\n{second}---\n{foreign}---\n"
    (tmp_path / "notes.txt").write_text("no: yaml: at all")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.yml").write_text(TRIGGER.replace("name: orders", "name: deep"))
    found = read(tmp_path, text)
    assert sorted(each.name for each in found.subscriptions) == ["deep", "more", "orders"]


def test_another_namespace_is_another_broker(tmp_path):
    text = TRIGGER.replace("name: orders", "name: orders\n  namespace: shop")
    found = one(tmp_path, text)
    assert found.broker == BrokerKey("shop", "default")
    assert found.destination.host == "hello.shop.svc.cluster.local"


@pytest.mark.parametrize(
    ("lines", "passes", "clause"),
    [
        (["filters: []"], True, ""),
        (["filters: [{exact: {type: a}}, {prefix: {source: /}}]"], True, ""),
        (["filters: [{exact: {type: b}}]"], False, "spec.filters[0].exact.type"),
        (["filters: [{cesql: \"type = 'a'\"}]"], True, ""),
        (["filters: [{not: {any: [{suffix: {type: a}}]}}]"], False, "spec.filters[0].not"),
        (["filter: {attributes: {type: a, source: /s}}"], True, ""),
        (["filter: {attributes: {type: b}}"], False, "spec.filter.attributes.type"),
        (["filter: {attributes: {tenant: ''}}"], True, ""),
        (["filter: {attributes: {region: ''}}"], False, "spec.filter.attributes.region"),
        (["filter: {attributes: {}}"], True, ""),
        (["filter: {}"], True, ""),
        (["filter: {attributes: {type: b}}", "filters: [{exact: {type: a}}]"], True, ""),
        (["filter: {attributes: {type: b}}", "filters: []"], False, "spec.filter.attributes.type"),
    ],
)
def test_which_events(tmp_path, lines, passes, clause):
    verdict = one(tmp_path, spec(*lines)).condition(EVENT)
    assert (verdict.passes, verdict.clause) == (passes, clause)


def test_the_older_filter_is_shown_in_the_newer_words(tmp_path):
    found = one(tmp_path, spec("filter: {attributes: {type: a, tenant: ''}}"))
    assert found.filters == (Filter(exact={"type": "a"}), Filter(cesql="EXISTS tenant"))
    refused = found.condition({"type": "a"})
    assert refused.reason == "the event has no tenant, expected any value"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("{}", DeliveryPolicy(retry=0, delay_s=0)),
        ("{retry: 3}", DeliveryPolicy(retry=3, delay_s=0)),
        (
            "{retry: 3, backoffPolicy: linear, backoffDelay: PT0.5S, timeout: PT1M30S}",
            DeliveryPolicy(retry=3, backoff=Backoff.LINEAR, delay_s=0.5, timeout_s=90),
        ),
        (
            "{retry: 2, backoffPolicy: exponential, backoffDelay: P1DT2H, retryAfterMax: PT1H}",
            DeliveryPolicy(retry=2, delay_s=93_600, retry_after_most_s=3600),
        ),
        ("{format: json}", DeliveryPolicy(retry=0, delay_s=0, structured=True)),
        (
            "{deadLetterSink: {ref: {kind: Service, apiVersion: v1, name: letters}}}",
            DeliveryPolicy(retry=0, delay_s=0, dead_letter=to("letters")),
        ),
        (
            "{deadLetterSink: {uri: 'https://example.com/letters?a=b'}}",
            DeliveryPolicy(
                retry=0,
                delay_s=0,
                dead_letter=Destination(address="https://example.com/letters?a=b"),
            ),
        ),
    ],
)
def test_how_they_are_tried(tmp_path, said, expected):
    assert one(tmp_path, spec(f"delivery: {said}")).policy == expected


BROKER = """\
apiVersion: eventing.knative.dev/v1
kind: Broker
metadata: {name: default}
spec:
  delivery: {retry: 7, deadLetterSink: {ref: {kind: Service, name: letters}}}
"""


def test_a_triggers_delivery_takes_the_place_of_its_brokers_as_a_whole(tmp_path):
    of_broker = DeliveryPolicy(retry=7, delay_s=0, dead_letter=to("letters"))
    assert one(tmp_path, TRIGGER, BROKER).policy == of_broker
    own = one(tmp_path, spec("delivery: {retry: 1}"), BROKER)
    assert own.policy == DeliveryPolicy(retry=1, delay_s=0)


def test_brokers_are_there_without_a_trigger(tmp_path):
    text = BROKER.replace("name: default", "name: slow, namespace: shop")
    assert read(tmp_path, text).brokers == (BrokerKey("shop", "slow"),)


@pytest.mark.parametrize(
    ("subscriber", "expected"),
    [
        (
            "{uri: 'http://127.0.0.1:9000/in?a=b'}",
            Destination(address="http://127.0.0.1:9000/in?a=b"),
        ),
        ("{ref: {kind: Service, name: hello}, uri: /orders}", to("hello", "/orders")),
        ("{ref: {kind: Service, name: hello}, uri: 'orders?a=b'}", to("hello", "/orders?a=b")),
        ("{ref: {kind: Service, name: hello, namespace: any}}", to("hello")),
    ],
)
def test_where_they_go(tmp_path, subscriber, expected):
    text = TRIGGER[: TRIGGER.index("  subscriber")] + f"  subscriber: {subscriber}\n"
    assert one(tmp_path, text).destination == expected


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            TRIGGER.replace("v1\nkind", "v1beta1\nkind"),
            "0.yaml:1:13: got 'eventing.knative",
        ),
        (TRIGGER.replace("  name: orders", "  labels: {}"), "expected metadata.name"),
        (TRIGGER.replace("name: hello", "name: hallo"), "did you mean 'hello'?"),
        (TRIGGER.replace("kind: Service", "kind: Broker"), "spec.subscriber.ref.kind at"),
        (TRIGGER.replace("  broker:", "  borker:"), "unknown key 'spec.borker'"),
        (TRIGGER[: TRIGGER.index("spec")], "spec.subscriber"),
        (TRIGGER[: TRIGGER.index("  subscriber")], "expected a map with a subscriber"),
        (spec("filters: {exact: {type: a}}"), "expected a list"),
        (spec("filters: [{exact: {type: a}, suffix: {type: b}}]"), "exactly one of exact, prefix"),
        (spec("filters: [{cesql: 'type ='}]"), "expected CESQL"),
        (spec("filters: [{regex: {type: a}}]"), "unknown key 'regex'"),
        (spec("filter: {attributes: {Type: a}}"), "got 'Type'"),
        (spec("filter: {attributes: {type: 5}}"), "spec.filter.attributes.type"),
        (spec("delivery: {retry: -1}"), "expected a whole number from 0"),
        (spec("delivery: {retry: '3'}"), "expected a whole number from 0"),
        (spec("delivery: {backoffPolicy: fibonacci}"), "expected one of linear, exponential"),
        (spec("delivery: {backoffDelay: 5s}"), "got '5s', expected a duration in ISO 8601"),
        (spec("delivery: {backoffDelay: P1Y}"), "expected a duration in ISO 8601"),
        (spec("delivery: {backoffDelay: PT}"), "expected a duration in ISO 8601"),
        (spec("delivery: {backoffDelay: P}"), "expected a duration in ISO 8601"),
        (spec("delivery: {deadLetterSink: {}}"), "expected ref or uri"),
        (spec("delivery: {deadLetterSink: {uri: 'ftp://x'}}"), "expected `http://host"),
        (spec("delivery: {deadLetterSink: {uri: 'http://u:p@x'}}"), "expected `http://host"),
        (spec("delivery: {deadLeterSink: {}}"), "did you mean 'deadLetterSink'?"),
        (f"{TRIGGER}---\n{TRIGGER}", "each Trigger once"),
        (f"{BROKER}---\n{BROKER}", "each Broker once"),
        ("kind: Trigger\n", "expected a map with apiVersion"),
        ("- a\n", "expected a map"),
        ("a: [\n", "not YAML"),
        ("\xff", "no UTF-8"),
    ],
)
def test_what_is_wrong_and_where(tmp_path, text, told):
    path = tmp_path / "0.yaml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ManifestInvalid) as raised:
        ManifestReader(namespace="default", functions=FUNCTIONS).read([path])
    assert told in raised.value.message
    assert str(path) in raised.value.message


def test_lines_are_those_of_the_file(tmp_path):
    text = f"# first\n---\n{TRIGGER}---\n{spec('delivery: {retry: x}')}"
    with pytest.raises(ManifestInvalid, match=r"0\.yaml:20:21"):
        read(tmp_path, text)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ManifestInvalid, match="cannot be read"):
        ManifestReader(namespace="default", functions=FUNCTIONS).read([tmp_path / "none.yaml"])
