"""What brings events: the annotations of the connectors, and what they cannot choose by."""

import pytest

from wherry_build.manifests import Edition
from wherry_build.project import Declarations

EVENT_TYPES = "functions.orders.event_types"
FUNCTION = "functions: {orders: {%s}}\n"


def trigger(filters, name="placed"):
    return f"{name}: {{function: orders, filters: {filters}}}"


@pytest.fixture
def brought(openfaas):
    """Topics and times of `orders`, and the keys that are lost."""

    def brought(text, declared=(), edition=Edition.PRO, said=""):
        declarations = Declarations(http=True, event_types=tuple(declared))
        project = FUNCTION % said + text
        rendering = openfaas(project, {"orders": declarations}, edition=edition)
        (stack,) = rendering.documents
        annotations = stack.value["functions"]["orders"].get("annotations", {})
        found = {key: annotations[key] for key in ("topic", "schedule") if key in annotations}
        return found, {each.key for each in rendering.losses}

    return brought


@pytest.mark.parametrize(
    ("filters", "topic"),
    [
        ("[{exact: {type: a}}]", "a"),
        ("[{any: [{exact: {type: a}}, {exact: {type: b}}]}]", "a,b"),
        ("[{any: [{exact: {type: a}}, {any: [{exact: {type: b}}, {exact: {type: a}}]}]}]", "a,b"),
        ("[{all: [{exact: {type: a}}]}]", "a"),
    ],
)
def test_exact_types_are_topics(brought, filters, topic):
    assert brought(f"triggers: {{{trigger(filters)}}}") == ({"topic": topic}, set())


@pytest.mark.parametrize(
    "filters",
    [
        "[{exact: {type: a}}, {not: {prefix: {source: /test}}}]",
        "[{not: {prefix: {source: /test}}}, {exact: {type: a}}]",
        "[{exact: {type: a, source: s}}]",
        "[{all: [{exact: {type: a}}, {suffix: {source: s}}]}]",
        "[{any: [{exact: {type: a, subject: x}}]}]",
    ],
)
def test_what_else_is_asked_is_lost(brought, filters):
    found, lost = brought(f"triggers: {{{trigger(filters)}}}")
    assert found == {"topic": "a"}
    assert lost == {"triggers.placed.filters"}


@pytest.mark.parametrize(
    "filters",
    [
        "[{prefix: {type: com.}}]",
        "[{cesql: \"type = 'a'\"}]",
        "[{not: {exact: {type: a}}}]",
        "[{any: [{exact: {type: a}}, {suffix: {type: b}}]}]",
    ],
)
def test_without_a_type_the_handlers_own_are_taken_or_nothing(brought, filters):
    text = f"triggers: {{{trigger(filters)}}}"
    assert brought(text, declared=["a", "b"]) == ({"topic": "a,b"}, {"triggers.placed.filters"})
    assert brought(text) == ({}, {"triggers.placed.filters", "triggers.placed.function"})


def test_every_event_of_a_broker(brought):
    text = "triggers: {all: {broker: default, function: orders}}"
    found, lost = brought(text)
    assert found == {}
    assert lost == {"triggers.all.broker", "triggers.all.function"}


def test_several_triggers_of_a_function(brought):
    one, other = trigger("[{exact: {type: a}}]"), trigger("[{exact: {type: b}}]", name="changed")
    assert brought(f"triggers: {{{one}, {other}}}")[0] == {"topic": "a,b"}


def test_types_that_the_handler_declares_are_topics(brought):
    assert brought("", declared=["a", "b"]) == ({"topic": "a,b"}, set())


def test_a_type_with_a_comma_would_be_two_topics(openfaas):
    project = FUNCTION % 'event_types: ["a,b", c]'
    rendering = openfaas(project)
    functions = rendering.documents[0].value["functions"]
    assert functions["orders"]["annotations"]["topic"] == "c"
    (loss,) = [each for each in rendering.losses if each.key == "functions.orders.event_types"]
    assert "events of 'a,b' do not come" in loss.reason


def test_a_trigger_of_a_type_with_a_comma_is_lost(brought):
    filters = '[{any: [{exact: {type: "a,b"}}, {exact: {type: c}}]}]'
    found, lost = brought(f"triggers: {{{trigger(filters)}}}")
    assert found == {"topic": "c"}
    assert lost == {"triggers.placed.filters"}


@pytest.mark.parametrize(("types", "lost"), [("[a]", set()), ("[a, b]", {EVENT_TYPES})])
def test_types_that_no_trigger_brings_are_lost(brought, types, lost):
    text = f"triggers: {{{trigger('[{exact: {type: a}}]')}}}"
    assert brought(text, said=f"event_types: {types}") == ({"topic": "a"}, lost)


def test_one_schedule(brought):
    text = 'schedules: {nightly: {cron: "0 3 * * *", function: orders}}'
    expected = {"topic": "cron-function", "schedule": "0 3 * * *"}
    for edition in Edition:
        assert brought(text, edition=edition) == (expected, set())


def test_several_schedules_are_lost(brought):
    text = """
schedules:
  nightly: {cron: "0 3 * * *", function: orders, data: x, content_type: text/plain}
  daily: {cron: "@daily", function: orders, time_zone: Europe/Rome}
"""
    found, lost = brought(text)
    assert found == {}
    assert lost == {
        f"schedules.{name}.{key}"
        for name, keys in (
            ("nightly", ("cron", "function", "data", "content_type")),
            ("daily", ("cron", "function", "time_zone")),
        )
        for key in keys
    }


def test_a_schedule_and_events(brought):
    text = 'schedules: {daily: {cron: "@daily", function: orders}}'
    found, lost = brought(text, declared=["a"])
    assert (found, lost) == ({"topic": "a,cron-function", "schedule": "@daily"}, set())
    found, lost = brought(text, declared=["a"], edition=Edition.CE)
    assert (found, lost) == ({"topic": "a"}, {"schedules.daily.cron", "schedules.daily.function"})


def test_events_go_to_one_revision_as_they_cannot_be_shared_out(openfaas):
    text = """
functions:
  orders:
    event_types: [a]
    revisions: {v1: {percent: 10}, v2: {percent: 80}, v3: {percent: 10}}
"""
    rendering = openfaas(text)
    functions = rendering.documents[0].value["functions"]
    assert [name for name, each in functions.items() if "topic" in each["annotations"]] == [
        "orders-v2"
    ]
    assert (
        "orders-v2 alone"
        in {each.key: each.reason for each in rendering.losses}["functions.orders.revisions"]
    )


def test_how_an_event_is_tried_is_not_ours_to_say(lost):
    found = lost(
        FUNCTION % ""
        + """
brokers: {default: {class: x, delivery: {retry: 5}}}
triggers:
  placed:
    function: orders
    path: /events
    filters: [{exact: {type: a}}]
    delivery: {retry: 3, dead_letter: {url: "http://d.example.com"}}
"""
    )
    assert set(found) == {
        "brokers.default.class",
        "brokers.default.delivery.retry",
        "triggers.placed.path",
        "triggers.placed.delivery.retry",
        "triggers.placed.delivery.dead_letter.url",
    }
