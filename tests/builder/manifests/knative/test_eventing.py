"""Brokers and Triggers: filters in every dialect, and what brings a function its events."""

import pytest

from wherry_build.errors import ProjectFileInvalid
from wherry_build.project import Declarations


@pytest.fixture
def trigger(objects):
    """The spec of a project's trigger, of which `said` is what the file says."""

    def trigger(said):
        text = f"namespace: fns\nfunctions: {{hello: {{}}}}\ntriggers:\n  t: {said}"
        return objects(text)["Trigger", "t"]["spec"]

    return trigger


def test_every_dialect(trigger):
    said = """
      function: hello
      filters:
      - exact: {type: a.b, source: /c}
      - prefix: {type: a.}
      - suffix: {subject: .jpg}
      - all: [{exact: {type: a}}, {any: [{exact: {type: b}}, {not: {cesql: "x = 'y'"}}]}]
      - not: {prefix: {source: /test}}
      - cesql: "source LIKE '%shop%'"
    """
    assert trigger(said)["filters"] == [
        {"exact": {"type": "a.b", "source": "/c"}},
        {"prefix": {"type": "a."}},
        {"suffix": {"subject": ".jpg"}},
        {
            "all": [
                {"exact": {"type": "a"}},
                {"any": [{"exact": {"type": "b"}}, {"not": {"cesql": "x = 'y'"}}]},
            ]
        },
        {"not": {"prefix": {"source": "/test"}}},
        {"cesql": "source LIKE '%shop%'"},
    ]


@pytest.mark.parametrize("cesql", ["", " ", "a = 'b", "(a = 1", "a = 1)"])
def test_cesql_that_is_none_is_an_error(trigger, cesql):
    with pytest.raises(ProjectFileInvalid, match="expected CESQL"):
        trigger(f'{{function: hello, filters: [not: {{cesql: "{cesql}"}}]}}')


def test_every_event_when_no_filter_is_said(trigger):
    assert "filters" not in trigger("{function: hello}")


def test_the_subscriber_and_its_path(trigger):
    spec = trigger("{function: hello, broker: default, path: /events/100%25/50%}")
    assert spec["broker"] == "default"
    assert spec["subscriber"] == {
        "ref": {
            "apiVersion": "serving.knative.dev/v1",
            "kind": "Service",
            "name": "hello",
            "namespace": "fns",
        },
        "uri": "/events/100%25/50%25",
    }


def test_a_broker_that_the_project_does_not_declare_must_be_there(told):
    text = "functions: {hello: {}}\ntriggers: {a: {function: hello}, b: {function: hello}}\n"
    _, warnings = told(text)
    assert "broker 'default', of triggers a, b, is not declared under `brokers`" in warnings
    _, warnings = told(text + "brokers: {default: {delivery: {retry: 1}}}")
    assert "broker" not in warnings


def test_types_that_a_handler_declares_make_a_trigger(objects, told):
    declared = {"orders": Declarations(http=False, event_types=("a", "b"))}
    spec = objects("functions: {orders: {}}", **declared)["Trigger", "orders"]["spec"]
    assert spec["filters"] == [{"any": [{"exact": {"type": "a"}}, {"exact": {"type": "b"}}]}]
    narrowed = "functions: {orders: {event_types: [b]}}"
    spec = objects(narrowed, **declared)["Trigger", "orders"]["spec"]
    assert spec["filters"] == [{"exact": {"type": "b"}}]
    assert told(narrowed, **declared)[0] == {}


@pytest.mark.parametrize("name", ["t", "orders"])
def test_types_beside_a_trigger_of_the_file_are_lost(told, name):
    text = f"""
functions: {{orders: {{event_types: [a]}}}}
triggers: {{{name}: {{function: orders, path: /x}}}}
"""
    losses, _ = told(text, orders=Declarations(http=False, event_types=("a",)))
    assert set(losses) == {"functions.orders.event_types"}


def test_a_function_that_nothing_sends_events_is_told(told):
    any_type = {"hello": Declarations(http=False)}
    assert "hello: takes events of any type" in told("functions: {hello: {}}", **any_type)[1]
    text = "functions: {hello: {}}\nschedules: {s: {function: hello, cron: '@daily'}}"
    assert "any type" not in told(text, **any_type)[1]
    text = "functions: {hello: {}}\ntriggers: {t: {function: hello}}"
    assert "any type" not in told(text, **any_type)[1]
