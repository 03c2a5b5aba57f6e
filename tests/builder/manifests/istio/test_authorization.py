"""Who may call: only those that are said, and who stands between them and the pod."""

import pytest

from wherry_build.manifests import Target

TEXT = """
namespace: fns
functions:
  hello:
    authorization:
      allow:
        - {namespace: shop, service_account: till, methods: [POST, PUT], paths: [/pay]}
        - {namespace: web}
        - {service_account: probe}
  closed: {authorization: {allow: []}}
  free: {}
hosts: {a.b: {}}
"""
ROUTES = """
routes:
  to-hello: {path: {prefix: /h}, function: hello}
  to-closed: {path: {prefix: /c}, function: closed}
"""
CALLERS = [
    {"principals": ["cluster.local/ns/shop/sa/till"]},
    {"namespaces": ["web"]},
    {"principals": ["*/sa/probe"]},
]
PAY = [{"operation": {"methods": ["POST", "PUT"], "paths": ["/pay"]}}]
HOPS = {
    Target.KUBERNETES: [],
    Target.KNATIVE: ["knative-serving", "istio-system"],
    Target.OPENFAAS: ["openfaas"],
}
PROBES = {
    "from": [{"source": {"namespaces": ["knative-serving"]}}],
    "to": [{"operation": {"paths": ["/healthz", "/metrics"]}}],
}


def policies(objects, target, text=TEXT + ROUTES):
    found = objects(text, target)
    return {
        name: each["spec"] for (kind, name), each in found.items() if kind == "AuthorizationPolicy"
    }


def sources(rule):
    return [each["source"] for each in rule["from"]]


@pytest.mark.parametrize("target", Target)
def test_callers_and_those_who_call_in_their_place(objects, target):
    spec = policies(objects, target)["hello"]
    assert spec["action"] == "ALLOW"
    hops = [{"namespaces": HOPS[target]}] if HOPS[target] else []
    for rule, caller in zip(spec["rules"], CALLERS, strict=False):
        assert sources(rule) == [caller, *hops]
    assert spec["rules"][0]["to"] == PAY, "and those in between may do no more"
    assert "to" not in spec["rules"][1]


@pytest.mark.parametrize("target", Target)
def test_a_route_lets_the_gateway_in(objects, target):
    gateway = {"namespaces": list(dict.fromkeys([*HOPS[target], "istio-system"]))}
    assert {"from": [{"source": gateway}]} in policies(objects, target)["hello"]["rules"]
    assert {"from": [{"source": gateway}]} not in policies(objects, target, TEXT)["hello"]["rules"]


def test_nobody_is_nobody(objects, rendered):
    for target in (Target.KUBERNETES, Target.OPENFAAS):
        spec = policies(objects, target)["closed"]
        assert "rules" not in spec
        assert spec["selector"]["matchLabels"]
        assert "routes.to-closed is answered with 403" in "\n".join(
            rendered(TEXT + ROUTES, target).warnings
        )


def test_knative_may_look_after_what_nobody_may_call(objects):
    found = policies(objects, Target.KNATIVE)
    assert found["closed"]["rules"] == [PROBES]
    assert PROBES in found["hello"]["rules"]
    assert found["hello"]["selector"] == {"matchLabels": {"serving.knative.dev/service": "hello"}}


def test_who_says_nothing_has_no_policy(objects):
    assert "free" not in policies(objects, Target.KUBERNETES)


def test_events_come_from_eventing(objects):
    text = (
        TEXT
        + """
brokers: {default: {delivery: {dead_letter: {function: hello}}}}
triggers:
  placed: {function: hello, path: /events}
schedules:
  nightly: {cron: "@daily", function: hello}
"""
    )
    rules = policies(objects, Target.KNATIVE, text)["hello"]["rules"]
    (sent,) = [each for each in rules if {"namespaces": ["knative-eventing"]} in sources(each)]
    assert sent["to"] == [{"operation": {"methods": ["POST"], "paths": ["/", "/events"]}}]
    assert {"namespaces": HOPS[Target.KNATIVE]} in sources(sent)
    for target in (Target.KUBERNETES, Target.OPENFAAS):
        assert "knative-eventing" not in str(policies(objects, target, text))


def test_a_path_that_istio_would_take_for_more_is_left_out(objects, losses):
    text = """
functions:
  hello:
    authorization:
      allow:
        - {namespace: a, paths: [/x, /y*]}
        - {namespace: b, paths: ["/z*"]}
hosts: {a.b: {}}
"""
    (rule,) = policies(objects, Target.KUBERNETES, text)["hello"]["rules"]
    assert rule["to"] == [{"operation": {"paths": ["/x"]}}]
    assert "functions.hello.authorization.allow" in losses(text)


def test_what_to_know_is_warned_of(rendered):
    def warned(text, target):
        return "\n".join(rendered(text, target).warnings)

    assert "Knative's activator and gateway call the pods" in warned(TEXT, Target.KNATIVE)
    assert "OpenFaaS's gateway calls the pods" in warned(TEXT, Target.OPENFAAS)
    assert "hello: the gateway is not among its callers" in warned(TEXT, Target.KUBERNETES)
    foreign = (
        TEXT
        + """
brokers: {default: {class: RabbitMQBroker}}
triggers: {placed: {function: hello}}
"""
    )
    assert "class RabbitMQBroker may send them from elsewhere" in warned(foreign, Target.KNATIVE)
    closed = TEXT + "triggers: {placed: {function: closed}}\n"
    assert "closed: nobody may call it, so its events" in warned(closed, Target.KNATIVE)
