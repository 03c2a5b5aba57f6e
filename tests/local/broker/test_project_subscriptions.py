"""The triggers and brokers of a project, and how they follow it when it changes."""

import asyncio

import pytest
from tests.local.broker.served_events import project_of, served_events
from tests.local.broker.subscriber import Functions

from wherry_build.project import read_project
from wherry_build.project.specification.eventing import Backoff
from wherry_local.broker import project_subscriptions
from wherry_local.broker.events import Events
from wherry_local.broker.subscription import DeliveryPolicy, Destination, Origin
from wherry_local.deployment import FunctionKey
from wherry_local.errors import ManifestInvalid
from wherry_local.proxy.external import External
from wherry_local.queue.sqlite import SqliteQueue

YAML = """
functions:
  hello: {}
  other: {}
  letters: {}
brokers:
  audit: {}
  slow:
    delivery: {retry: 3, delay: 2s, dead_letter: {function: letters}}
triggers:
  plain: {function: hello}
  slow: {broker: slow, function: hello, path: /in, delivery: {timeout: 1s, backoff: linear}}
  none: {broker: slow, function: other, delivery: {retry: 0}}
"""


def found(root, yaml=YAML):
    project = project_of(root, yaml)
    return {each.name: each for each in project_subscriptions.subscriptions(project)}


def test_what_is_said_and_what_is_usual(tmp_path):
    letters = Destination.of_function(FunctionKey("letters"), namespace="default")
    all_ = found(tmp_path)
    assert all_["plain"].policy == DeliveryPolicy(retry=5, delay_s=0.5)
    assert all_["slow"].policy == DeliveryPolicy(
        retry=3, backoff=Backoff.LINEAR, delay_s=2, timeout_s=1, dead_letter=letters
    )
    assert all_["none"].policy == DeliveryPolicy(retry=0, delay_s=2, dead_letter=letters)
    assert all_["slow"].destination.path == "/in"
    assert all_["slow"].destination.address == "http://hello.default.svc.cluster.local/in"
    assert {each.origin for each in all_.values()} == {Origin.PROJECT}


def test_brokers_are_the_default_one_and_all_that_are_named(tmp_path):
    project = project_of(tmp_path, YAML)
    named = {str(each) for each in project_subscriptions.brokers(project)}
    assert named == {"default/default", "default/slow", "default/audit"}


def test_a_namespace_is_of_brokers_and_functions(tmp_path):
    all_ = found(tmp_path, "namespace: shop\n" + YAML)
    assert str(all_["slow"].broker) == "shop/slow"
    assert all_["slow"].destination.function == FunctionKey("hello", "shop")


def test_what_handlers_declare_is_a_trigger(tmp_path):
    folder = tmp_path / "paid"
    folder.mkdir()
    (folder / "handler.py").write_text(
        "from wherry import cloud_event\n\n"
        '@cloud_event(type="com.acme.paid")\ndef handle(event):\n    return None\n'
    )
    (declared,) = project_subscriptions.subscriptions(read_project(tmp_path))
    assert (declared.name, declared.origin) == ("paid", Origin.HANDLER)
    refused = declared.condition({"type": "com.acme.other"})
    assert refused.clause == "filters[0].exact.type"


def test_a_project_that_changes(tmp_path):
    with served_events(tmp_path, "triggers: {t: {function: hello}}") as on:
        assert on.post().status == 202
        on.subscriber.wait(1, "hello")
        changed = project_of(
            tmp_path, "{brokers: {new: {}}, triggers: {t: {function: other, broker: new}}}"
        )
        assert on.post(path="/default/new").status == 404
        on.loop.call_soon_threadsafe(on.events.declare, changed)
        on.wait_for(on.events.brokers, lambda brokers: len(brokers) == 2)
        assert on.post(path="/default/new").status == 202
        on.subscriber.wait(1, "other")
        assert on.post().status == 202
        assert len(on.subscriber.of("hello")) == 1


def test_a_change_that_is_wrong_leaves_what_there_was(tmp_path):
    file = tmp_path / "manifests" / "t.yaml"
    file.parent.mkdir()
    file.write_text("")
    with served_events(tmp_path, "triggers: {t: {function: hello}}", files=[file]) as on:
        file.write_text("apiVersion: eventing.knative.dev/v1\nkind: Trigger\n")
        with pytest.raises(ManifestInvalid, match=r"t\.yaml:1:1"):
            on.events.declare(on.project)
        assert on.post().status == 202
        assert on.subscriber.wait(1, "hello")


def test_two_triggers_of_one_name_are_refused(tmp_path):
    file = tmp_path / "t.yaml"
    file.write_text(
        "apiVersion: eventing.knative.dev/v1\nkind: Trigger\nmetadata: {name: t}\n"
        "spec: {subscriber: {ref: {kind: Service, name: hello}}}\n"
    )
    project = project_of(tmp_path, "triggers: {t: {function: hello}}")

    async def declare():
        queue = SqliteQueue(tmp_path / "queue.sqlite3")
        events = Events(
            queue=queue, functions=Functions(("", 0)), addresses=External(), files=[file]
        )
        try:
            events.declare(project)
        finally:
            await queue.close()

    with pytest.raises(ManifestInvalid, match="two triggers of namespace default are called 't'"):
        asyncio.run(declare())


def test_a_trigger_of_a_file_gets_events(tmp_path):
    file = tmp_path / "t.yaml"
    file.write_text(
        "apiVersion: eventing.knative.dev/v1\nkind: Trigger\nmetadata: {name: t}\n"
        "spec:\n  subscriber: {ref: {kind: Service, name: hello}, uri: /in}\n"
        "  delivery: {format: json}\n"
    )
    with served_events(tmp_path, "version: 1", files=[file]) as on:
        on.post(b'{"a": 1}', subject="x")
        (received,) = on.subscriber.wait(1)
        assert received.path == "/in"
        assert received.header("content-type") == "application/cloudevents+json"
        assert b'"subject":"x"' in received.body


def test_what_is_taken_in_words(tmp_path):
    yaml = """
triggers:
  a: {function: hello}
  b: {function: other, filters: [{exact: {type: x}}]}
  c: {function: other, filters: [{any: [{prefix: {type: y.}}, {suffix: {type: .z}}]}]}
  d: {function: other, filters: [{cesql: "type = 'a'"}]}
"""
    with served_events(tmp_path, yaml) as on:
        assert on.events.taken() == {
            "hello": ["every event"],
            "other": ["x", "y.*", "*.z", "some events"],
        }
