"""Where a function's own events go: a SinkBinding, or the address where no binding can tell it."""

import pytest
from tests.builder.manifests.full_project import made

from wherry_build.manifests import RenderOptions, Target
from wherry_build.manifests.canary import render_canary

BOUND = "functions: {hello: {sink: %s}}\nnamespace: fns\n"
NAMED = "functions: {hello: {sink: %s, revisions: {v1: {percent: 100}}}}\nnamespace: fns\n"
SERVICE = {
    "apiVersion": "serving.knative.dev/v1",
    "kind": "Service",
    "name": "hello",
    "namespace": "fns",
}
BROKER = {
    "apiVersion": "eventing.knative.dev/v1",
    "kind": "Broker",
    "name": "default",
    "namespace": "fns",
}


def given(objects):
    """What the Service's own template says of the sink."""
    (container,) = objects["Service", "hello"]["spec"]["template"]["spec"]["containers"]
    return [each["value"] for each in container["env"] if each["name"] == "K_SINK"]


@pytest.mark.parametrize(
    ("said", "sink"),
    [("{broker: default}", {"ref": BROKER}), ("{url: 'http://a.b/c'}", {"uri": "http://a.b/c"})],
)
def test_a_binding_tells_it(objects, said, sink):
    found = objects(BOUND % said)
    assert found["SinkBinding", "hello"]["spec"] == {"subject": SERVICE, "sink": sink}
    assert found["SinkBinding", "hello"]["apiVersion"] == "sources.knative.dev/v1"
    assert given(found) == []


def test_the_binding_comes_after_what_it_names(rendered):
    files = list(rendered(BOUND % "{broker: default}" + "brokers: {default: {}}").files())
    assert files == [
        "08-broker-default.yaml", "10-service-hello.yaml", "20-sink-binding-hello.yaml",
    ]  # fmt: skip


def test_where_bindings_look_at_labelled_objects_alone_they_look_at_this_one(objects):
    label = "bindings.knative.dev/include"
    service = objects(BOUND % "{broker: default}")["Service", "hello"]
    assert service["metadata"]["labels"][label] == "true"
    assert label not in service["spec"]["template"]["metadata"]["labels"]
    assert label not in objects("functions: {hello: {}}")["Service", "hello"]["metadata"]["labels"]
    service = objects(NAMED % "{broker: default}")["Service", "hello"]
    assert label not in service["metadata"]["labels"]


@pytest.mark.parametrize(
    ("said", "brokers", "address"),
    [
        ("{url: 'http://a.b/c'}", "", "http://a.b/c"),
        ("{broker: default}", "", "broker-ingress"),
        ("{broker: default}", "brokers: {default: {}}", "broker-ingress"),
        ("{broker: x}", "brokers: {x: {class: MTChannelBasedBroker}}", "broker-ingress"),
        ("{broker: x}", "brokers: {x: {class: Kafka}}", "kafka-broker-ingress"),
    ],
)
def test_a_revision_with_a_name_is_given_the_address(objects, told, said, brokers, address):
    text = NAMED % said + brokers
    found = objects(text)
    assert ("SinkBinding", "hello") not in found
    broker = said.strip("{}").removeprefix("broker: ")
    wanted = f"http://{address}.knative-eventing.svc.cluster.local/fns/{broker}"
    assert given(found) == [address if "/" in address else wanted]
    losses, warnings = told(text)
    assert losses == {}
    is_granted = "broker:" in said and "class" not in brokers
    assert ("K_SINK is the address of a broker of class MTChannelBasedBroker" in warnings) == (
        is_granted
    )


def test_a_broker_of_another_class_has_an_address_that_nobody_knows(objects, told):
    text = NAMED % "{broker: x}" + "brokers: {x: {class: RabbitMQBroker}}"
    assert given(objects(text)) == []
    losses, _ = told(text)
    assert (
        "class RabbitMQBroker take events is not known"
        in losses["functions.hello.sink.broker"].reason
    )
    assert told(text.replace(", revisions: {v1: {percent: 100}}", ""))[0] == {}


def test_a_broker_that_the_project_does_not_declare_must_be_there(told):
    _, warnings = told(BOUND % "{broker: default}")
    assert "broker 'default', where events of hello go, is not declared" in warnings
    assert "must be in namespace fns already" in warnings
    assert "declared" not in told(BOUND % "{broker: default}" + "brokers: {default: {}}")[1]


def test_every_folder_of_a_canary_gives_the_same_address():
    text = "functions: {hello: {sink: {broker: default}, revisions: %s}}"
    project = made(text % "{v1: {percent: 90}, v2: {percent: 10}}")
    files = render_canary(project, RenderOptions(target=Target.KNATIVE, registry="r/a")).files
    services = [text for file, text in files.items() if "10-service" in file]
    assert len(services) == 4
    assert all("knative-eventing.svc.cluster.local/default/default" in text for text in services)
    assert not any("SinkBinding" in text for text in files.values())
