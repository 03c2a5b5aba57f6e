"""`wherry match`: the triggers that take an event, and the reasons of those that do not."""

import json

import pytest

PROJECT = """
functions: {orders: {}, audit: {}, slow: {}}
brokers: {slow: {}}
triggers:
  placed:
    function: orders
    path: /placed
    filters: [{exact: {type: com.acme.order.placed}}]
  audited:
    function: audit
    filters: [{cesql: "EXISTS tenant AND tenant LIKE 'b%'"}]
  late: {broker: slow, function: slow}
"""
EVENT = {
    "specversion": "1.0",
    "id": "7",
    "type": "com.acme.order.placed",
    "source": "/eu",
    "tenant": "blue",
    "data": {"no": "body is looked at"},
}


@pytest.fixture
def project(wherry, here):
    for name in ("orders", "audit", "slow"):
        assert wherry("new", name).code == 0
    (here / "wherry.yaml").write_text(PROJECT)
    return here


def test_who_takes_it_and_why_others_do_not(wherry, project):
    done = wherry("match", "--type", "com.acme.order.placed")
    assert done.code == 0
    assert done.out.splitlines() == [
        "yes  placed: to orders/placed",
        "no   audited: triggers.audited.filters[0].cesql: `EXISTS tenant` is false",
    ]


def test_nobody_takes_it(wherry, project):
    done = wherry("match", "--type", "com.acme.other", "-a", "tenant=red", "-o", "json")
    assert done.code == 1
    assert json.loads(done.out) == [
        {
            "trigger": "placed",
            "function": "orders",
            "matches": False,
            "clause": "triggers.placed.filters[0].exact.type",
            "reason": "type is 'com.acme.other', expected 'com.acme.order.placed'",
        },
        {
            "trigger": "audited",
            "function": "audit",
            "matches": False,
            "clause": "triggers.audited.filters[0].cesql",
            "reason": "`tenant LIKE 'b%'` is false: tenant is 'red'",
        },
    ]


def test_an_event_of_a_file_and_another_broker(wherry, project):
    (project / "event.json").write_text(json.dumps(EVENT))
    done = wherry("match", "--event", "event.json")
    assert [line[:4] for line in done.out.splitlines()] == ["yes ", "yes "]
    done = wherry("match", "--event", "event.json", "--broker", "slow")
    assert done.out == "yes  late: to slow\n"
    done = wherry("match", "--event", "event.json", "--broker", "none")
    assert (done.code, done.out) == (1, "")
    assert done.err == "no trigger is of the broker 'none'\n"


def test_a_function_that_declares_its_types_needs_no_trigger(wherry, here):
    assert wherry("new", "orders", "--template", "events").code == 0
    done = wherry("match", "--type", "com.example.greeting.asked")
    assert (done.code, done.out) == (0, "yes  orders: to orders\n")
    done = wherry("match", "--type", "com.example.other")
    assert done.code == 1
    assert done.out.startswith("no   orders: triggers.orders.filters[0].exact.type: type is ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "give --type or --event"),
        (("--type", "a", "-a", "Tenant=1"), "got 'Tenant=1', expected `name=value`"),
        (("--type", "a", "-a", "tenant"), "got 'tenant', expected `name=value`"),
    ],
)
def test_what_is_no_event_is_refused(wherry, project, arguments, said):
    done = wherry("match", *arguments)
    assert done.code == 2
    assert said in done.err


def test_a_file_that_holds_no_event_is_refused(wherry, project):
    (project / "event.json").write_text("{}")
    done = wherry("match", "--event", "event.json")
    assert done.code == 2
    assert "--event: " in done.err
